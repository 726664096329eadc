"""SSGANClassifier behaves like scikit-learn's own estimators."""
import copy
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from ssgan_edu import estimator
from ssgan_edu.data import DataError, SSGANError, TrainingError
from ssgan_edu.estimator import OneHotSequences, SSGANClassifier
from ssgan_edu.monitor import diagnose
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import weights_sha256

pytestmark = pytest.mark.filterwarnings("ignore:early_stopping judges")

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


@pytest.mark.parametrize("numbers, dtype", [([0, 1, 2], np.int64), ([0.0, 1.0, 2.0], np.float64)], ids=["int", "float"])
def test_numbers_in_an_array_of_objects_are_numbers(blobs, numbers, dtype):
    X, _, few = blobs
    y = np.array([*numbers, -1], object)[few]
    plain = np.where(few < 0, -1, few).astype(dtype)
    objects, numeric = (SSGANClassifier(max_steps=10, early_stopping=True, random_state=0).fit(X, labels) for labels in (y, plain))
    assert objects.classes_.dtype == dtype and np.array_equal(objects.predict(X), numeric.predict(X))


def test_truth_values_may_be_labels(blobs):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=2, random_state=0).fit(X, np.array([False, True, True, -1], object)[few])
    assert fitted.classes_.tolist() == [False, True] and fitted.classes_.dtype == bool


@pytest.mark.parametrize("y, words", [
    (["cat", "dog", -1] * 4, "y.2. is the string '-1'.*dtype object, and -1 for no label"), (["cat", "dog", -1.0] * 4, "is the string '-1.0'.*dtype object"),
    ([b"cat", b"dog", b"-1"] * 4, "is the string .*dtype object"), (np.array(["cat", "dog", "-1"] * 4, object), "is the string '-1'.*dtype object"),
    (pd.Series(["cat", "dog", "-1"] * 4), "is the string '-1'.*dtype object"), (["cat", "dog", None] * 4, "y.2. is None.*-1"), (pd.Series(["cat", "dog", None] * 4), "y.2. is .*Give -1"), (pd.Series(["cat", "dog", pd.NA] * 4, dtype="string"), "y.2. is <NA>.*Give -1"),
    (np.array(["cat", "dog", np.nan] * 4, object), "y.2. is nan.*Give -1"), (pd.Series([0, 1, np.nan] * 4), "y.2. is nan.*Give -1"), (pd.Series([0, 1, pd.NA] * 4, dtype="Int64"), "y.2. is .*Give -1"), ([0, 1, None] * 4, "y.2. is None.*-1"),
    ([None] * 12, "y.0. is None.*-1"), (np.array(["cat", 1, -1] * 4, object), "strings and other labels.*classes as strings or all as numbers")],
    ids=["list", "float", "bytes", "objects", "Series", "None", "Series and None", "NA", "objects and NaN", "floats and NaN", "Int64 and NA", "number and None", "only None", "mixed"])
def test_what_was_meant_as_no_label_is_no_class(y, words):
    "numpy makes a string of the -1 among strings: it would be one more class, and nobody would notice."
    with pytest.raises(SSGANError, match=words): SSGANClassifier(max_steps=2).fit(np.random.default_rng(0).normal(size=(12, 2)), y)


