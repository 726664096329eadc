"""SSGANClassifier behaves like scikit-learn's own estimators."""
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from ssgan_edu.data import SSGANError
from ssgan_edu.estimator import SSGANClassifier

# scikit-learn excuses its own semi-supervised classifiers from labels -1 and 1 by name: to them too, -1 means "no label".
EXCUSED = "check_classifiers_classes"
CHECKS = {str(getattr(check, "func", check).__name__) + str(getattr(check, "keywords", "") or ""): (estimator, check)
          for estimator, check in estimator_checks_generator(SSGANClassifier(max_steps=60, random_state=0))}


NOT_CHECKED = (EXCUSED, "check_array_api")  # the second only runs where SCIPY_ARRAY_API is set


@pytest.mark.parametrize("name", [name for name in CHECKS if not name.startswith(NOT_CHECKED)])
def test_scikit_learn_accepts_it(name):
    estimator, check = CHECKS[name]
    check(estimator)


@pytest.fixture(scope="module")
def blobs():
    X, y = make_blobs(200, centers=3, random_state=0, cluster_std=0.7)
    return X, y, np.where(np.arange(200) < 30, y, -1)


def test_unlabeled_samples_are_no_class(blobs):
    X, y, few = blobs
    fitted = SSGANClassifier(max_steps=150, random_state=0).fit(X, few)
    assert fitted.classes_.tolist() == [0, 1, 2] and fitted.score(X, y) > 0.8
    assert fitted.predict_proba(X).shape == (200, 3) and np.allclose(fitted.predict_proba(X).sum(1), 1)


def test_labels_may_be_strings_with_the_number_minus_one(blobs):
    X, y, few = blobs
    names = np.array(["a", "b", "c"], object)[y]
    names[few < 0] = -1
    fitted = SSGANClassifier(max_steps=150, random_state=0).fit(X, names)
    assert fitted.classes_.tolist() == ["a", "b", "c"] and set(fitted.predict(X)) <= {"a", "b", "c"}


def test_it_works_in_a_pipeline_a_search_and_a_pickle(blobs):
    X, y, few = blobs
    pipeline = make_pipeline(StandardScaler(), SSGANClassifier(max_steps=40, random_state=0))
    assert len(cross_val_score(pipeline, X, y, cv=2)) == 2
    search = GridSearchCV(SSGANClassifier(max_steps=40, random_state=0), {"recipe": ["supervised", "improved"]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict(X), search.predict(X))
    assert clone(again).get_params() == again.get_params()


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3)])
def test_images_go_in_and_samples_come_out_in_the_same_units(shape):
    X = np.random.default_rng(0).integers(0, 256, (60, *shape), dtype=np.uint8)
    X[:30] //= 4
    fitted = SSGANClassifier(max_steps=10, random_state=0).fit(X, np.repeat([0, 1], 30))
    made = fitted.sample(5)
    assert made.shape[1:] in (shape, shape[:2]) and 0 <= made.min() and made.max() <= 255 and made.max() > 1


def test_samples_of_a_class_are_taken_for_it(blobs):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=150, random_state=0).fit(X, few)
    assert set(fitted.predict(fitted.sample(5, class_=fitted.predict(fitted.sample(1))[0]))) == {fitted.predict(fitted.sample(1))[0]}
    with pytest.raises(SSGANError, match="class_=7. Allowed: 0, 1, 2"): fitted.sample(1, class_=7)


def test_the_seed_fixes_the_fit_and_warm_start_goes_on(blobs):
    X, _, few = blobs
    one, two = (SSGANClassifier(max_steps=30, random_state=1).fit(X, few).predict_proba(X) for _ in range(2))
    assert np.array_equal(one, two)
    warm = SSGANClassifier(max_steps=30, random_state=1, warm_start=True).fit(X, few)
    assert not np.array_equal(warm.fit(X, few).predict_proba(X), one)


def test_early_stopping_stops_and_keeps_the_best(blobs):
    X, y, few = blobs
    fitted = SSGANClassifier(max_steps=400, early_stopping=True, n_iter_no_change=2, random_state=0).fit(X, few)
    assert fitted.n_iter_ < 400 and fitted.score(X, y) > 0.8


@pytest.mark.parametrize("wrong, words", [
    (dict(recipe="gan"), "doesn't classify"), (dict(recipe="improvd"), "Did you mean 'improved'"), (dict(networks="cnn"), "family of networks"),
    (dict(max_steps=0), "max_steps=0"), (dict(max_steps=2.5), "max_steps=2.5"), (dict(batch_size=1), "batch_size=1"),
    (dict(validation_fraction=1.0), "validation_fraction=1.0"), (dict(n_iter_no_change=0), "n_iter_no_change=0")], ids=str)
def test_wrong_parameters_are_named_at_fit(blobs, wrong, words):
    with pytest.raises(SSGANError, match=words): SSGANClassifier(**wrong).fit(blobs[0], blobs[2])


def test_labels_that_cannot_be_used_are_refused(blobs):
    X = blobs[0]
    with pytest.raises(SSGANError, match="Every label is -1"): SSGANClassifier().fit(X, np.full(200, -1))
    with pytest.raises(SSGANError, match="one class only"): SSGANClassifier().fit(X, np.where(np.arange(200) < 5, 2, -1))
