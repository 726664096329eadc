"""An error with its interval

answer: marked_error
lesson: 06_evaluation
difficulty: 2
minutes: 20
"""
# %% [markdown]
# "1.2 % error" on 500 test samples is 6 mistakes. Another 500 samples would have given 3 or 11. So an error comes with an interval. The one of Wilson (1927) is sound also near 0: with $\hat p$ the error on $n$ samples and $z = 1.96$,
#
# $$\frac{1}{1 + z^2/n} \left( \hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4 n^2}} \right).$$
#
# Write `marked_error(predictions, labels)` for int64 tensors of shape `(N,)`. Return a tuple of four floats: the number of mistakes (as a float), the error, and the lower and upper end of the interval. A label of −1 means that nobody knows it: such samples don't count.

# %% blank
import torch

def marked_error(predictions, labels):
    raise NotImplementedError

# %% reference
from scipy.stats import binomtest

def marked_error(predictions, labels):
    known = labels >= 0
    wrong, n = int((predictions != labels)[known].sum()), int(known.sum())
    interval = binomtest(wrong, n).proportion_ci(0.95, method="wilson")
    return float(wrong), wrong / n, float(interval.low), float(interval.high)

# %% also right
def marked_error(predictions, labels):
    known = labels != -1
    n = known.sum().item()
    mistakes = ((predictions != labels) & known).sum().item()
    p, z = mistakes / n, 1.96
    center, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return mistakes, p, (center - half) / (1 + z * z / n), (center + half) / (1 + z * z / n)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, share) in enumerate([(200, 10, 0.3), (500, 2, 0.05), (37, 4, 0.9)]):
        rng = torch.Generator().manual_seed(seed)
        labels = torch.randint(k, (n,), generator=rng)
        predictions = torch.where(torch.rand(n, generator=rng) < share, torch.randint(k, (n,), generator=rng), labels)
        labels[::5] = -1
        on = {"predictions": predictions, "labels": labels}
        expect(answer(predictions.clone(), labels.clone()), reference(predictions, labels), on, "(mistakes, error, low, high)", tolerance=2e-3)
    for predictions in (torch.zeros(100, dtype=torch.int64), torch.ones(50, dtype=torch.int64)):
        labels = torch.zeros_like(predictions)
        on = {"predictions": predictions, "labels": labels}
        (*given, low, high), (*correct, low_correct, high_correct) = answer(predictions, labels), reference(predictions, labels)
        expect(given, correct, on, "mistakes and error where all or none is right")
        expect((low + 1.0, high), (low_correct + 1.0, high_correct), on, "the interval where all or none is right (low + 1, high)", tolerance=2e-3)

# %% hint
# Begin with a mask of the samples whose label is known, and use it for both numbers: the mistakes and n.
# %% hint
# Work with plain floats: `int(mask.sum())`, `float(...)`, and `** 0.5` for the root. The formula has one part before the ± and one after.
# %% hint
# With no mistake at all, p̂ = 0 and the interval still ends at z²/(n + z²): about 3.8/n. If yours ends at 0, a term is missing.

# %% wrong: textbook interval
# This is p̂ ± 1.96 √(p̂(1−p̂)/n). With no mistake it has no width, as if 100 samples proved that there can't be any. Use Wilson's.
import torch

def marked_error(predictions, labels):
    known = labels >= 0
    wrong, n = float((predictions != labels)[known].sum()), int(known.sum())
    p = wrong / n
    half = 1.96 * (p * (1 - p) / n) ** 0.5
    return wrong, p, p - half, p + half

# %% wrong: unknown labels counted
# Samples of unknown label were counted, and since no prediction is −1, all of them as mistakes. Leave them out of both the mistakes and n.
import torch
from scipy.stats import binomtest

def marked_error(predictions, labels):
    wrong, n = int((predictions != labels).sum()), len(labels)
    interval = binomtest(wrong, n).proportion_ci(0.95, method="wilson")
    return float(wrong), wrong / n, float(interval.low), float(interval.high)

# %% wrong: divided by all samples
# The samples of unknown label are not among the mistakes, but they are in n: the error looks smaller than it is.
import torch
from scipy.stats import binomtest

def marked_error(predictions, labels):
    wrong, n = int((predictions != labels)[labels >= 0].sum()), len(labels)
    interval = binomtest(wrong, n).proportion_ci(0.95, method="wilson")
    return float(wrong), wrong / n, float(interval.low), float(interval.high)

# %% wrong: accuracy
# These are the right answers. The error counts the wrong ones; on easy data it is the number in which differences can be seen.
import torch
from scipy.stats import binomtest

def marked_error(predictions, labels):
    known = labels >= 0
    right, n = int((predictions == labels)[known].sum()), int(known.sum())
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    return float(right), right / n, float(interval.low), float(interval.high)

# %% wrong: one standard error
# The interval is that of z = 1, which covers 68 % of the cases. For 95 % z is 1.96.
import torch

def marked_error(predictions, labels):
    known = labels >= 0
    wrong, n = float((predictions != labels)[known].sum()), int(known.sum())
    p, z = wrong / n, 1.0
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    return wrong, p, (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)