def test_it_works_in_a_pipeline_a_search_and_a_pickle(blobs):
    X, y, few = blobs
    pipeline = make_pipeline(StandardScaler(), SSGANClassifier(max_steps=40, random_state=0))
    assert len(cross_val_score(pipeline, X, y, cv=2)) == 2
    search = GridSearchCV(SSGANClassifier(max_steps=40, random_state=0), {"recipe": ["supervised", "improved"]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict(X), search.predict(X))
    assert clone(again).get_params() == again.get_params()


def test_a_recipe_may_be_given_itself(blobs):
    X, _, few = blobs
    own = RECIPES["improved"].weighted(unsupervised=0.5)
    given = SSGANClassifier(recipe=own, max_steps=5, batch_size=20, random_state=0)
    fitted = clone(given).fit(X, few)
    assert given.get_params()["recipe"] is own and fitted.get_params()["recipe"] == own and repr(given)
    assert fitted.model_.recipe.updates == own.updates and fitted.model_.recipe.batch_size == 20 and own.batch_size == 100
    assert SSGANClassifier(replace(own, batch_size=30), max_steps=1).fit(X, few).model_.recipe.batch_size == 30, "its own, where no other is asked for"
    by_name, by_itself = (SSGANClassifier(recipe, max_steps=5, random_state=0).fit(X, few).model_ for recipe in ("improved", RECIPES["improved"]))
    assert weights_sha256(by_name) == weights_sha256(by_itself) != weights_sha256(fitted.model_)
    search = GridSearchCV(SSGANClassifier(max_steps=5, random_state=0), {"recipe": [own, "supervised"]}, cv=2, error_score="raise").fit(X, few)
    assert search.best_params_["recipe"] in (own, "supervised")


@pytest.mark.parametrize("images", [
    lambda x: x.astype(int), lambda x: x.astype(np.uint8), lambda x: (255 * x).astype(np.uint16), lambda x: x / 16, lambda x: (x > 7).astype(np.uint8), lambda x: x > 7, lambda x: (x > 7).astype(float)],
    ids=["0..16", "bytes 0..16", "12 bits", "0..1", "bytes 0 and 1", "truth values", "0. and 1."])
def test_images_of_any_range_and_type_are_learned_alike(images):
    "Divided by what their type could hold, they would be all but black."
    digits = load_digits()
    X, y = images(digits.images), np.where(np.arange(len(digits.target)) < 200, digits.target, -1)
    fitted = SSGANClassifier("supervised", max_steps=60, random_state=0).fit(X, y)
    assert fitted.score(X, digits.target) > 0.7
    made = SSGANClassifier(max_steps=5, random_state=0).fit(X, y).sample(50)
    assert made.dtype == np.float64 and 0.3 * X.max() < made.max() <= X.max() and made.min() >= 0


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3)])
def test_images_go_in_and_samples_come_out_in_the_same_units(shape):
    X = np.random.default_rng(0).integers(0, 256, (60, *shape), dtype=np.uint8)
    X[:30] //= 4
    fitted = SSGANClassifier(max_steps=10, random_state=0).fit(X, np.repeat([0, 1], 30))
    made = fitted.sample(5)
    assert made.shape == (5, *shape) and 0 <= made.min() and made.max() <= 255 and made.max() > 1
    assert fitted.predict(made).shape == (5,) and fitted.sample(2, class_=fitted.predict(made)[0]).shape == (2, *shape)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_with_the_channels_first_are_refused(channels):
    X, y = np.random.default_rng(0).integers(0, 256, (60, channels, 8, 12)), np.repeat([0, 1], 30)
    with pytest.raises(SSGANError, match=rf"shape \(60, {channels}, 8, 12\).*np.moveaxis\(X, 1, -1\)"): SSGANClassifier(max_steps=1).fit(X, y)
    assert SSGANClassifier(max_steps=1).fit(np.moveaxis(X, 1, -1), y).model_.shape == (channels, 8, 12)  # the way out that it names


def test_samples_of_a_class_are_taken_for_it(blobs):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=150, random_state=0).fit(X, few)
    assert set(fitted.predict(fitted.sample(5, class_=fitted.predict(fitted.sample(1))[0]))) == {fitted.predict(fitted.sample(1))[0]}
    for wrong in (7, "0", [0, 1], (0,), {0}, np.array([0, 1])):
        with pytest.raises(SSGANError, match=r"class_=.*\. Allowed: 0, 1, 2, one at a time"): fitted.sample(1, class_=wrong)


def test_a_random_state_gives_other_samples(blobs):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=150, random_state=0).fit(X, few)
    for class_ in (None, fitted.predict(fitted.sample(1))[0]):
        made = [fitted.sample(4, class_, random_state) for random_state in (None, None, 0, 0, 1)]
        same = [[np.array_equal(one, other) for other in made] for one in made]
        assert same == [[True, True, False, False, False]] * 2 + [[False, False, True, True, False]] * 2 + [[False] * 4 + [True]]
        assert class_ is None or (fitted.predict(np.concatenate(made)) == class_).all()


def test_the_seed_fixes_the_fit_and_warm_start_goes_on(blobs):
    X, _, few = blobs
    one, two = (SSGANClassifier(max_steps=30, random_state=1).fit(X, few).predict_proba(X) for _ in range(2))
    assert np.array_equal(one, two)
    warm = SSGANClassifier(max_steps=30, random_state=1, warm_start=True).fit(X, few)
    assert not np.array_equal(warm.fit(X, few).predict_proba(X), one)


