"""Read a training log

answer: diagnose
lesson: 05_training
difficulty: 2
minutes: 20
"""
# %% [markdown]
# A run leaves a record of every step: a dict with `step`, `supervised`, `unsupervised` and `feature_matching`. Single records jump; medians of many tell. Write `diagnose(log)` that returns, for a list of at least 100 records, the first of these that holds:
#
# | answer | when |
# |---|---|
# | `"diverged"` | a value of any of the three terms, anywhere, is NaN or infinite |
# | `"generator left behind"` | the median of `feature_matching` in the last tenth is more than 10 times that in the tenth that begins in the middle |
# | `"discriminator won"` | the median of `unsupervised` in the last tenth is below 0.05 |
# | `"no signal"` | that median is above 0.68: D can't tell (ln 2 = 0.693) |
# | `"fine"` | otherwise |
#
# A collapse is not among them: these terms need not show it, only the samples do (lesson 06c).
#
# A tenth of a log of n records is `n // 10` records; the middle is record number `n // 2`, counted from 0.

# %% blank
def diagnose(log):
    raise NotImplementedError

# %% reference
import math
from statistics import median

def diagnose(log):
    n, tenth = len(log), len(log) // 10
    terms = ("supervised", "unsupervised", "feature_matching")
    if not all(math.isfinite(record[term]) for record in log for term in terms): return "diverged"
    last, middle = log[-tenth:], log[n // 2: n // 2 + tenth]
    def typical(part, term): return median(record[term] for record in part)
    if typical(last, "feature_matching") > 10 * typical(middle, "feature_matching"): return "generator left behind"
    if typical(last, "unsupervised") < 0.05: return "discriminator won"
    return "no signal" if typical(last, "unsupervised") > 0.68 else "fine"

# %% also right
import numpy as np

def diagnose(log):
    terms = np.array([[record[key] for key in ("supervised", "unsupervised", "feature_matching")] for record in log])
    tenth, middle = len(log) // 10, len(log) // 2
    if not np.isfinite(terms).all(): return "diverged"
    _, u, f = np.median(terms[-tenth:], axis=0)
    if f > 10 * np.median(terms[middle:middle + tenth, 2]): return "generator left behind"
    return "discriminator won" if u < 0.05 else "no signal" if u > 0.68 else "fine"

# %% check
import copy
import random

from ssgan_edu.exercises import expect


def story(kind, n, seed):
    "A log of a run that ends that way."
    rng, log = random.Random(seed), []
    for i in range(n):
        late = i >= n - n // 5
        unsupervised, matching = 0.35, 0.01
        if kind == "discriminator won" and late: unsupervised = 0.01
        if kind == "generator left behind" and late: unsupervised, matching = 0.01, 0.4
        if kind == "no signal": unsupervised = 0.692 if late else 0.5
        if kind == "fine" and i < n // 10: unsupervised, matching = 0.69, 0.5
        record = {"step": i + 1, "supervised": 2.3 * 0.9**i * rng.random(), "unsupervised": unsupervised * rng.uniform(0.99, 1.005), "feature_matching": matching * rng.uniform(0.8, 1.2)}
        if i % 7 == 3: record["unsupervised"] *= 0.1
        if i % 9 == 4: record["feature_matching"] *= 300
        log.append(record)
    log[-1]["unsupervised"] = 0.02 if kind in ("fine", "no signal") else 0.3
    if kind == "diverged": log[n // 3][rng.choice(["supervised", "unsupervised", "feature_matching"])] = rng.choice([float("nan"), float("inf")])
    return log


def check(answer, reference):
    kinds = ["fine", "discriminator won", "generator left behind", "no signal", "diverged"]
    for seed in range(4):
        for kind in kinds:
            n = random.Random(seed).choice([100, 137, 480, 999])
            log = story(kind, n, seed)
            on = f"a log of {n} records (seed {seed}): the last unsupervised values are " + ", ".join(f"{r['unsupervised']:.3f}" for r in log[-6:])
            expect(answer(copy.deepcopy(log)), reference(log), on, f"what to say of a run that was made to end as {kind!r}")

# %% hint
# NaN compares as false with everything, so look for it first, with `math.isfinite`, in all records and all three terms.
# %% hint
# `statistics.median` takes any sequence of numbers. Write a small helper: the median of a term over a part of the log.
# %% hint
# The parts are slices: `log[-tenth:]` and `log[n // 2: n // 2 + tenth]`. Then four comparisons in the order of the table.

# %% wrong: the last record
# You looked at the last record. A single batch may say anything; take the median of the last tenth.
import math

def diagnose(log):
    if not all(math.isfinite(v) for record in log for v in record.values()): return "diverged"
    last, middle = log[-1], log[len(log) // 2]
    if last["feature_matching"] > 10 * middle["feature_matching"]: return "generator left behind"
    if last["unsupervised"] < 0.05: return "discriminator won"
    return "no signal" if last["unsupervised"] > 0.68 else "fine"

# %% wrong: NaN not seen
# The run diverged and you didn't see it: NaN is neither below nor above anything. Test for it explicitly, before all else and in all records.
from statistics import median

def diagnose(log):
    tenth, middle = len(log) // 10, len(log) // 2
    def typical(part, term): return median(record[term] for record in part)
    if typical(log[-tenth:], "feature_matching") > 10 * typical(log[middle:middle + tenth], "feature_matching"): return "generator left behind"
    if typical(log[-tenth:], "unsupervised") < 0.05: return "discriminator won"
    return "no signal" if typical(log[-tenth:], "unsupervised") > 0.68 else "fine"

# %% wrong: means
# A mean is moved by a few spikes, and these logs have some. Take the median.
import math
from statistics import mean

def diagnose(log):
    tenth, middle = len(log) // 10, len(log) // 2
    if not all(math.isfinite(v) for record in log for v in record.values()): return "diverged"
    def typical(part, term): return mean(record[term] for record in part)
    if typical(log[-tenth:], "feature_matching") > 10 * typical(log[middle:middle + tenth], "feature_matching"): return "generator left behind"
    if typical(log[-tenth:], "unsupervised") < 0.05: return "discriminator won"
    return "no signal" if typical(log[-tenth:], "unsupervised") > 0.68 else "fine"

# %% wrong: the whole run
# You took the whole run. What matters is how it ends: the last tenth, against a tenth in the middle.
import math
from statistics import median

def diagnose(log):
    if not all(math.isfinite(v) for record in log for v in record.values()): return "diverged"
    def typical(part, term): return median(record[term] for record in part)
    if typical(log[-len(log) // 10:], "feature_matching") > 10 * typical(log, "feature_matching"): return "generator left behind"
    if typical(log, "unsupervised") < 0.05: return "discriminator won"
    return "no signal" if typical(log, "unsupervised") > 0.68 else "fine"

# %% wrong: left behind taken for a win
# Where feature matching has run away, D has won as well, so the order of the questions matters: look at feature matching first.
import math
from statistics import median

def diagnose(log):
    tenth, middle = len(log) // 10, len(log) // 2
    if not all(math.isfinite(v) for record in log for v in record.values()): return "diverged"
    def typical(part, term): return median(record[term] for record in part)
    if typical(log[-tenth:], "unsupervised") < 0.05: return "discriminator won"
    if typical(log[-tenth:], "feature_matching") > 10 * typical(log[middle:middle + tenth], "feature_matching"): return "generator left behind"
    return "no signal" if typical(log[-tenth:], "unsupervised") > 0.68 else "fine"
