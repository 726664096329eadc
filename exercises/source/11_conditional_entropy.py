"""How undecided is it?

answer: conditional_entropy_loss
lesson: 03_losses
difficulty: 2
minutes: 10
"""
# %% [markdown]
# A class boundary should not run through a crowd of unlabeled samples. A term that says so is the entropy of the predictions for unlabeled samples, averaged over them:
#
# $$\frac1N \sum_n \Big( - \sum_k p_{nk} \log p_{nk} \Big), \qquad p_n = \text{softmax}(\ell_n).$$
#
# Write `conditional_entropy_loss(logits)` for logits of shape `(N, K)`, in nats; return a tensor without dimensions. A prediction that is certain has entropy 0, and value and gradient must be finite for it.

# %% blank
import torch

def conditional_entropy_loss(logits):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import conditional_entropy_loss

# %% also right
import torch

def conditional_entropy_loss(logits):
    p = logits.softmax(1)
    return torch.mean(torch.logsumexp(logits, 1) - (p * logits).sum(1))

# %% also right
import torch

def conditional_entropy_loss(logits):
    return torch.nn.functional.cross_entropy(logits, logits.softmax(1))

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (7, 10, torch.float32), (1, 2, torch.float64), (5, 4, torch.float16)]):
        logits = (2 * torch.randn(n, k, generator=torch.Generator().manual_seed(seed))).to(dtype)
        expect(answer(logits.clone()), reference(logits), {"logits": logits})
    for row in ([0.0, 0.0, 0.0], [200.0, 0.0, -200.0], [500.0, 499.0, -500.0]):
        logits = torch.tensor([row, row[::-1]], requires_grad=True)
        loss, correct = answer(logits), reference(logits)
        expect(loss, correct, {"logits": logits}, "extreme logits", tolerance=1e-3)
        expect(torch.autograd.grad(loss, logits), torch.autograd.grad(correct, logits), {"logits": logits}, "the gradient", tolerance=1e-3)

# %% hint
# The entropy is computed for each row and then averaged over the rows. The softmax is over the classes.
# %% hint
# p log p is 0 · (−∞) = NaN for a probability that is 0 in floating point. Get log p from the logits directly: `log_softmax`.
# %% hint
# With log p from `log_softmax(dim=1)`, p is its exponential. Multiply, sum over the classes, change the sign, average.

# %% wrong: log of the softmax
# The entropy is not a number: a probability became 0, its logarithm −∞, and the product of both NaN. Use `log_softmax` for log p.
import torch

def conditional_entropy_loss(logits):
    p = logits.softmax(dim=1)
    return -(p * p.log()).sum(dim=1).mean()

# %% wrong: sign flipped
# The sign is wrong: an entropy is not negative. Minimizing this would make the predictions as undecided as possible.
import torch

def conditional_entropy_loss(logits):
    log_p = logits.log_softmax(dim=1)
    return (log_p.exp() * log_p).sum(dim=1).mean()

# %% wrong: entropy of the average
# This is the entropy of the average prediction. It is large when all classes occur, which is good, and says nothing about how sure single predictions are: compute the entropy of each row first.
import torch

def conditional_entropy_loss(logits):
    p = logits.softmax(dim=1).mean(dim=0)
    return -(p * p.log()).sum()

# %% wrong: averaged over the classes too
# The average was taken over the classes as well, so the entropy is divided by K. Sum over the classes, average over the samples.
import torch

def conditional_entropy_loss(logits):
    log_p = logits.log_softmax(dim=1)
    return -(log_p.exp() * log_p).mean()

# %% wrong: bits
# The logarithm is of base 2. The other terms are in nats; use the natural logarithm, or the weight of this term means something else.
import torch

def conditional_entropy_loss(logits):
    log_p = logits.log_softmax(dim=1)
    return -(log_p.exp() * log_p).sum(dim=1).mean() / torch.log(torch.tensor(2.0, dtype=logits.dtype))