def test_a_warm_start_takes_new_settings(blobs):
    X, _, few = blobs
    def warmed(**changed): return SSGANClassifier(max_steps=30, random_state=1, warm_start=True).fit(X, few).set_params(**changed).fit(X, few).model_
    same = warmed()
    for changed in (dict(recipe="supervised"), dict(batch_size=10), dict(recipe=RECIPES["improved"].weighted(unsupervised=0.1)), dict(networks="mlp")):
        model = warmed(**changed)
        assert (weights_sha256(model) == weights_sha256(same)) == ("networks" in changed), changed
    slow = warmed(recipe="supervised", batch_size=10)
    assert (slow.recipe.name, slow.recipe.batch_size, slow.optimizers["discriminator"].defaults["lr"]) == ("supervised", 10, RECIPES["supervised"].learning_rate)
    assert slow.step == 30 and {int(s["step"]) for s in slow.optimizers["discriminator"].state.values()} == {60}, "the moments went on too"


@pytest.mark.parametrize("changed, words", [
    (dict(networks="conv"), "networks='conv', but warm_start goes on with .* 'mlp'.*warm_start=False"), (dict(recipe="sgan"), "recipe='sgan' has the outputs 'classes [+] generated', but .*'improved'.*warm_start=False"),
    (dict(recipe="best-augmented"), "augments images; these data are points")], ids=str)
def test_a_warm_start_refuses_what_its_weights_do_not_fit(blobs, changed, words):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=5, random_state=1, warm_start=True).fit(X, few)
    with pytest.raises(SSGANError, match=words): fitted.set_params(**changed).fit(X, few)


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)], ids=["None", "RandomState"])
def test_a_warm_start_keeps_its_validation_part(blobs, monkeypatch, random_state):
    "Another one would hold samples that the first fit was trained on."
    X, _, few = blobs
    parts = []
    monkeypatch.setattr(estimator, "train", lambda model, split, steps: parts.append(split.x_validation) or iter(()))
    fitted = SSGANClassifier(early_stopping=True, warm_start=True, random_state=random_state).fit(X, few).fit(X, few)
    fitted.set_params(warm_start=False).fit(X, few)
    first, warm, anew = parts
    assert torch.equal(first, warm) and not torch.equal(first, anew)


def test_a_fit_that_fails_leaves_the_last_one_whole(blobs, monkeypatch):
    X, y, few = blobs
    fitted = SSGANClassifier(max_steps=20, early_stopping=True, random_state=0).fit(pd.DataFrame(X, columns=["a", "b"]), few)
    table, before = pd.DataFrame(X, columns=["a", "b"]), {**vars(fitted)}
    expected, weights = fitted.predict_proba(table), weights_sha256(fitted.model_)
    def breaks_off(model, split, steps):
        yield from train(model, split, 3)
        raise TrainingError("stop")
    train = estimator.train
    wide, other = np.hstack([X, X]), np.where(np.arange(200) < 3, 5 + np.arange(200), -1)
    for labels, warm, words in ((other, False, "at least 2 labels of each class"), (few + 7 * (few >= 0), False, "stop"), (few, True, "stop")):
        if words == "stop": monkeypatch.setattr(estimator, "train", breaks_off)
        with pytest.raises(SSGANError, match=words): fitted.set_params(warm_start=warm).fit(table if warm else wide, labels)
        fitted.set_params(warm_start=False)
        assert vars(fitted).keys() == before.keys() and all(value is before[name] for name, value in vars(fitted).items())
        assert weights_sha256(fitted.model_) == weights and np.array_equal(fitted.predict_proba(table), expected)
    new = SSGANClassifier()
    with pytest.raises(SSGANError, match="stop"): new.fit(X, few)
    assert vars(new) == new.get_params(), "and one that was never fitted still isn't"


def test_a_warm_start_goes_on_from_the_whole_state_and_leaves_it_alone(blobs, monkeypatch):
    X, _, few = blobs
    train, splits, stop = estimator.train, [], []
    def watched(model, split, steps):
        splits.append(split)
        yield from train(model, split, steps)
        if stop: raise TrainingError("stop")
    monkeypatch.setattr(estimator, "train", watched)
    fitted = SSGANClassifier(max_steps=5, random_state=0, warm_start=True).fit(X, few)
    by_hand = copy.deepcopy(fitted.model_)
    by_hand.step, by_hand.steps = 0, None
    for _ in train(by_hand, splits[0], 5): pass
    stop.append("at the end of the next fit")
    with pytest.raises(TrainingError): fitted.fit(X, few)
    stop.clear()
    assert weights_sha256(fitted.fit(X, few).model_) == weights_sha256(by_hand)


