"""A perfect discriminator

answer: perfect_game
lesson: 02_gan_game
difficulty: 2
minutes: 15
"""
# %% [markdown]
# Suppose there are only M different samples. Sample m is real with probability $p_m$, and generated with probability $q_m$. The best discriminator and the value of the game are then known exactly:
#
# $$D_m = \frac{p_m}{p_m + q_m}, \qquad V = \sum_m p_m \ln D_m + \sum_m q_m \ln (1 - D_m).$$
#
# Write `perfect_game(p, q)` for two tensors of shape `(M,)`, each of sum 1. Return D, shape `(M,)`, and V, a tensor without dimensions. A sample that is never real, or never generated, contributes 0 · ln 0 = 0, and where both probabilities are 0, D is ½.

# %% blank
import torch

def perfect_game(p, q):
    raise NotImplementedError

# %% reference
import torch

def perfect_game(p, q):
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()

# %% also right
import torch

def perfect_game(p, q):
    d = torch.nan_to_num(p / (p + q), nan=0.5)
    return d, (p[p > 0] * d[p > 0].log()).sum() + (q[q > 0] * (1 - d[q > 0]).log()).sum()

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (m, dtype, dropped) in enumerate([(5, torch.float64, 0), (3, torch.float32, 0), (8, torch.float64, 0), (6, torch.float64, 2), (9, torch.float32, 3)]):
        rng = torch.Generator().manual_seed(seed)
        p, q = torch.rand(2, m, generator=rng, dtype=torch.float64)
        if dropped:
            p[:dropped], q[1:dropped], q[-1] = 0, 0, 0
        p, q = (p / p.sum()).to(dtype), (q / q.sum()).to(dtype)
        on, given, correct = {"p": p, "q": q}, answer(p.clone(), q.clone()), reference(p, q)
        expect(isinstance(given, tuple) and len(given) == 2, True, on, "whether the result is a pair")
        expect(given[0], correct[0], on, "D")
        expect(given[1], correct[1], on, "V")
    same = torch.full((4,), 0.25)
    expect(answer(same, same)[1], torch.tensor(-1.3862944), {"p": same, "q": same}, "V where the generator is perfect (−2 ln 2)")

# %% hint
# Write the formulas as they stand first. Then try p = (1, 0), q = (0, 1): where does NaN come from?
# %% hint
# `torch.xlogy(a, b)` is a · ln b with 0 · ln 0 = 0. And `torch.where(condition, a, b)` takes the one or the other for each entry.
# %% hint
# The weights of the two sums differ: p for ln D, q for ln(1 − D). The quotient 0/0 is NaN: replace it by ½ where p + q is 0.

# %% wrong: zero times minus infinity
# The value is not a number: 0 · ln 0 was computed as 0 · (−∞). A sample that never occurs contributes nothing; `torch.xlogy` knows that.
import torch

def perfect_game(p, q):
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, (p * d.log() + q * (1 - d).log()).sum()

# %% wrong: odds
# p/q are the odds, not the probability: D must lie between 0 and 1. Divide by p + q.
import torch

def perfect_game(p, q):
    d = p / q
    return d, (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()

# %% wrong: one weight for both
# Both logarithms were weighted with p. The second expectation is over generated samples: its weight is q.
import torch

def perfect_game(p, q):
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, (torch.xlogy(p, d) + torch.xlogy(p, 1 - d)).sum()

# %% wrong: loss instead of value
# The sign is that of a loss. The value V is what D wants to be large; it is at most 0.
import torch

def perfect_game(p, q):
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, -(torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()

# %% wrong: nothing by nothing
# Where a sample is neither real nor generated, 0/0 made D a NaN. Nothing is known there, so D is ½.
import torch

def perfect_game(p, q):
    d = p / (p + q)
    return d, torch.nan_to_num(torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()

# %% wrong: real and generated swapped
# D says how probable "generated" is. It is asked for "real": p goes on top.
import torch

def perfect_game(p, q):
    d = torch.where(p + q > 0, q / (p + q), torch.full_like(p, 0.5))
    return d, (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()
