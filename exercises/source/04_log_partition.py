"""A log-sum-exp that doesn't overflow

answer: log_partition
lesson: 03_losses
difficulty: 1
minutes: 10
"""
# %% [markdown]
# Everything the discriminator says about "real or generated" goes through one number per sample,
#
# $$s = \log Z = \log \sum_k e^{\ell_k}.$$
#
# Computed as it is written, it overflows: in float32 from logits of 89 on, in float16 from 12 on. The logarithm itself is a harmless number.
#
# Write `log_partition(logits)` for logits of shape `(N, K)`; return shape `(N,)`. It must be right for logits of ±10,000, and in float16. Don't call `logsumexp`: write it out.

# %% blank
import torch

def log_partition(logits):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import log_partition

# %% also right
import torch

def log_partition(logits):
    top, _ = logits.max(dim=1)
    return top + torch.log(torch.sum(torch.exp(logits - top[:, None]), dim=1))

# %% also right
import torch

def log_partition(logits):
    logits = logits.float() if logits.dtype == torch.float16 else logits
    total = logits[:, 0]
    for column in logits.unbind(1)[1:]: total = torch.maximum(total, column) + torch.log1p(torch.exp(-(total - column).abs()))
    return total

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (1, 10, torch.float32), (7, 2, torch.float64), (5, 5, torch.float16)]):
        logits = (3 * torch.randn(n, k, generator=torch.Generator().manual_seed(seed))).to(dtype)
        expect(answer(logits.clone()), reference(logits), {"logits": logits})
    for row in ([90.0, 0.0], [15.0, 88.0, 88.0], [1e4, 9999.0, -1e4], [-1e4, -1e4, -9999.0]):
        logits = torch.tensor([row, row[::-1]])
        expect(answer(logits.clone()), reference(logits), {"logits": logits}, "extreme logits")
    rows = torch.tensor([[200.0, 199.0], [-200.0, -201.0]])
    expect(answer(rows.clone()), reference(rows), {"logits": rows}, "rows of very different size")
    half = torch.tensor([[12.0, 11.5, -3.0], [60.0, 60.0, 60.0]], dtype=torch.float16)
    expect(answer(half.clone()), reference(half), {"logits": half}, "half precision")
    logits = torch.tensor([[500.0, 499.0], [-500.0, -502.0]], requires_grad=True)
    [gradient] = torch.autograd.grad(answer(logits).sum(), logits)
    expect(gradient, logits.detach().softmax(1), {"logits": logits}, "the gradient")

# %% hint
# For any number c, log Σ exp ℓ_k = c + log Σ exp(ℓ_k − c). Which c keeps every exponent from overflowing?
# %% hint
# With the largest logit as c, all exponents are at most 0, and one is exactly 0: the sum lies between 1 and K. Each row needs its own c.
# %% hint
# `logits.amax(dim=1, keepdim=True)` has shape (N, 1), so you can subtract it from the logits. Add it again at the end, as shape (N,): one `squeeze(1)`.

# %% wrong: naive
# exp has overflowed (or all terms have become 0), and the logarithm of that is not a number any more. Subtract the largest logit of the row first and add it again.
import torch

def log_partition(logits):
    return logits.exp().sum(dim=1).log()

# %% wrong: one maximum for all rows
# You subtract the largest logit of the whole batch. In a row far below it all terms become 0, and log 0 is −inf. Each row needs its own maximum.
import torch

def log_partition(logits):
    top = logits.max()
    return (logits - top).exp().sum(dim=1).log() + top

# %% wrong: maximum not added again
# The largest logit was subtracted and not added again: the result is log Z − max ℓ, which lies between 0 and log K.
import torch

def log_partition(logits):
    return (logits - logits.amax(dim=1, keepdim=True)).exp().sum(dim=1).log()

# %% wrong: a column
# The result is a column (N, 1). Against a vector (N,) it broadcasts to (N, N) without an error, and a mean over that is a wrong loss. Squeeze the dimension you kept.
import torch

def log_partition(logits):
    return torch.logsumexp(logits, dim=1, keepdim=True)

# %% wrong: over the samples
# The sum runs over the samples of the batch and not over the classes: the result must have one entry per row. Sum over `dim=1`.
import torch

def log_partition(logits):
    return torch.logsumexp(logits, dim=0)
