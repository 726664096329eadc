"""Your own table, with few labels

answer: classify
lesson: 08_estimator
difficulty: 1
minutes: 15
"""
# %% [markdown]
# scikit-learn has a convention for missing labels: **−1**. `SSGANClassifier` follows it, and so do scikit-learn's own semi-supervised classifiers, so they can be exchanged.
#
# Write `classify(classifier, X, labels, known, X_test)`. `X` is a table `(N, F)`, `labels` holds N integers of which only those where the boolean array `known` is true may be believed: elsewhere there is garbage. Fit the classifier on **all** rows of X and return its predictions for `X_test`. Don't change `labels`; somebody
# else needs it. You can try it with `SSGANClassifier(max_steps=200, random_state=0)`; the check takes other classifiers too.

# %% blank
import numpy as np

def classify(classifier, X, labels, known, X_test):
    raise NotImplementedError

# %% reference
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X, np.where(known, labels, -1)).predict(X_test)

# %% also right
def classify(classifier, X, labels, known, X_test):
    y = labels.copy()
    y[~known] = -1
    classifier.fit(X, y)
    return classifier.predict(X_test)

# %% check
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_blobs
from sklearn.semi_supervised import LabelSpreading
from ssgan_edu.estimator import SSGANClassifier
from ssgan_edu.exercises import expect


class Recorder(ClassifierMixin, BaseEstimator):
    "Keeps what it is given; predicts from it, so that its predictions show what it was fitted to."
    def fit(self, X, y):
        self.X_, self.y_ = np.array(X), np.array(y)
        return self

    def predict(self, X):
        return np.abs(X[:, 0] * 1000).astype(int) + len(self.X_)


def check(answer, reference):
    for seed, (n, f, k) in enumerate([(40, 2, 2), (90, 5, 4), (60, 3, 3)]):
        rng = np.random.default_rng(seed)
        X, y = make_blobs(n, f, centers=k, random_state=seed)
        known = np.zeros(n, bool)
        for c in range(k): known[np.flatnonzero(y == c)[:2 + seed]] = True
        labels = np.where(known, y, rng.integers(0, k, n))
        X_test, on = rng.normal(size=(7 + seed, f)) * 5, f"X of shape ({n}, {f}), {known.sum()} known labels of {k} classes"
        recorder, correct, kept = Recorder(), Recorder(), labels.copy()
        given = answer(recorder, X.copy(), labels, known.copy(), X_test.copy())
        expected = reference(correct, X, kept, known, X_test)
        expect(hasattr(recorder, "y_"), True, on, "whether the classifier was fitted")
        expect(len(recorder.X_), n, on, "the number of rows in the fit", why="labeled rows only")
        expect(recorder.y_.tolist(), correct.y_.tolist(), on, "the labels in the fit")
        expect(labels.tolist(), kept.tolist(), on, "`labels` after the call, which should be as it was", why="labels changed")
        expect(np.asarray(given).tolist(), expected.tolist(), on, "the predictions for X_test")
    for make in (lambda: LabelSpreading(kernel="knn", n_neighbors=5), lambda: SSGANClassifier(max_steps=5, random_state=0, device="cpu")):
        name = type(make()).__name__
        expect(np.asarray(answer(make(), X, labels, known, X_test)).tolist(), reference(make(), X, labels, known, X_test).tolist(), f"{name}, {on}", "the predictions")

# %% hint
# The classifier needs an array of labels as long as X, in which every label that isn't known is −1.
# %% hint
# `np.where(condition, a, b)` makes a new array. Don't write into `labels`.
# %% hint
# One `fit` with all rows of X, one `predict` with X_test.

# %% wrong: labeled rows only
# The classifier was fitted on the rows with a label alone. The others are what a semi-supervised classifier is for: keep all rows, and say −1 where the label is unknown.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X[known], labels[known]).predict(X_test)

# %% wrong: unknown as class 0
# Where the label is unknown you said 0. That is a class like the others; −1 means unknown.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X, np.where(known, labels, 0)).predict(X_test)

# %% wrong: garbage believed
# The labels were passed as they are, garbage included. Only those where `known` is true may be used.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X, labels).predict(X_test)

# %% wrong: labels changed
# You wrote −1 into the array that you were given. Whoever called you has lost it: make a new array.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    labels[~known] = -1
    return classifier.fit(X, labels).predict(X_test)

# %% wrong: known and unknown swapped
# The condition is the wrong way round: the known labels became −1 and the garbage stayed.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X, np.where(known, -1, labels)).predict(X_test)

# %% wrong: predictions for X
# These are predictions for the rows of X. The new rows were asked for: X_test.
import numpy as np

def classify(classifier, X, labels, known, X_test):
    return classifier.fit(X, np.where(known, labels, -1)).predict(X)
