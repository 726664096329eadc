"""The supervised term

answer: supervised_loss
lesson: 03_losses
difficulty: 1
minutes: 10
"""
# %% [markdown]
# For a labeled sample we know that it is real, so the loss is the cross-entropy over the K classes:
#
# $$L_\text{supervised} = \frac1N \sum_n \left( \log \sum_k e^{\ell_{nk}} - \ell_{n y_n} \right).$$
#
# Write `supervised_loss(logits, labels)` for logits of shape `(N, K)` and int64 labels of shape `(N,)`; return the mean, a tensor without dimensions. Any function of PyTorch is allowed.

# %% blank
import torch
import torch.nn.functional as F

def supervised_loss(logits, labels):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import supervised_loss

# %% also right
import torch.nn as nn

supervised_loss = nn.CrossEntropyLoss()

# %% also right
import torch

def supervised_loss(logits, labels):
    return (torch.logsumexp(logits, dim=1) - logits.gather(1, labels[:, None]).squeeze(1)).mean()

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (6, 10, torch.float32), (1, 2, torch.float64), (5, 4, torch.float16)]):
        rng = torch.Generator().manual_seed(seed)
        logits, labels = (3 * torch.randn(n, k, generator=rng)).to(dtype), torch.randint(k, (n,), generator=rng)
        expect(answer(logits.clone(), labels), reference(logits, labels), {"logits": logits, "labels": labels})
    labels = torch.tensor([0, 1])
    for size in (100.0, 1e4):
        logits = torch.tensor([[size, 0.0, -size], [size, 0.0, -size]])
        expect(answer(logits.clone(), labels), reference(logits, labels), {"logits": logits, "labels": labels}, "extreme logits")
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(9)).requires_grad_()
    labels = torch.tensor([3, 0, 2])
    gradients = [torch.autograd.grad(loss(logits, labels), logits)[0] for loss in (answer, reference)]
    expect(*gradients, {"logits": logits, "labels": labels}, "the gradient")

# %% hint
# The formula is −log of a softmax, taken at the label. PyTorch has a function that does this for a batch of logits.
# %% hint
# `F.cross_entropy` expects raw logits: it applies log-softmax on its own, in a way that doesn't overflow.
# %% hint
# Pass the logits as they are and the labels as they are; the mean over the batch is the default.

# %% wrong: softmax before cross-entropy
# A softmax before a cross-entropy that applies its own. With 10 classes such a loss can't fall below ln(1 + 9/e) = 1.46, and the network stops learning there. Pass the raw logits.
import torch.nn.functional as F

def supervised_loss(logits, labels):
    return F.cross_entropy(logits.softmax(dim=1), labels)

# %% wrong: sum over the batch
# This is the sum over the batch. Its size, and with it the learning rate that works, depends on the batch size; take the mean.
import torch.nn.functional as F

def supervised_loss(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")

# %% wrong: K+1 classes
# The softmax runs over K+1 classes, with "generated" among them. A labeled sample is known to be real: the supervised term is conditioned on that, K classes are left.
import torch
import torch.nn.functional as F

def supervised_loss(logits, labels):
    return F.cross_entropy(torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1), labels)

# %% wrong: log of a softmax
# For a sure and wrong prediction the softmax is 0 in floating point and its logarithm −inf, though the loss is a finite number. `log_softmax` computes both at once.
import torch

def supervised_loss(logits, labels):
    return -logits.softmax(dim=1)[torch.arange(len(labels)), labels].log().mean()

# %% wrong: all classes of the row
# `log_softmax(...).mean()` averages over all classes: the labels were not used. Take each row's entry at its label.
import torch

def supervised_loss(logits, labels):
    return -logits.log_softmax(dim=1).mean()
