"""A bad generator, on purpose

answer: complement
lesson: 05_recipes
difficulty: 2
minutes: 20
"""
# %% [markdown]
# Dai et al. (2017) show that with a perfect generator the classifier need not learn anything from the unlabeled samples. What helps is one that fills the **gaps**: samples where there are no data tell the discriminator where its class boundaries may run. In the plane we can write such a generator down.
#
# Write `complement(x_real, n, gap, rng)`. `x_real` are real points, shape `(N, 2)`. Return `n` points, shape `(n, 2)`, that are uniformly distributed over the part of the bounding box of `x_real` (from the smallest to the largest value of each coordinate) that is **at least `gap` away from
# every real point**. Draw with the `torch.Generator` `rng`. You may assume that there is such a part; it can be a small share of the box.

# %% blank
import torch

def complement(x_real, n, gap, rng):
    raise NotImplementedError

# %% reference
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.amin(0), x_real.amax(0)
    kept = x_real[:0]
    while len(kept) < n:
        x = low + (high - low) * torch.rand(n, 2, generator=rng, dtype=x_real.dtype)
        kept = torch.cat([kept, x[torch.cdist(x, x_real).amin(1) >= gap]])
    return kept[:n]

# %% also right
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.min(0).values, x_real.max(0).values
    points = []
    while len(points) < n:
        point = low + (high - low) * torch.rand(2, generator=rng, dtype=x_real.dtype)
        if (x_real - point).norm(dim=1).min() >= gap: points.append(point)
    return torch.stack(points)

# %% check
import math

import torch
from ssgan_edu.exercises import expect


def ring(seed, n, dtype):
    rng = torch.Generator().manual_seed(seed)
    angle = 2 * math.pi * torch.rand(n, generator=rng, dtype=torch.float64)
    return (torch.stack([3 * angle.cos(), angle.sin()], 1) + 0.02 * torch.randn(n, 2, generator=rng, dtype=torch.float64) + torch.tensor([5.0, -2.0])).to(dtype)


def check(answer, reference):
    for seed, (n_real, n, gap, dtype) in enumerate([(60, 200, 0.3, torch.float32), (150, 500, 0.5, torch.float64), (300, 300, 0.6, torch.float32)]):
        x_real = ring(seed, n_real, dtype)
        def draw(s): return answer(x_real.clone(), n, gap, torch.Generator().manual_seed(s))
        on, x = {"x_real": x_real, "n": n, "gap": gap}, draw(seed)
        expect(isinstance(x, torch.Tensor), True, on, "whether the result is a tensor")
        expect(tuple(x.shape), (n, 2), on, "the shape of the result", why="fewer than n")
        nearest = torch.cdist(x.double(), x_real.double()).amin(1)
        inside = ((x >= x_real.amin(0)) & (x <= x_real.amax(0))).all()
        expect(inside.item(), True, on, "whether all points are in the bounding box", why="outside the box")
        if nearest.max() < gap: expect(nearest.max().item(), gap, on, "the distance of the farthest point from the data", why="near instead of far")
        expect((nearest >= gap * 0.9999).all().item(), True, on, "whether all points are at least `gap` away from every real point", why="distance to the center")
        correct = reference(x_real, 4000, gap, torch.Generator().manual_seed(9))
        for name, f in (("mean", lambda t: t.double().mean(0)), ("deviation", lambda t: t.double().std(0))):
            expect(f(x) / correct.double().std(0), f(correct) / correct.double().std(0), on, f"the {name} of the points in each coordinate, in units of the right deviation", why="not spread evenly", tolerance=0.25)
        expect(torch.equal(draw(seed), x), True, on, "whether the same generator gives the same points")
        expect(len(x.unique(dim=0)), n, on, "the number of different points", why="not spread evenly")

# %% hint
# Draw uniformly in the box, and throw away what is too near: rejection sampling.
# %% hint
# `torch.cdist(x, x_real)` has all distances. "At least `gap` from every real point" is a condition on the smallest one of each row.
# %% hint
# You don't know how many will be thrown away. Draw in a loop until at least n are kept, join the pieces with `torch.cat`, and return the first n.

# %% wrong: fewer than n
# Points were thrown away and not replaced, so fewer than n are left. Go on drawing until there are n.
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.amin(0), x_real.amax(0)
    x = low + (high - low) * torch.rand(n, 2, generator=rng, dtype=x_real.dtype)
    return x[torch.cdist(x, x_real).amin(1) >= gap]

# %% wrong: near instead of far
# All points are near the data: the condition is the wrong way round. Such a generator resembles the data, which is what a good GAN does, and what doesn't help here.
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.amin(0), x_real.amax(0)
    kept = x_real[:0]
    while len(kept) < n:
        x = low + (high - low) * torch.rand(n, 2, generator=rng, dtype=x_real.dtype)
        kept = torch.cat([kept, x[torch.cdist(x, x_real).amin(1) < gap]])
    return kept[:n]

# %% wrong: distance to the center
# Some points are too near to a real one. Look at the *smallest* distance to any real point, not at the mean of the distances or the distance to the center of the data.
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.amin(0), x_real.amax(0)
    kept = x_real[:0]
    while len(kept) < n:
        x = low + (high - low) * torch.rand(n, 2, generator=rng, dtype=x_real.dtype)
        kept = torch.cat([kept, x[(x - x_real.mean(0)).norm(dim=1) >= gap]])
    return kept[:n]

# %% wrong: not spread evenly
# The points don't cover the gaps evenly. Fill up with new draws, not with copies of those you have, and don't keep to one place.
import torch

def complement(x_real, n, gap, rng):
    low, high = x_real.amin(0), x_real.amax(0)
    x = low + (high - low) * torch.rand(10 * n, 2, generator=rng, dtype=x_real.dtype)
    x = x[torch.cdist(x, x_real).amin(1) >= gap]
    return x[x[:, 0].argsort()].repeat(n // max(len(x), 1) + 1, 1)[:n]

# %% wrong: outside the box
# Points lie outside the bounding box. Far away from all data it is easy to be "not real", and the boundary between the classes isn't there.
import torch

def complement(x_real, n, gap, rng):
    kept = x_real[:0]
    while len(kept) < n:
        x = x_real.mean(0) + 3 * x_real.std(0) * torch.randn(n, 2, generator=rng, dtype=x_real.dtype)
        kept = torch.cat([kept, x[torch.cdist(x, x_real).amin(1) >= gap]])
    return kept[:n]
