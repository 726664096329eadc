"""The gradients, by hand

answer: gradients
lesson: 03_losses
difficulty: 3
minutes: 30
"""
# %% [markdown]
# What does each term tell the logits? Derive it on paper, then write it down. With $p = \text{softmax}(\ell)$, $s = \log Z$ and $D = \sigma(s)$:
#
# - labeled, $\frac1N \sum_n (s_n - \ell_{n y_n})$;
# - unlabeled, $\frac1{N_u} \sum_n \frac12 \text{softplus}(-s_n)$;
# - generated, $\frac1{N} \sum_n \frac12 \text{softplus}(s_n)$.
#
# Write `gradients(logits_labeled, labels, logits_unlabeled, logits_generated)` and return the three gradients with respect to the logits, as a tuple of tensors of the shapes of the logits, finite for logits of any size. Don't use autograd: the check
# does, to compare. Two facts help: $\partial s/\partial \ell_k = p_k$, and $\text{softplus}'(t) = \sigma(t)$.

# %% blank
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    raise NotImplementedError

# %% reference
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    def p(logits): return logits.softmax(dim=1)
    def d(logits): return logits.logsumexp(dim=1, keepdim=True).sigmoid()
    def not_d(logits): return (-logits.logsumexp(dim=1, keepdim=True)).sigmoid()
    labeled = (p(logits_labeled) - F.one_hot(labels, logits_labeled.shape[1])) / len(logits_labeled)
    unlabeled = -0.5 * not_d(logits_unlabeled) * p(logits_unlabeled) / len(logits_unlabeled)
    generated = 0.5 * d(logits_generated) * p(logits_generated) / len(logits_generated)
    return labeled, unlabeled, generated

# %% also right
import torch

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    labeled = logits_labeled.softmax(1)
    labeled[torch.arange(len(labels)), labels] -= 1
    d_u = torch.sigmoid(torch.logsumexp(logits_unlabeled, 1))[:, None]
    d_g = torch.sigmoid(torch.logsumexp(logits_generated, 1))[:, None]
    unlabeled = -(1 - d_u) / 2 * logits_unlabeled.softmax(1)
    generated = d_g / 2 * logits_generated.softmax(1)
    return labeled / len(labeled), unlabeled / len(unlabeled), generated / len(generated)

# %% check
import torch
from ssgan_edu.exercises import expect
from ssgan_edu.losses import generated_loss, real_loss, supervised_loss


def check(answer, reference):
    cases = [(4, 4, 4, 3, torch.float32, 1.0), (2, 5, 3, 10, torch.float32, 2.0), (3, 1, 6, 2, torch.float64, 1.0), (2, 2, 2, 4, torch.float32, 1e3)]
    for seed, (*sizes, k, dtype, scale) in enumerate(cases):
        rng = torch.Generator().manual_seed(seed)
        labeled, unlabeled, generated = ((scale * torch.randn(n, k, generator=rng)).to(dtype) for n in sizes)
        labels = torch.randint(k, sizes[:1], generator=rng)
        on = {"logits_labeled": labeled, "labels": labels, "logits_unlabeled": unlabeled, "logits_generated": generated}
        with torch.no_grad(): given = answer(labeled.clone(), labels, unlabeled.clone(), generated.clone())
        expect(isinstance(given, tuple) and len(given) == 3, True, on, "whether the result is a tuple of three gradients")
        terms = (lambda t: supervised_loss(t, labels), labeled), (real_loss, unlabeled), (generated_loss, generated)
        for name, gradient, (loss, logits) in zip(("labeled", "unlabeled", "generated"), given, terms):
            logits = logits.clone().requires_grad_()
            [correct] = torch.autograd.grad(loss(logits), logits)
            expect(gradient, correct, on, f"the gradient of the {name} term")

# %% hint
# Chain rule: the derivative of ½ softplus(−s) with respect to s is −½ σ(−s), and s reaches ℓ_k through the factor p_k.
# %% hint
# Labeled: p_k, minus 1 at the label. Unlabeled: −½(1 − D) p_k. Generated: ½ D p_k. Each is divided by the size of its own batch, because the loss is a mean.
# %% hint
# D has one entry per row and p has K: with `keepdim=True` in the logsumexp the product broadcasts along the classes. `F.one_hot(labels, K)` is the "1 at the label".

# %% wrong: mean forgotten
# The loss is a mean over the batch, so each sample's gradient is divided by the number of samples. That factor is missing.
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    s, t = (logits.logsumexp(1, keepdim=True) for logits in (logits_unlabeled, logits_generated))
    return (logits_labeled.softmax(1) - F.one_hot(labels, logits_labeled.shape[1]), -0.5 * (-s).sigmoid() * logits_unlabeled.softmax(1), 0.5 * t.sigmoid() * logits_generated.softmax(1))

# %% wrong: label forgotten
# The gradient of the labeled term is that of s alone. The part of −ℓ_y is missing: −1 at the label, so that the entries of a row add up to 0.
import torch

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    s, t = (logits.logsumexp(1, keepdim=True) for logits in (logits_unlabeled, logits_generated))
    return (logits_labeled.softmax(1) / len(logits_labeled), -0.5 * (-s).sigmoid() * logits_unlabeled.softmax(1) / len(s), 0.5 * t.sigmoid() * logits_generated.softmax(1) / len(t))

# %% wrong: D where 1 − D belongs
# On unlabeled samples the factor is 1 − D: where D is sure already, nothing is left to learn. You have D.
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    s, t = (logits.logsumexp(1, keepdim=True) for logits in (logits_unlabeled, logits_generated))
    return ((logits_labeled.softmax(1) - F.one_hot(labels, logits_labeled.shape[1])) / len(labels), -0.5 * s.sigmoid() * logits_unlabeled.softmax(1) / len(s), 0.5 * t.sigmoid() * logits_generated.softmax(1) / len(t))

# %% wrong: pushed the wrong way
# The gradient of the unlabeled term has the wrong sign. A step goes against the gradient and must raise the logits of real samples, so all its entries are negative.
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    s, t = (logits.logsumexp(1, keepdim=True) for logits in (logits_unlabeled, logits_generated))
    return ((logits_labeled.softmax(1) - F.one_hot(labels, logits_labeled.shape[1])) / len(labels), 0.5 * (-s).sigmoid() * logits_unlabeled.softmax(1) / len(s), 0.5 * t.sigmoid() * logits_generated.softmax(1) / len(t))

# %% wrong: p forgotten
# Every class got the same push. ∂s/∂ℓ_k = p_k: the unlabeled term raises the classes in proportion to what the classifier believes already.
import torch
import torch.nn.functional as F

def gradients(logits_labeled, labels, logits_unlabeled, logits_generated):
    s, t = (logits.logsumexp(1, keepdim=True) for logits in (logits_unlabeled, logits_generated))
    return ((logits_labeled.softmax(1) - F.one_hot(labels, logits_labeled.shape[1])) / len(labels), (-0.5 * (-s).sigmoid() / len(s)).expand_as(logits_unlabeled), (0.5 * t.sigmoid() / len(t)).expand_as(logits_generated))
