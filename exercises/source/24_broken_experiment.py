"""Find the bugs: too good to be true

answer: self_training
lesson: 06_evaluation
difficulty: 2
minutes: 25
"""
# %% [markdown]
# A classifier that is trained on few labels can give labels to the other samples itself, and be trained again on those it is sure of: pseudo-labels. The errors that this experiment reports are better than it deserves. **Three things are wrong with it.** Find and repair them, in `self_training(…)`.
#
# `y` holds the labels of all training samples, as a benchmark has them, but only those in `labeled` (indices) may be used. `fit(x, y)` returns a function that gives probabilities `(N, K)`. Train on the labeled samples; label the *other* samples by the prediction, keep those whose
# largest probability is at least `threshold`; train again on labeled and kept samples together, in this order; return the error of the second classifier on the **test** samples as a float.

# %% given
import torch

# %% blank
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    first = fit(x[labeled], y[labeled])
    p = first(x[others])
    sure = p.amax(1) > 0
    second = fit(torch.cat([x[labeled], x[others][sure]]), torch.cat([y[labeled], y[others][sure]]))
    return (second(x).argmax(1) != y).float().mean().item()

# %% reference
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    first = fit(x[labeled], y[labeled])
    confidence, pseudo = first(x[others]).max(1)
    sure = confidence >= threshold
    second = fit(torch.cat([x[labeled], x[others][sure]]), torch.cat([y[labeled], pseudo[sure]]))
    return (second(x_test).argmax(1) != y_test).float().mean().item()

# %% also right
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.tensor(sorted(set(range(len(x))) - set(labeled.tolist())))
    p = fit(x[labeled], y[labeled])(x[others])
    kept = p.amax(1) >= threshold
    second = fit(torch.cat([x[labeled], x[others[kept]]]), torch.cat([y[labeled], p[kept].argmax(1)]))
    wrong = second(x_test).argmax(1) != y_test
    return float(wrong.sum()) / len(y_test)

# %% check
import torch
from ssgan_edu.exercises import expect


def centers(k):
    "A classifier by the distance to the mean of each class, and a list of what it was trained on."
    seen = []
    def fit(x, y):
        seen.append((len(x), y.clone()))
        means = torch.stack([x[y == c].mean(0) for c in range(k)])
        return lambda t: (-torch.cdist(t, means).square()).softmax(1)
    return fit, seen


def check(answer, reference):
    for seed, (n, k, per_class, threshold) in enumerate([(300, 3, 2, 0.9), (200, 2, 1, 0.8), (400, 4, 3, 0.95)]):
        rng = torch.Generator().manual_seed(seed)
        y, y_test = torch.arange(n) % k, torch.arange(n + 50) % k
        places = 1.5 * torch.randn(k, 3, generator=rng)
        x, x_test = (places[t] + torch.randn(len(t), 3, generator=rng) for t in (y, y_test))
        labeled = torch.cat([(y == c).nonzero().flatten()[torch.randperm(n // k, generator=rng)[:per_class]] for c in range(k)])
        on = {"x": x, "labeled": labeled, "threshold": threshold}
        (fit, seen), (fit_correct, seen_correct) = centers(k), centers(k)
        given, correct = answer(x, y, labeled, x_test, y_test, fit, threshold), reference(x, y, labeled, x_test, y_test, fit_correct, threshold)
        expect([size for size, _ in seen], [size for size, _ in seen_correct], on, "the number of samples in each training")
        expect(seen[1][1].sort().values, seen_correct[1][1].sort().values, on, "the labels in the second training (sorted)", why="true labels used")
        expect(given, correct, on, "the error")

# %% hint
# Three questions to every result: which labels did it see, on which samples was it measured, and did it believe its own guesses too early?
# %% hint
# In the second training, where do the labels of the samples without a label come from? And which samples is the error counted on?
# %% hint
# Use the prediction (`argmax`, or the second value of `max(1)`) as the label of the others, keep only those whose largest probability reaches `threshold`, and count mistakes on `x_test`.

# %% wrong: true labels used
# The second training saw true labels of samples that have none here: nothing about it is semi-supervised. Their labels must be predictions.
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    sure = fit(x[labeled], y[labeled])(x[others]).amax(1) >= threshold
    second = fit(torch.cat([x[labeled], x[others][sure]]), torch.cat([y[labeled], y[others][sure]]))
    return (second(x_test).argmax(1) != y_test).float().mean().item()

# %% wrong: every guess believed
# Every prediction was taken for true, however unsure. The second classifier then confirms the errors of the first. Keep those above the threshold.
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    pseudo = fit(x[labeled], y[labeled])(x[others]).argmax(1)
    second = fit(torch.cat([x[labeled], x[others]]), torch.cat([y[labeled], pseudo]))
    return (second(x_test).argmax(1) != y_test).float().mean().item()

# %% wrong: measured on training samples
# The error was counted on training samples. Count it on the test samples, which the classifier has never seen.
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    confidence, pseudo = fit(x[labeled], y[labeled])(x[others]).max(1)
    sure = confidence >= threshold
    second = fit(torch.cat([x[labeled], x[others][sure]]), torch.cat([y[labeled], pseudo[sure]]))
    return (second(x).argmax(1) != y).float().mean().item()

# %% wrong: the first classifier reported
# This is the error of the first classifier, which knows only the labeled samples. Report that of the second.
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    others = torch.ones(len(x), dtype=torch.bool)
    others[labeled] = False
    first = fit(x[labeled], y[labeled])
    confidence, pseudo = first(x[others]).max(1)
    sure = confidence >= threshold
    fit(torch.cat([x[labeled], x[others][sure]]), torch.cat([y[labeled], pseudo[sure]]))
    return (first(x_test).argmax(1) != y_test).float().mean().item()

# %% wrong: labeled samples counted twice
# The labeled samples are among those that were given a prediction: they count twice, the second time with a guess for a label. Only the others need one.
def self_training(x, y, labeled, x_test, y_test, fit, threshold=0.9):
    confidence, pseudo = fit(x[labeled], y[labeled])(x).max(1)
    sure = confidence >= threshold
    second = fit(torch.cat([x[labeled], x[sure]]), torch.cat([y[labeled], pseudo[sure]]))
    return (second(x_test).argmax(1) != y_test).float().mean().item()