def test_early_stopping_stays_on_its_device(blobs, monkeypatch):
    X, _, few = blobs
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: torch.device("cpu:0"))
    assert SSGANClassifier(max_steps=2, random_state=0).fit(X, few).model_.device == torch.device("cpu:0")
    assert SSGANClassifier(max_steps=20, early_stopping=True, device="cpu", random_state=0).fit(X, few).model_.device == torch.device("cpu")


def test_early_stopping_stops_and_keeps_the_best(blobs):
    X, y, few = blobs
    fitted = SSGANClassifier(max_steps=400, early_stopping=True, n_iter_no_change=2, random_state=0).fit(X, few)
    assert fitted.n_iter_ < 400 and fitted.score(X, y) > 0.8


def test_early_stopping_keeps_the_latest_of_equals(blobs):
    "The earliest has seen less: a few validation samples are soon all right, long before the others."
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=400, early_stopping=True, n_iter_no_change=3, random_state=0).fit(X, few)
    scores = fitted.validation_scores_
    at = [check for check, score in enumerate(scores, 1) if score == max(scores)]
    assert len(at) > 1 and fitted.model_.step == 20 * at[-1] and fitted.n_iter_ == 20 * len(scores) < 400
    assert len(scores) == at[0] + 3, "an equal is no rise"


@pytest.mark.parametrize("steps", [1, 19, 20, 21, 39, 41, 60])
def test_there_are_twenty_checks(blobs, steps):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=steps, early_stopping=True, n_iter_no_change=99, random_state=0).fit(X, few)
    assert len(fitted.validation_scores_) == min(20, steps) and fitted.n_iter_ == steps


def test_a_small_validation_part_gives_a_warning(blobs):
    X, y, few = blobs
    with pytest.warns(UserWarning, match="5 validation samples, of which each is 20.0% of accuracy.*early_stopping=False") as caught: SSGANClassifier(max_steps=1, early_stopping=True).fit(X, few)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SSGANClassifier(max_steps=1, early_stopping=True, validation_fraction=0.3).fit(X, y)
        SSGANClassifier(max_steps=1).fit(X, few)


def test_history_tells_how_training_went(blobs):
    X, _, few = blobs
    fitted = SSGANClassifier(max_steps=250, random_state=0).fit(X, few)
    steps = [record["step"] for record in fitted.history_]
    assert len(steps) == 200 and steps[-1] == 250 and set(np.diff(steps)) == {1, 2} and fitted.validation_scores_ is None
    assert [record["step"] for record in clone(fitted).set_params(max_steps=30).fit(X, few).history_] == list(range(1, 31))
    again = pickle.loads(pickle.dumps(fitted))
    assert again.history_ == fitted.history_ and len(pickle.dumps(fitted.history_)) < 50_000
    assert diagnose(fitted.history_, 3) == []
    lost = SSGANClassifier(replace(RECIPES["improved"], learning_rate=10.0), max_steps=60, random_state=0).fit(X, few)
    assert [finding.name for finding in diagnose(lost.history_, 3)] == ["diverging"]


def test_recipes_that_need_balanced_labels_are_those_of_the_docstring():
    assert 'class balance ("best" and its kin)' in SSGANClassifier.__doc__
    balanced = {name for name, recipe in RECIPES.items() if any("class_balance" in update.terms for update in recipe.updates)}
    assert balanced == {name for name in RECIPES if name.startswith("best")}


@pytest.mark.parametrize("wrong, words", [
    (dict(recipe="gan"), "doesn't classify"), (dict(recipe="improvd"), "Did you mean 'improved'"), (dict(recipe=None), "recipe=None. Allowed: a name in RECIPES, or a Recipe"), (dict(recipe=["improved"]), "Allowed: a name"), (dict(recipe=RECIPES["gan"]), "recipe='gan' doesn't classify"), (dict(networks="cnn"), "family of networks"),
    (dict(max_steps=0), "max_steps=0"), (dict(max_steps=2.5), "max_steps=2.5"), (dict(batch_size=1), "batch_size=1"),
    (dict(validation_fraction=1.0), "validation_fraction=1.0"), (dict(n_iter_no_change=0), "n_iter_no_change=0")], ids=str)
def test_wrong_parameters_are_named_at_fit(blobs, wrong, words):
    with pytest.raises(SSGANError, match=words): SSGANClassifier(**wrong).fit(blobs[0], blobs[2])


