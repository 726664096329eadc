"""Which number do you report?

answer: reported_error
lesson: 06_evaluation
difficulty: 1
minutes: 15
"""
# %% [markdown]
# A student has trained with several learning rates and saved checkpoints. There is a table of all of them, in the order in which they were made; a row is a dict with the keys `learning_rate`, `step`, `train_error`, `validation_error` and `test_error`.
#
# Write `reported_error(table)` that returns what an honest paper may print: the test error (a float) of **one** checkpoint, chosen without looking at the test set. If several are equally good, take the earliest row.

# %% blank
def reported_error(table):
    raise NotImplementedError

# %% reference
def reported_error(table):
    return min(table, key=lambda row: row["validation_error"])["test_error"]

# %% also right
def reported_error(table):
    best = table[0]
    for row in table[1:]:
        if row["validation_error"] < best["validation_error"]: best = row
    return best["test_error"]

# %% check
import copy
import random

from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed in range(6):
        rng, table = random.Random(seed), []
        for learning_rate in (1e-4, 3e-4, 1e-3)[: 1 + seed % 3]:
            for step in range(500, 2501, 500):
                error = 0.2 + 100 / step * rng.random()
                table.append({"learning_rate": learning_rate, "step": step, "train_error": round(0.02 * rng.random(), 4),
                              "validation_error": round(error + 0.05 * rng.random(), 2), "test_error": round(error + 0.05 * rng.random(), 4)})
        on = f"a table of {len(table)} rows: (train, validation, test) = " + ", ".join(f"({r['train_error']}, {r['validation_error']}, {r['test_error']})" for r in table[:8])
        expect(answer(copy.deepcopy(table)), reference(table), on, "the reported error")
    ties = [{"learning_rate": 1e-3, "step": s, "train_error": 0.0, "validation_error": v, "test_error": t} for s, v, t in ((1, 0.3, 0.1), (2, 0.2, 0.28), (3, 0.2, 0.22))]
    expect(answer(copy.deepcopy(ties)), 0.28, "two checkpoints of equal validation error", "the reported error where two are equally good", why="the lucky one of equals")

# %% hint
# Three errors, three uses: one to learn from, one to choose with, one to report. Which is which?
# %% hint
# Choose the row by its validation error, then look at its test error for the first time.
# %% hint
# `min(table, key=…)` returns the first of equally small rows. The key is a function of a row.

# %% wrong: best on the test set
# The smallest test error was reported. Whoever looks at the test set to choose has made it a validation set: the number is too good, the more checkpoints the better. Choose by the validation error.
def reported_error(table):
    return min(row["test_error"] for row in table)

# %% wrong: validation error reported
# The smallest validation error was reported. It is too good too, since it was chosen for being small. Report the test error of that row.
def reported_error(table):
    return min(row["validation_error"] for row in table)

# %% wrong: best on the training set
# The row was chosen by its training error. A few labels are learned by heart by nearly every checkpoint; that says nothing about other samples.
def reported_error(table):
    return min(table, key=lambda row: row["train_error"])["test_error"]

# %% wrong: last checkpoint
# The last row was taken. A fixed last step is an honest rule if it was fixed beforehand and there is one run; here there are several learning rates, and one of them must be chosen.
def reported_error(table):
    return table[-1]["test_error"]

# %% wrong: the lucky one of equals
# Among checkpoints of equal validation error you took the one with the better test error. That is looking. Take the earliest.
def reported_error(table):
    return min(table, key=lambda row: (row["validation_error"], row["test_error"]))["test_error"]
