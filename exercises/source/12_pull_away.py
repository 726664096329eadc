"""Pull-away

answer: pull_away_loss
lesson: 03_losses
difficulty: 2
minutes: 15
"""
# %% [markdown]
# A generator may match the mean features with samples that are all alike. The pull-away term asks for variety: it is the average squared cosine between the features of **different** samples of a batch,
#
# $$\frac{1}{N(N-1)} \sum_{i \neq j} \left( \frac{f_i \cdot f_j}{\|f_i\| \, \|f_j\|} \right)^2 .$$
#
# Write `pull_away_loss(features)` for features of shape `(N, F)`; return a tensor without dimensions. A row of zeros counts as orthogonal to all others (no NaN).

# %% blank
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import pull_away_loss

# %% also right
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    cosines = F.cosine_similarity(features[:, None], features[None], dim=2)
    return cosines[~torch.eye(len(features), dtype=torch.bool)].square().mean()

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, f, dtype) in enumerate([(4, 3, torch.float32), (9, 5, torch.float32), (2, 6, torch.float64), (6, 1, torch.float32)]):
        rng = torch.Generator().manual_seed(seed)
        features = (torch.randn(n, f, generator=rng) * (1 + 3 * torch.rand(n, 1, generator=rng))).to(dtype)
        on = {"features": features}
        expect(answer(features.clone()), reference(features), on)
        features.requires_grad_()
        gradients = [torch.autograd.grad(loss(features), features)[0] for loss in (answer, reference)]
        expect(*gradients, on, "the gradient")
    for rows in ([[1.0, 0.0], [0.0, 2.0]], [[1.0, 1.0], [-3.0, -3.0]], [[1.0, 2.0], [0.0, 0.0], [2.0, 1.0]]):
        features = torch.tensor(rows)
        expect(answer(features.clone()), reference(features), {"features": features}, "a special case")

# %% hint
# Bring all rows to length 1 first; then the cosines of all pairs are one matrix product.
# %% hint
# The diagonal of that product holds the cosine of each sample with itself, which is 1. It must not count: N of the N² entries.
# %% hint
# `F.normalize(features, dim=1)` leaves a row of zeros as it is. Square all entries, subtract the diagonal's sum, and divide by the number of pairs.

# %% wrong: diagonal included
# Every sample was compared with itself too: the cosine is always 1 there. Leave the diagonal out.
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    directions = F.normalize(features, dim=1)
    return (directions @ directions.T).square().mean()

# %% wrong: divided by N²
# The diagonal was left out of the sum but not of the count: there are N(N − 1) pairs.
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    directions = F.normalize(features, dim=1)
    cosines = directions @ directions.T
    return (cosines - torch.diag(torch.diagonal(cosines))).square().mean()

# %% wrong: not squared
# The cosines were not squared. Opposite directions (−1) then cancel equal ones (+1), though both lie on one line.
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    directions, n = F.normalize(features, dim=1), len(features)
    cosines = directions @ directions.T
    return (cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1))

# %% wrong: not normalized
# The features were not brought to length 1. The term could then be lowered by making all features small.
import torch

def pull_away_loss(features):
    n, products = len(features), (features @ features.T).square()
    return (products.sum() - products.diagonal().sum()) / (n * (n - 1))

# %% wrong: each pair once
# Each pair was counted once but the sum divided by N(N − 1), which counts it twice: the result is half of what it should be.
import torch
import torch.nn.functional as F

def pull_away_loss(features):
    directions, n = F.normalize(features, dim=1), len(features)
    return torch.triu(directions @ directions.T, diagonal=1).square().sum() / (n * (n - 1))
