"""From K+1 logits to K

answer: fold
lesson: 03_losses
difficulty: 1
minutes: 10
"""
# %% [markdown]
# Odena's discriminator has K+1 outputs, the last one for "generated". Salimans and others saw that K are enough: a softmax doesn't change if the same number is subtracted from all logits of a row.
#
# Write `fold(logits)` that turns logits of shape `(N, K+1)` into logits of shape `(N, K)` such that the probabilities of the classes and of "real", $Z/(Z+1)$, are what they were.

# %% blank
import torch

def fold(logits):
    raise NotImplementedError

# %% reference
import torch

def fold(logits):
    return logits[:, :-1] - logits[:, -1:]

# %% also right
import torch

def fold(logits):
    return (logits - logits[:, -1].unsqueeze(1))[:, :logits.shape[1] - 1]

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (1, 10, torch.float32), (3, 3, torch.float64), (2, 1, torch.float32), (5, 2, torch.float16)]):
        logits = (3 * torch.randn(n, k + 1, generator=torch.Generator().manual_seed(seed))).to(dtype)
        on, folded = {"logits": logits}, answer(logits.clone())
        expect(folded, reference(logits), on, "the K logits")
        p = logits.double().softmax(1)
        expect(torch.sigmoid(folded.double().logsumexp(1)), 1 - p[:, -1], on, "the probability of being real", tolerance=1e-2)
        expect(folded.double().softmax(1), p[:, :-1] / p[:, :-1].sum(1, keepdim=True), on, "the class probabilities", tolerance=1e-2)

# %% hint
# In the K-logit form the class "generated" has the logit 0. Which number do you have to subtract from a row so that this is so?
# %% hint
# Subtract the last logit of each row from all of them. The last one becomes 0 and can be left out.
# %% hint
# A slice `[:, -1]` has shape (N,) and would be subtracted along the wrong dimension. `[:, -1:]` keeps the dimension.

# %% wrong: last column dropped
# The last logit was left out without being subtracted: the classes are the same, but what the network knows about "generated" is lost.
import torch

def fold(logits):
    return logits[:, :-1]

# %% wrong: last column added
# The last logit was added. It must become 0 for the class "generated", so it is subtracted from all.
import torch

def fold(logits):
    return logits[:, :-1] + logits[:, -1:]

# %% wrong: largest subtracted
# The largest logit was subtracted. That is good against overflow, but here the logit of "generated" must become 0, so that one has to be subtracted.
import torch

def fold(logits):
    return logits[:, :-1] - logits.amax(1, keepdim=True)

# %% wrong: first column taken for generated
# The *first* column was taken for "generated". Here it is the last one; a file of another author may have it the other way round, so look before you load weights.
import torch

def fold(logits):
    return logits[:, 1:] - logits[:, :1]