def test_labels_that_cannot_be_used_are_refused(blobs):
    X = blobs[0]
    with pytest.raises(SSGANError, match="Every label is -1"): SSGANClassifier().fit(X, np.full(200, -1))
    with pytest.raises(SSGANError, match="one class only"): SSGANClassifier().fit(X, np.where(np.arange(200) < 5, 2, -1))


# --- sequences ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strings():
    "Words that tell their class by their letters, 2 to 5 long, the labels, and these with most replaced by -1."
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    X = ["".join(rng.choice(list("abc" if label else "cde"), rng.integers(2, 6))) for label in y]
    return X, y, np.where(np.arange(120) < 20, y, -1)


def reader(**parameters):
    return make_pipeline(OneHotSequences(("", *"abcde"), 5), SSGANClassifier(networks="sequence", random_state=0, **parameters))


@pytest.mark.parametrize("networks", ["sequence", "gumbel"])
def test_sequences_are_learned_and_sampled_unscaled(strings, networks):
    X, y, few = strings
    coder = OneHotSequences().fit(X)
    x = coder.transform(X)
    fitted = SSGANClassifier(networks=networks, max_steps=60, random_state=0).fit(x, few)
    assert fitted.model_.kind == "sequence" and fitted.model_.networks == networks
    assert fitted.score(x, y) > 0.8
    made = fitted.sample(7)
    assert made.shape == (7, 5, 6) and np.allclose(made.sum(2), 1, atol=1e-5) and made.min() >= 0
    assert fitted.predict(made).shape == (7,)
    if networks == "gumbel": assert set(np.unique(made)) == {0, 1} and all(isinstance(word, str) for word in coder.inverse_transform(made))


def test_units_of_sequences_do_not_depend_on_the_training_part(strings):
    "What is one-hot goes to the networks as it is: a table's columns or an image's pixels would be scaled."
    X, _, few = strings
    x = OneHotSequences().fit_transform(X)
    fitted = SSGANClassifier(networks="sequence", max_steps=2, random_state=0).fit(x / x.sum(2, keepdims=True), few)
    soft = 0.5 * x + 0.5 / x.shape[2]
    logits = fitted.model_.predict_logits(torch.from_numpy(soft)).double()
    assert np.allclose(fitted.predict_proba(soft), logits.softmax(1).numpy())


def test_words_go_through_pipeline_validation_search_clone_and_pickle(strings):
    X, y, _ = strings
    scores = cross_val_score(reader(max_steps=40), X, y, cv=2, error_score="raise")
    assert scores.shape == (2,) and scores.mean() > 0.8
    search = GridSearchCV(reader(max_steps=2), {"ssganclassifier__networks": ["sequence", "gumbel"]}, cv=2, error_score="raise").fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict(X), search.predict(X))
    assert clone(again).get_params()["onehotsequences__symbols"] == ("", *"abcde")


@pytest.mark.parametrize("container", [tuple, np.array, lambda X: np.array(X, object), pd.Series], ids=["tuple", "array of str", "array of objects", "Series"])
def test_words_may_come_in_any_column(strings, container):
    assert np.array_equal(OneHotSequences().fit_transform(container(strings[0])), OneHotSequences().fit_transform(strings[0]))


def test_tokens_are_symbols_of_their_own():
    tunes = [["G3", "B3", "G3"], ("D4",), np.array(["B3", "D4"])]
    coder = OneHotSequences().fit(tunes)
    assert coder.symbols_ == ("", "B3", "D4", "G3") and coder.length_ == 3
    x = coder.transform(tunes)
    assert x.dtype == np.float32 and x.argmax(2).tolist() == [[3, 1, 3], [2, 0, 0], [1, 2, 0]]
    assert coder.inverse_transform(x) == [["G3", "B3", "G3"], ["D4"], ["B3", "D4"]]
    assert OneHotSequences().fit([["a", ""]]).symbols_ == ("", "a")
    assert OneHotSequences().fit(["ab"]).inverse_transform(OneHotSequences().fit_transform(["ba", "b"])) == ["ba", "b"]


@pytest.mark.parametrize("X, words", [
    (np.array(["abz"]), "^'abz' has the symbol 'z'.*unknown.*Known: a b c.*symbols=…"), (["abcabc"], "has 6 symbols. Give from 1 to 3.*length=…"), ([""], "has 0 symbols"),
    ([["a", ""]], "has the symbol ''")], ids=str)
def test_what_fit_did_not_know_is_refused(X, words):
    with pytest.raises(DataError, match=words): OneHotSequences().fit(["abc", "c"]).transform(X)


