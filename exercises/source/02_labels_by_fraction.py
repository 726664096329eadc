"""Labels by fraction, nested

answer: labels_by_fraction
lesson: 01_data
difficulty: 2
minutes: 15
"""
# %% [markdown]
# A curve over the number of labels should show the effect of *more* labels, not of *other* labels. So the samples drawn for 1 % must be among those drawn for 10 %.
#
# Write `labels_by_fraction(y, fraction, seed)`. `y` holds the labels, shape `(N,)`, −1 where nobody knows it. Return the indices of `round(fraction * known)` samples, where `known`
# is how many labels there are: int64, shape `(n,)`, drawn at random (any class), none twice. With the same `seed`, a smaller fraction must give a subset of a larger one.
# For a fraction outside (0, 1] raise a `ValueError`.

# %% blank
import torch

def labels_by_fraction(y, fraction, seed):
    raise NotImplementedError

# %% reference
import torch

def labels_by_fraction(y, fraction, seed):
    if not 0 < fraction <= 1: raise ValueError(f"fraction={fraction} is outside (0, 1]")
    known = (y >= 0).nonzero().flatten()
    order = torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))
    return known[order[:round(fraction * len(known))]]

# %% also right
import torch

def labels_by_fraction(y, fraction, seed):
    if not (fraction > 0 and fraction <= 1): raise ValueError("0 < fraction <= 1")
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    order = order[y[order] != -1]
    return order[:round(fraction * len(order))]

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k) in enumerate([(997, 10), (300, 2), (50, 3)]):
        y = torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))
        y[::4] = -1
        before, n_known = set(), int((y >= 0).sum())
        for fraction in (0.02, 0.1, 0.3, 0.55, 1.0):
            on = {"y": y, "fraction": fraction, "seed": seed}
            drawn = answer(y.clone(), fraction, seed)
            expect(isinstance(drawn, torch.Tensor) and drawn.dtype == torch.int64 and drawn.ndim == 1, True, on, "whether the result is an int64 tensor of shape (n,)")
            expect(len(drawn), round(fraction * n_known), on, "the number of samples")
            expect(bool((y[drawn] >= 0).all()), True, on, "whether all drawn samples have a label")
            expect(len(drawn.unique()), len(drawn), on, "the number of different samples")
            expect(before <= set(drawn.tolist()), True, on, "whether the samples of the smaller fraction are in it", why="a new draw for each fraction")
            before = set(drawn.tolist())
        some = [tuple(sorted(answer(y, 0.1, s).tolist())) for s in range(8)]
        expect(len(set(some)) > 1, True, {"y": y, "fraction": 0.1}, "whether other seeds draw other samples", why="no chance")
    for fraction in (0.0, -0.1, 1.5, float("nan")):
        try: answer(y, fraction, 0)
        except ValueError: continue
        expect("no error", "ValueError", {"fraction": fraction}, "what happens for a fraction that makes no sense", why="any fraction")

# %% hint
# Draw an order of *all* known samples first. It may depend on the seed, but not on the fraction.
# %% hint
# Every fraction takes a beginning of that same order: a shorter beginning is part of a longer one.
# %% hint
# `torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))` gives such an order of positions; index the known samples with its beginning. Check the fraction with `0 < fraction <= 1`, which is false for NaN too.

# %% wrong: a new draw for each fraction
# The samples of the smaller fraction are not in the larger: the draw depends on the fraction. Draw one order of all samples from the seed, and take beginnings of it.
import torch

def labels_by_fraction(y, fraction, seed):
    if not 0 < fraction <= 1: raise ValueError
    known = (y >= 0).nonzero().flatten()
    n = round(fraction * len(known))
    return known[torch.randperm(len(known), generator=torch.Generator().manual_seed(seed + n))[:n]]

# %% wrong: cut off
# `int` cuts off: 0.29 × 100 is 28.999… in floating point, and one label is lost. Use `round`.
import torch

def labels_by_fraction(y, fraction, seed):
    if not 0 < fraction <= 1: raise ValueError
    known = (y >= 0).nonzero().flatten()
    return known[torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))[:int(fraction * len(known))]]

# %% wrong: fraction of all samples
# The fraction was taken of all samples. Those of unknown label (−1) have none that could be kept: count the known ones.
import torch

def labels_by_fraction(y, fraction, seed):
    if not 0 < fraction <= 1: raise ValueError
    return torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))[:round(fraction * len(y))]

# %% wrong: any fraction
# A fraction outside (0, 1] went through. 15 instead of 0.15 would quietly keep all labels; say so with a ValueError.
import torch

def labels_by_fraction(y, fraction, seed):
    known = (y >= 0).nonzero().flatten()
    n = round(fraction * len(known)) if fraction == fraction else 0
    return known[torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))[:n]]

# %% wrong: no chance
# Every seed gives the same samples: the first ones, in the order of the file. Which samples are labeled must be drawn, or the spread over draws can't be measured.
import torch

def labels_by_fraction(y, fraction, seed):
    if not 0 < fraction <= 1: raise ValueError
    known = (y >= 0).nonzero().flatten()
    return known[:round(fraction * len(known))]
