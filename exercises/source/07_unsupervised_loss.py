"""Real and generated, without labels

answer: unsupervised_loss
lesson: 03_losses
difficulty: 2
minutes: 15
"""
# %% [markdown]
# Unlabeled samples are real, samples of the generator are not. With $s = \log Z$ of exercise 4 and $D = \sigma(s)$,
#
# $$L_\text{unsupervised} = -\tfrac12\, \mathbb{E}_{x} \log D(x) - \tfrac12\, \mathbb{E}_{\hat x} \log (1 - D(\hat x)).$$
#
# Write `unsupervised_loss(logits_unlabeled, logits_generated)` for logits of shape `(N_u, K)` and `(N, K)`, two batches that may differ in size. Return a tensor without dimensions, finite, with
# a finite gradient, for logits of any size. `torch.logsumexp` is allowed.

# %% blank
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import unsupervised_loss

# %% also right
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    return -0.5 * F.logsigmoid(logits_unlabeled.logsumexp(1)).mean() - 0.5 * F.logsigmoid(-logits_generated.logsumexp(1)).mean()

# %% also right
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    s, t = torch.logsumexp(logits_unlabeled, 1), torch.logsumexp(logits_generated, 1)
    real = F.binary_cross_entropy_with_logits(s, torch.ones_like(s))
    generated = F.binary_cross_entropy_with_logits(t, torch.zeros_like(t))
    return (real + generated) / 2

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n_u, n, k, dtype) in enumerate([(4, 4, 3, torch.float32), (6, 2, 10, torch.float32), (1, 5, 2, torch.float64), (3, 5, 4, torch.float16)]):
        rng = torch.Generator().manual_seed(seed)
        unlabeled, generated = ((2 * torch.randn(size, k, generator=rng) - 1).to(dtype) for size in (n_u, n))
        expect(answer(unlabeled.clone(), generated.clone()), reference(unlabeled, generated), {"logits_unlabeled": unlabeled, "logits_generated": generated})
    for one, other in ((88.0, 15.0), (-200.0, 3.0), (1e4, -1e4), (-1e4, 1e4)):
        pair = [torch.full((2, 3), value, requires_grad=True) for value in (one, other)]
        on = {"logits_unlabeled": pair[0], "logits_generated": pair[1]}
        loss, correct = answer(*pair), reference(*pair)
        expect(loss, correct, on, "extreme logits")
        expect(torch.autograd.grad(loss, pair), torch.autograd.grad(correct, pair), on, "the gradients")

# %% hint
# log σ(s) and log(1 − σ(s)) = log σ(−s) are both of the form −log(1 + exp of something). PyTorch has that function.
# %% hint
# −log σ(s) = softplus(−s), and −log(1 − σ(s)) = softplus(s). No exponential that could overflow is left.
# %% hint
# Compute s for both batches, take a mean of softplus(−s) over the unlabeled and one of softplus(s) over the generated ones, and half of each. Keep the batches apart: they may differ in size.

# %% wrong: generated term flipped
# The term of the generated samples has the sign of the real ones: D is taught that generated samples are real. Large s should cost something on generated samples.
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    s, t = (logits.float().logsumexp(1) if logits.dtype == torch.float16 else logits.logsumexp(1) for logits in (logits_unlabeled, logits_generated))
    return 0.5 * F.softplus(-s).mean() + 0.5 * F.softplus(-t).mean()

# %% wrong: half lost on the real side
# The ½ is missing at the real term: real samples count twice as much as generated ones, and the optimum moves away from D = p/(p + p_G).
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    s, t = logits_unlabeled.logsumexp(1), logits_generated.logsumexp(1)
    return F.softplus(-s).mean() + 0.5 * F.softplus(t).mean()

# %% wrong: both halves lost
# Both ½ are missing: the loss is twice too large against the supervised term, and at equilibrium it is 2 ln 2 instead of ln 2.
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    s, t = logits_unlabeled.logsumexp(1), logits_generated.logsumexp(1)
    return F.softplus(-s).mean() + F.softplus(t).mean()

# %% wrong: as printed
# The formula as it is printed: Z/(Z + 1) becomes exactly 1, or inf/inf, and the logarithm or its gradient is not finite. Use softplus of ±s.
import torch

def unsupervised_loss(logits_unlabeled, logits_generated):
    d_real, d_generated = (logits.double().exp().sum(1) / (logits.double().exp().sum(1) + 1) for logits in (logits_unlabeled, logits_generated))
    return (-0.5 * d_real.log().mean() - 0.5 * (1 - d_generated).log().mean()).to(logits_unlabeled.dtype)

# %% wrong: one mean over both batches
# All samples were averaged together, so the larger batch counts more. The loss has two expectations: a mean for each batch.
import torch
import torch.nn.functional as F

def unsupervised_loss(logits_unlabeled, logits_generated):
    s, t = logits_unlabeled.logsumexp(1), logits_generated.logsumexp(1)
    return torch.cat([F.softplus(-s), F.softplus(t)]).mean()
