"""Does the rhythm keep going?

answer: groove
lesson: 13_music
difficulty: 2
minutes: 15
"""
# %% [markdown]
# Dance music repeats its rhythm from bar to bar. To measure that, forget the pitches and ask of each place only whether a note begins there. Let $b_{i,s}$ be 1 if one begins at place $s$ of bar $i$, and 0 if not. The groove consistency of $N$ bars of $S$ places is
#
# $$1 - \frac{1}{(N-1)\, S} \sum_{i=1}^{N-1} \sum_{s=1}^{S} |b_{i,s} - b_{i+1,s}| :$$
#
# 1 if each bar has the rhythm of the one before it, 0 if it is the opposite at every place.
#
# Write `groove(tune)` for a tune as in the lesson: symbols with spaces between them, `PLACES` to a bar, two whole bars or more. A pitch begins a note, `-` holds, `.` is a rest. Return a float.

# %% given
PLACES = 16

# %% blank
def groove(tune):
    raise NotImplementedError

# %% reference
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    different = sum(now != later for now, later in zip(begins, begins[PLACES:]))
    return 1 - different / (len(begins) - PLACES)

# %% also right
import torch

def groove(tune):
    begins = torch.tensor([len(symbol) > 1 for symbol in tune.split()]).view(-1, PLACES)
    return (begins[1:] == begins[:-1]).double().mean().item()

# %% also right
import numpy as np

def groove(tune):
    "The mean over the pairs of bars of the share of each."
    symbols = tune.split()
    bars = [{s for s in range(PLACES) if symbols[start + s] not in "-."} for start in range(0, len(symbols), PLACES)]
    return np.mean([1 - len(one ^ other) / PLACES for one, other in zip(bars, bars[1:])])

# %% also right
from ssgan_edu.music import groove_consistency

def groove(tune): return groove_consistency([tune])

# %% check
import random

import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    "On tunes with a bar that comes again, a little changed: with bars drawn one by one, every pair would be alike."
    rng = random.Random(195)
    def played(places): return " ".join(rng.choice(["C5", "D5", "F#5", "Bb4"]) if begins else "-" if rng.random() < 0.6 else "." for begins in places)

    def grooving(bars):
        places = rng.choices([True, False], k=PLACES)
        lines = [places := [not begins if rng.random() < 0.2 else begins for begins in places] for _ in range(bars)]
        return " ".join(map(played, lines))

    beat = [place % 4 == 0 for place in range(PLACES)]
    tunes = [*map(grooving, (4, 5, 2, 3, 6)), " ".join(played(beat) for _ in range(4)), " ".join(played([begins == (bar % 2 == 0) for begins in beat]) for bar in range(3))]
    for tune in tunes:
        on = {f"bar {k + 1}": " ".join(tune.split()[k * PLACES:(k + 1) * PLACES]) for k in range(len(tune.split()) // PLACES)}
        found = answer(tune)
        expect(found.item() if isinstance(found, torch.Tensor) and found.ndim == 0 else found, reference(tune), on, "the groove consistency")

# %% hint
# First make yes or no of each symbol, does a note begin here?, and put 16 of them in a row. Then the pitches are forgotten, as they should be.
# %% hint
# Bar 1 is compared with bar 2, bar 2 with bar 3, and so on: N − 1 pairs for N bars. All bars but the last, beside all bars but the first.
# %% hint
# A place agrees if a note begins in both bars, and also if one begins in neither. The share of places that agree is 1 minus the share of those that don't.

# %% wrong: all against the first bar
# Each bar was compared with the first one. A rhythm may change little by little and still keep going: compare each bar with the one before it.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    return 1 - sum(begins[place % PLACES] != begins[place] for place in range(PLACES, len(begins))) / (len(begins) - PLACES)

# %% wrong: holds as beginnings
# A hold was counted as the beginning of a note, as if the question were where something sounds. Rhythm is where notes begin; neither `-` nor `.` is a beginning.
def groove(tune):
    begins = [symbol != "." for symbol in tune.split()]
    return 1 - sum(now != later for now, later in zip(begins, begins[PLACES:])) / (len(begins) - PLACES)

# %% wrong: common beginnings only
# Only places where a note begins were looked at. That a place stays free in both bars is agreement, too: divide by all places, and count both kinds.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    pairs = [*zip(begins, begins[PLACES:])]
    return sum(now and later for now, later in pairs) / sum(now or later for now, later in pairs)

# %% wrong: beginnings in both over all places
# Only the places where both bars begin a note count as agreeing. Those where neither does agree as well, and most places are of that kind.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    return sum(now and later for now, later in zip(begins, begins[PLACES:])) / (len(begins) - PLACES)

# %% wrong: disagreement
# This is the share of places that disagree. A tune that keeps its rhythm should get 1, so take it from 1.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    return sum(now != later for now, later in zip(begins, begins[PLACES:])) / (len(begins) - PLACES)

# %% wrong: pitches compared
# The symbols themselves were compared, so another pitch at the same moment counts as another rhythm. Ask first whether a note begins, then compare.
def groove(tune):
    symbols = tune.split()
    return 1 - sum(now != later for now, later in zip(symbols, symbols[PLACES:])) / (len(symbols) - PLACES)

# %% wrong: every pair of bars
# Every bar was compared with every other. Only neighbors count: whether the rhythm keeps going, not whether it comes back.
from itertools import combinations

def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    pairs = [*combinations([begins[start:start + PLACES] for start in range(0, len(begins), PLACES)], 2)]
    return 1 - sum(now != later for one, other in pairs for now, later in zip(one, other)) / len(pairs) / PLACES

# %% wrong: around the end
# The last bar was compared with the first one. They are no neighbors: N bars have N − 1 pairs. `roll` goes around the end; slices don't.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    return 1 - sum(now != later for now, later in zip(begins, begins[PLACES:] + begins[:PLACES])) / len(begins)

# %% wrong: every second pair
# The bars were taken two by two, so the second was never compared with the third. Each bar but the last has a next one.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    pairs = [(begins[start:start + PLACES], begins[start + PLACES:start + 2 * PLACES]) for start in range(0, len(begins) - PLACES, 2 * PLACES)]
    return 1 - sum(now != later for one, other in pairs for now, later in zip(one, other)) / len(pairs) / PLACES

# %% wrong: neighboring places
# Neighboring places of the same bar were compared. With bars as rows, neighboring bars are neighboring rows: the first dimension, not the last.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    bars = [begins[start:start + PLACES] for start in range(0, len(begins), PLACES)]
    return 1 - sum(now != later for bar in bars for now, later in zip(bar, bar[1:])) / len(bars) / (PLACES - 1)

# %% wrong: divided by all bars
# The sum was divided by the number of bars. There are only N − 1 pairs of neighbors, so a tune whose rhythm turns around in every bar would not get 0.
def groove(tune):
    begins = [symbol not in ("-", ".") for symbol in tune.split()]
    return 1 - sum(now != later for now, later in zip(begins, begins[PLACES:])) / len(begins)