@pytest.mark.parametrize("X, words", [
    ("abc", "X is a str"), (7, "X is a int"), (np.array([["ab"], ["c"]]), r"shape \(2, 1\)"), (pd.DataFrame({"word": ["ab"]}), "X is a DataFrame"), (["ab", None], "Sample 1 is None"),
    (pd.Series(["ab", float("nan")]), "Sample 1 is nan"), ([[1, 2]], r"Sample 0 is \[1, 2\]"), ([], "X has 0 sequences"), ([""], "none with a symbol")], ids=lambda part: part if isinstance(part, str) else "")
def test_what_is_no_sequence_is_refused(X, words):
    with pytest.raises(SSGANError, match=words): OneHotSequences().fit(X)


@pytest.mark.parametrize("wrong, words", [
    (dict(length=0), "length=0"), (dict(length=2.0), "length=2.0"), (dict(symbols="abc"), "symbols='abc'"), (dict(symbols=("a", "b")), "first the empty string"),
    (dict(symbols=("", "a", "a")), "each once"), (dict(symbols=("", 1)), "Give strings")], ids=str)
def test_wrong_symbols_and_lengths_are_named_at_fit(wrong, words):
    with pytest.raises(SSGANError, match=words): OneHotSequences(**wrong).fit(["ab"])
    clone(OneHotSequences(**wrong))  # nothing is looked at before


def test_inverse_transform_refuses_other_shapes(strings):
    coder = OneHotSequences().fit(strings[0])
    for shape in ((3, 6), (3, 5, 7)):
        with pytest.raises(SSGANError, match=r"Give \(N, L, 6\)"): coder.inverse_transform(np.zeros(shape))


def test_sequences_of_other_shapes_and_values_are_refused(strings):
    X, _, few = strings
    x = OneHotSequences().fit_transform(X)
    classifier = SSGANClassifier(networks="sequence", max_steps=2, random_state=0)
    for given in (X, np.array(X), [list(word) for word in X], x[:, 0], x[..., None], [*x[:-1], x[-1, :4]], [*x[:-1], x[-1, :, :5]]):
        with pytest.raises(SSGANError, match="one-hot sequences .*OneHotSequences"): classifier.fit(given, few)
    for given in (x * 2, 2 * x - 1 / 6, np.where(np.arange(6) == 0, 0, x)):
        with pytest.raises(SSGANError, match="not one-hot"): classifier.fit(given, few)
    classifier.fit(x, few)
    with pytest.raises(SSGANError, match="OneHotSequences"): classifier.predict(X)
    with pytest.raises(SSGANError, match=r"shape \(5, 5\); fit saw \(5, 6\)"): classifier.predict(x[..., :5])
    with pytest.raises(ValueError, match="4 features"): classifier.predict(x[:, :4])
    with pytest.raises(SSGANError, match="not one-hot"): classifier.predict(0 * x)


@pytest.mark.parametrize("networks", [None, "mlp"])
def test_sequences_are_not_silently_taken_for_images(strings, networks):
    X, _, few = strings
    x = OneHotSequences().fit_transform(X)
    with pytest.raises(SSGANError, match=r"single 1 in each row.*networks='sequence'.*\(N, H, W, 1\)"): SSGANClassifier(networks=networks).fit(x, few)
    assert SSGANClassifier(networks=networks, max_steps=2, random_state=0).fit(x[..., None], few).model_.kind == "image"  # the way out that it names


def test_warm_start_does_not_turn_images_into_sequences(strings):
    X, _, few = strings
    x = OneHotSequences().fit_transform(X)
    fitted = SSGANClassifier(max_steps=2, random_state=0, warm_start=True).fit(0.5 * x, few)
    with pytest.raises(SSGANError, match="warm_start"): fitted.set_params(networks="sequence").fit(x, few)


def test_a_constant_column_says_nothing(blobs):
    X, y, few = blobs
    X = np.column_stack([X, np.full(len(X), 0.1)])
    shifted = X + [0, 0, 1e-9]
    model = SSGANClassifier(max_steps=60, random_state=0).fit(X, few)
    assert np.array_equal(model.predict(X), model.predict(shifted)) and model.score(X, y) > 0.9


def test_a_warm_start_keeps_the_scale_that_its_weights_know(blobs):
    X, y, _ = blobs
    model = SSGANClassifier(max_steps=5, random_state=0, warm_start=True).fit(X, y)
    scale = model._scaler.scale.copy()
    assert np.array_equal(model.fit(2 * X, y)._scaler.scale, scale)
