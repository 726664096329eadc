"""A discriminator without an output for it

answer: probability_real
lesson: 03_losses
difficulty: 1
minutes: 10
"""
# %% [markdown]
# A classifier with K outputs already is a discriminator. Think of a class K+1, "generated", whose logit is fixed at 0. The probability of **not** being in it is
#
# $$D(x) = \frac{Z}{Z+1}, \qquad Z = \sum_k e^{\ell_k}.$$
#
# Write `probability_real(logits)` for logits of shape `(N, K)`; return D, shape `(N,)`. It must be a number for logits of any size. Here `torch.logsumexp` is allowed.

# %% blank
import torch

def probability_real(logits):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import probability_real

# %% also right
import torch

def probability_real(logits):
    with_generated = torch.cat([logits, torch.zeros(len(logits), 1, dtype=logits.dtype)], dim=1)
    return 1 - with_generated.softmax(dim=1)[:, -1]

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (6, 10, torch.float32), (2, 1, torch.float64), (5, 4, torch.float16)]):
        logits = (2 * torch.randn(n, k, generator=torch.Generator().manual_seed(seed)) - 2).to(dtype)
        expect(answer(logits.clone()), reference(logits), {"logits": logits})
    for value in (0.0, 88.0, 500.0, -500.0):
        logits = torch.full((2, 3), value)
        expect(answer(logits.clone()), reference(logits), {"logits": logits}, "extreme logits")
    half = torch.tensor([[11.0, 11.0], [-9.0, -8.0]], dtype=torch.float16)
    expect(answer(half.clone()), reference(half), {"logits": half}, "half precision")

# %% hint
# Divide numerator and denominator by Z, and write 1/Z as exp(−s) with s = log Z. Which well-known function of s is that?
# %% hint
# D = 1/(1 + e^(−s)), the sigmoid of the log-sum-exp. So s is the log-odds that the sample is real.
# %% hint
# Two calls are enough: `torch.logsumexp` over dimension 1, and `torch.sigmoid` of what comes out.

# %% wrong: naive quotient
# For large logits Z overflows, and inf / inf is not a number. The quotient is the sigmoid of log Z; log Z never overflows.
import torch

def probability_real(logits):
    z = logits.exp().sum(dim=1)
    return z / (z + 1)

# %% wrong: largest softmax
# That is how sure the classifier is of its class, given that the sample is real. It doesn't change if a number is added to all logits; D does.
import torch

def probability_real(logits):
    return logits.softmax(dim=1).max(dim=1).values

# %% wrong: sigmoid of the largest logit
# The largest logit alone leaves out the other classes: a sample that could be a 4 or a 9 is real all the same. Sum over the classes before the sigmoid.
import torch

def probability_real(logits):
    return torch.sigmoid(logits.amax(dim=1))

# %% wrong: sigmoid of the sum
# The logits were added, not their exponentials. Probabilities add, log-probabilities don't: use log Σ exp.
import torch

def probability_real(logits):
    return torch.sigmoid(logits.sum(dim=1))

# %% wrong: probability generated
# This is 1 − D, the probability of the class "generated". Check the sign: large logits mean real.
import torch

def probability_real(logits):
    return torch.sigmoid(-torch.logsumexp(logits, dim=1))
