"""Draw balanced labels

answer: balanced_labels
lesson: 01_data
difficulty: 1
minutes: 15
"""
# %% [markdown]
# A semi-supervised learner gets a few labels of each class. Which ones must be left to chance, and to chance alone.
#
# Write `balanced_labels(y, per_class, rng)`. `y` holds the labels, shape `(N,)`, −1 where nobody knows it. Return the indices of `per_class` samples
# of **each** class, none of them twice, drawn at random with the `torch.Generator` `rng`: an int64 tensor of shape `(per_class * K,)`, in any order.

# %% blank
import torch

def balanced_labels(y, per_class, rng):
    raise NotImplementedError

# %% reference
import torch

def balanced_labels(y, per_class, rng):
    drawn = []
    for k in y[y >= 0].unique():
        members = (y == k).nonzero().flatten()
        drawn.append(members[torch.randperm(len(members), generator=rng)[:per_class]])
    return torch.cat(drawn)

# %% also right
import torch

def balanced_labels(y, per_class, rng):
    return torch.stack([torch.multinomial((y == k).float(), per_class, generator=rng) for k in y[y != -1].unique()]).flatten()

# %% also right
import torch

def balanced_labels(y, per_class, rng):
    order = torch.randperm(len(y), generator=rng)
    drawn = []
    for k in range(int(y.max()) + 1):
        drawn += [int(i) for i in order if y[i] == k][:per_class]
    return torch.tensor(drawn)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, per_class) in enumerate([(40, 2, 3), (200, 5, 7), (500, 10, 1)]):
        y = torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))
        y[::3] = -1
        on = {"y": y, "per_class": per_class, "seed": seed}
        def draw(s): return answer(y.clone(), per_class, torch.Generator().manual_seed(s))
        drawn = draw(seed)
        expect(isinstance(drawn, torch.Tensor) and drawn.dtype == torch.int64, True, on, "whether the result is an int64 tensor")
        expect(-1 in y[drawn], False, on, "whether a sample of unknown label was drawn", why="unknown as a class")
        expect(drawn.ndim, 1, on, "the number of dimensions of the result")
        expect(y[drawn].bincount(minlength=k).tolist(), [per_class] * k, on, "how often each class was drawn", why="drawn regardless of class")
        expect(len(drawn.unique()), len(drawn), on, "the number of different samples", why="with replacement")
        expect(torch.equal(draw(seed), drawn), True, on, "whether the same seed draws the same samples", why="the generator unused")
        expect(any(not torch.equal(draw(s).sort().values, drawn.sort().values) for s in range(90, 96)), True, on,
               "whether other seeds draw other samples", why="the first of each class")
    y = torch.tensor([0, 1] * 4)
    found = torch.cat([answer(y, 2, torch.Generator().manual_seed(s)).unique() for s in range(60)]).bincount(minlength=8)
    expect(bool(found.min() > 3), True, {"y": y, "per_class": 2}, "whether each sample has a chance (60 draws)")

# %% hint
# Work on one class at a time: `(y == k).nonzero().flatten()` are the indices of its members.
# %% hint
# A random order without repetition is a permutation. `torch.randperm` takes `generator=rng`.
# %% hint
# Take the first `per_class` entries of a permutation of each class's members, and join the pieces. Leave out the "class" −1.

# %% wrong: drawn regardless of class
# The classes are not equally often in the draw. With few labels a draw from all samples easily misses a class; draw from each class on its own.
import torch

def balanced_labels(y, per_class, rng):
    known = (y >= 0).nonzero().flatten()
    k = len(y[known].unique())
    return known[torch.randperm(len(known), generator=rng)[:per_class * k]]

# %% wrong: with replacement
# A sample was drawn twice, so there are fewer labels than it says. `randint` draws with replacement; a permutation doesn't.
import torch

def balanced_labels(y, per_class, rng):
    members = [(y == k).nonzero().flatten() for k in y[y >= 0].unique()]
    return torch.cat([m[torch.randint(len(m), (per_class,), generator=rng)] for m in members])

# %% wrong: the first of each class
# Every seed draws the same samples: those that come first. Files are often sorted by writer or by day, and the spread over draws can't be measured any more.
import torch

def balanced_labels(y, per_class, rng):
    return torch.cat([(y == k).nonzero().flatten()[:per_class] for k in y[y >= 0].unique()])

# %% wrong: unknown as a class
# −1 is not a class, it means that nobody knows the label. Keep only `y >= 0` before you look for the classes.
import torch

def balanced_labels(y, per_class, rng):
    members = [(y == k).nonzero().flatten() for k in y.unique()]
    return torch.cat([m[torch.randperm(len(m), generator=rng)[:per_class]] for m in members])

# %% wrong: the generator unused
# The same seed gave two draws: the random numbers came from the global state and not from `rng`. Nobody can repeat such a run.
import torch

def balanced_labels(y, per_class, rng):
    members = [(y == k).nonzero().flatten() for k in y[y >= 0].unique()]
    return torch.cat([m[torch.randperm(len(m))[:per_class]] for m in members])
