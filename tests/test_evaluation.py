"""Is it any good? Every measure against its definition written out, and on cases whose answer is known."""
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ssgan_edu import evaluation
from ssgan_edu.data import DataError, Dataset, load_dataset, seeded
from ssgan_edu.evaluation import (baseline_label_spreading, confusion_matrix, evaluate, expected_calibration_error, frechet_distance, linear_probe, nearest_real,
                                  precision_recall, predict_proba, predictions, reference_features, sample_quality)
from ssgan_edu.training import SSGAN, train
from support import refused

some = settings(deadline=None, derandomize=True, max_examples=25)


@pytest.fixture(scope="module")
def split(): return load_dataset("digits").label(per_class=5)


def trained(split, recipe="improved", steps=40) -> SSGAN:
    model = SSGAN.for_split(split, recipe)
    for _ in train(model, split, steps): pass
    return model


@pytest.fixture(scope="module")
def model(split): return trained(split)


@pytest.fixture(scope="module")
def gan(split): return trained(split, "gan", steps=5)


# --- classification -------------------------------------------------------------------------------------------------


def test_evaluate_counts_errors_of_the_test_part(model, split):
    found = evaluate(model, split)
    wrong = int((model.predict_logits(split.x_test).argmax(1) != split.y_test).sum())
    assert (found["test_errors"], found["n_test"], found["test_error"]) == (wrong, 500, wrong / 500) and 0 < wrong < 400
    assert (found["recipe"], found["dataset"], found["n_labeled"], found["step"], found["classifier"]) == ("improved", "digits", 50, 40, "class outputs")
    p, labels = predict_proba(model, split, split.x_test), split.y_test
    assert found["expected_calibration_error"] == expected_calibration_error(p, labels)
    assert all(type(value) in (int, float, str) for value in found.values()), "ready for JSON"


def test_the_interval_is_wilsons(model, split):
    found = evaluate(model, split)
    n, error, z = 500, found["test_error"], 1.959963984540054
    center, half = (error + z * z / (2 * n)) / (1 + z * z / n), z * math.sqrt(error * (1 - error) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((center - half, center + half), rel=1e-9)


def test_only_the_test_part_is_evaluated(model, split):
    right = replace(split, y_test=model.predict_logits(split.x_test).argmax(1), y_labeled=split.y_labeled.flip(0))
    found = evaluate(model, right)
    assert found["test_errors"] == 0 and found["ci_low"] == 0 < found["ci_high"]


def test_unknown_test_labels_do_not_count(model, split):
    y = split.y_test.clone()
    y[100:] = -1
    expected = int((model.predict_logits(split.x_test[:100]).argmax(1) != split.y_test[:100]).sum())
    found = evaluate(model, replace(split, y_test=y))
    assert (found["test_errors"], found["n_test"]) == (expected, 100)
    assert confusion_matrix(model, replace(split, y_test=y)).sum() == 100
    with refused("'digits'", "no label", kind=DataError): evaluate(model, replace(split, y_test=torch.full((500,), -1)))


def test_confusion_has_a_row_for_each_true_class(model, split):
    matrix, predicted = confusion_matrix(model, split), predictions(model, split, split.x_test)
    assert matrix.shape == (10, 10)
    for true in range(10):
        for named in range(10): assert matrix[true, named] == ((split.y_test == true) & (predicted == named)).sum()
    assert 500 - matrix.trace() == evaluate(model, split)["test_errors"]


def test_a_model_without_classes_is_probed(gan, split):
    found = evaluate(gan, split)
    assert found["classifier"] == "linear probe on features" and found["test_error"] < 0.5, "the features of digits tell digits apart"
    p = predict_proba(gan, split, split.x_test[:20])
    torch.testing.assert_close(p.sum(1), torch.ones(20), atol=1e-5, rtol=0)
    assert torch.equal(p, linear_probe(gan, split)(split.x_test[:20])) and (p.argmax(1) == predictions(gan, split, split.x_test[:20])).all()


def test_a_probe_knows_only_the_labeled_classes(gan, split):
    few = split.y_labeled >= 7
    p = linear_probe(gan, replace(split, x_labeled=split.x_labeled[few], y_labeled=split.y_labeled[few]))(split.x_test)
    assert p.shape == (500, 10) and p[:, :7].max() == 0
    torch.testing.assert_close(p[:, 7:].sum(1), torch.ones(500), atol=1e-5, rtol=0)
    known = split.y_test >= 7
    assert (p[known].argmax(1) == split.y_test[known]).float().mean() > 0.6, "columns belong to the right classes"
    one = split.y_labeled == 3
    with refused("one class", kind=DataError): linear_probe(gan, replace(split, x_labeled=split.x_labeled[one], y_labeled=split.y_labeled[one]))


def test_probabilities_are_the_softmax_of_the_classes(split):
    model = SSGAN.for_split(split, "sgan")
    p = predict_proba(model, split, split.x_test[:9])
    torch.testing.assert_close(p, model.predict_logits(split.x_test[:9]).softmax(1))


def test_a_model_is_evaluated_on_its_own_kind_of_data(model):
    moons, mnist_like = load_dataset("two-moons").label(per_class=2), load_dataset("digits").label(per_class=1)
    for function in (evaluate, confusion_matrix, linear_probe):
        with refused("image of shape (1, 8, 8) in 10 classes", "points of shape (2,) in 2"): function(model, moons)
    with refused("(1, 8, 8)"): predict_proba(model, mnist_like, torch.zeros(2, 1, 9, 9))


# --- calibration ----------------------------------------------------------------------------------------------------

predicted = st.tuples(st.integers(1, 30), st.integers(2, 4)).flatmap(lambda s: arrays(np.float64, s, elements=st.floats(0.01, 1))).map(
    lambda a: torch.from_numpy(a / a.sum(1, keepdims=True)))


@given(predicted, st.integers(1, 20), st.integers(0, 100))
@some
def test_calibration_error_is_the_sum_over_bins(p, bins, seed):
    "Bin b holds confidences in (b / bins, (b + 1) / bins]."
    labels = torch.randint(p.shape[1], (len(p),), generator=seeded(seed))
    total = 0.0
    for b in range(bins):
        inside = [i for i in range(len(p)) if b == min(bins, max(1, math.ceil(p[i].max().item() * bins))) - 1]
        if inside:
            accuracy = np.mean([p[i].argmax() == labels[i] for i in inside])
            total += len(inside) / len(p) * abs(accuracy - np.mean([p[i].max().item() for i in inside]))
    found = expected_calibration_error(p, labels, bins)
    assert found == pytest.approx(total, abs=1e-12) and 0 <= found <= 1


def test_calibration_error_at_its_ends():
    sure = torch.eye(3)[[0, 1, 2, 0]]
    assert expected_calibration_error(sure, torch.tensor([0, 1, 2, 0])) == 0
    assert expected_calibration_error(sure, torch.tensor([1, 2, 0, 1])) == 1
    assert expected_calibration_error(torch.tensor([[0.75, 0.25]] * 4), torch.tensor([0, 0, 0, 1])) == pytest.approx(0)


@pytest.mark.parametrize("p, labels, bins, words", [
    (torch.randn(4, 3), torch.zeros(4), 15, ["softmax(1)"]), (torch.full((4, 2), 0.4), torch.zeros(4), 15, ["add up to 1"]), (torch.full((4, 2), 0.5), torch.zeros(3), 15, ["(4, 2)"]),
    (torch.ones(4), torch.zeros(4), 15, ["(4,)"]), (torch.ones(0, 2), torch.zeros(0), 15, ["(0, 2)"]), (torch.full((4, 2), 0.5), torch.zeros(4), 0, ["bins=0"]),
    (torch.full((4, 2), float("nan")), torch.zeros(4), 15, ["add up to 1"])])
def test_what_are_no_probabilities_is_refused(p, labels, bins, words):
    with refused(*words): expected_calibration_error(p, labels, bins)


# --- the baseline ---------------------------------------------------------------------------------------------------


def test_label_spreading_finds_blobs_from_one_label():
    split = load_dataset("blobs").label(per_class=1)
    assert baseline_label_spreading(split) < 0.05
    swapped = replace(split, y_labeled=(split.y_labeled + 1) % 4)
    assert baseline_label_spreading(swapped) > 0.95, "it believes the labels that it is given"


def test_label_spreading_on_digits_is_a_serious_baseline(split):
    error = baseline_label_spreading(split)
    assert error < 0.2 and error == baseline_label_spreading(split)
    assert round(error * 500, 6) == int(round(error * 500)), "a share of the 500 test images"
    scrambled = replace(split, x_unlabeled=torch.rand(1297, 1, 8, 8, generator=seeded(0)))
    assert baseline_label_spreading(scrambled) > error, "it uses the unlabeled samples"


# --- distances between sets of samples ------------------------------------------------------------------------------

feature_sets = st.integers(1, 4).flatmap(lambda f: st.tuples(*[st.integers(3, 12).flatmap(
    lambda n: arrays(np.float64, (n, f), elements=st.floats(-5, 5, width=16)))] * 2))


@given(feature_sets)
@some
def test_frechet_distance_is_its_formula(pair):
    "‖m - m'‖² + tr(C + C' - 2 (C C')^½). The root of a singular product is exact to √eps only."
    a, b = pair
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in pair]
    root = np.sqrt(np.clip(scipy.linalg.eigvals(covariances[0] @ covariances[1]).real, 0, None)).sum()
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root
    scale = 1 + np.trace(covariances[0]) + np.trace(covariances[1])
    assert frechet_distance(torch.from_numpy(a), torch.from_numpy(b)) == pytest.approx(expected, abs=1e-6 * scale)


@given(feature_sets, st.floats(-10, 10))
@some
def test_frechet_distance_is_a_squared_distance(pair, shift):
    a, b = (torch.from_numpy(x) for x in pair)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), abs=1e-9) and frechet_distance(a, b) > -1e-9
    assert frechet_distance(a, a + shift) == pytest.approx(a.shape[1] * shift**2, abs=1e-9 * (1 + shift**2))
    assert frechet_distance(a[torch.randperm(len(a), generator=seeded(0))], b) == pytest.approx(frechet_distance(a, b), abs=1e-9)


def test_frechet_distance_sees_the_spread():
    a = torch.tensor([[-1.0], [1.0]]).repeat(50, 1)
    variance = a.var().item()
    assert frechet_distance(a, 3 * a) == pytest.approx(variance * (3 - 1) ** 2, rel=1e-6)


@given(feature_sets.filter(lambda pair: min(map(len, pair)) > 3), st.integers(1, 3))
@some
def test_precision_and_recall_are_their_definitions(pair, k):
    real, generated = pair

    def share(x, others):
        radii = [sorted(np.linalg.norm(o - others, axis=1))[k] for o in others]
        return np.mean([any(np.linalg.norm(s - o) <= r + 1e-9 for o, r in zip(others, radii)) for s in x]), \
            np.mean([any(np.linalg.norm(s - o) <= r - 1e-9 for o, r in zip(others, radii)) for s in x])
    precision, recall = precision_recall(torch.from_numpy(real), torch.from_numpy(generated), k)
    for found, (most, least) in ((precision, share(generated, real)), (recall, share(real, generated))): assert least <= found <= most


def test_precision_and_recall_tell_quality_from_diversity():
    rng = seeded(0)
    real = torch.randn(200, 2, generator=rng)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 100) == (0, 0)
    collapsed = real[:1] + 0.01 * torch.randn(200, 2, generator=rng)
    precision, recall = precision_recall(real, collapsed)
    assert precision > 0.9 and recall < 0.1
    precision, recall = precision_recall(real, torch.cat([real[:100], real[:100] + 100]))
    assert precision == pytest.approx(0.5, abs=0.01) and recall > 0.6


@given(feature_sets)
@some
def test_nearest_real_is_the_nearest(pair):
    generated, real = pair
    distances, indices = nearest_real(torch.from_numpy(generated), torch.from_numpy(real))
    table = np.linalg.norm(generated[:, None] - real[None], axis=2)
    np.testing.assert_allclose(distances, table.min(1), atol=1e-6)
    np.testing.assert_allclose(table[np.arange(len(generated)), indices], table.min(1), atol=1e-6)


def test_copies_of_images_are_found(split):
    "Squares of norms are subtracted, so a distance of 0 comes out as √eps of the norm at most."
    distances, indices = nearest_real(split.x_unlabeled[[7, 3, 11]], split.x_unlabeled)
    assert indices.tolist() == [7, 3, 11] and distances.max() < 64 * math.sqrt(torch.finfo(torch.float32).eps)


@pytest.mark.parametrize("measure", [frechet_distance, precision_recall, nearest_real])
@pytest.mark.parametrize("a, b, words", [
    (torch.zeros(9, 3), torch.zeros(9, 4), ["(9, 3)", "(9, 4)"]), (torch.zeros(9, 3), torch.zeros(0, 3), ["9 and 0", "at least"]),
    (torch.full((9, 3), float("nan")), torch.zeros(9, 3), ["NaN"])], ids=["width", "empty", "NaN"])
def test_features_that_cannot_be_compared_are_refused(measure, a, b, words):
    with refused(*words): measure(a, b)


def test_too_few_samples_are_refused():
    with refused("at least 2"): frechet_distance(torch.zeros(1, 3), torch.zeros(9, 3))
    with refused("at least 4"): precision_recall(torch.zeros(3, 3), torch.zeros(9, 3))
    with refused("k=0"): precision_recall(torch.zeros(9, 3), torch.zeros(9, 3), k=0)


# --- quality of samples ---------------------------------------------------------------------------------------------


@pytest.fixture
def quick_reference(monkeypatch):
    "A reference classifier that is trained for a moment only."
    monkeypatch.setattr(evaluation, "REFERENCE_STEPS", 40)
    monkeypatch.setattr(evaluation, "_references", {})


class Made:
    "Stands for a model: what it generates is given."
    def __init__(self, dataset, samples):
        self.shape, self.kind, self.n_classes, self.samples = dataset.shape, dataset.kind, dataset.n_classes, samples

    def sample(self, n, seed=0): return self.samples[:n]


def test_sample_quality_tells_good_samples_from_bad(quick_reference):
    digits = load_dataset("digits")
    rng = seeded(0)
    good, copies, noise = digits.x_test.flip(0), digits.x_train, torch.rand(500, 1, 8, 8, generator=rng)
    collapsed = digits.x_test[:1] + 0.01 * torch.rand(500, 1, 8, 8, generator=rng)
    of_good, of_copies, of_noise, of_collapsed = (sample_quality(Made(digits, x), digits, n=400) for x in (good, copies, noise, collapsed))
    assert set(of_good) == {"n", "frechet", "frechet_floor", "precision", "recall", "nearest_ratio"} and of_good["n"] == 400
    assert of_good["frechet_floor"] == of_noise["frechet_floor"], "the floor doesn't depend on the model"
    assert of_good["frechet"] < 3 * of_good["frechet_floor"] < min(of_noise["frechet"], of_collapsed["frechet"])
    assert of_good["precision"] > 0.7 and of_good["recall"] > 0.7 and 0.8 < of_good["nearest_ratio"] < 1.2
    assert of_copies["nearest_ratio"] < 0.01, "copies are exposed"
    assert of_noise["precision"] < 0.3 and of_noise["nearest_ratio"] > 1.2
    assert of_collapsed["recall"] < 0.3
    known = replace(digits, x_test=digits.x_train[:200], y_test=digits.y_train[:200])
    assert sample_quality(Made(known, good), known, n=200)["nearest_ratio"] is None, "test samples that are training samples tell nothing"


def test_sample_quality_of_a_model_is_repeatable(quick_reference):
    split = load_dataset("blobs").label(per_class=2)
    model = trained(split, steps=3)
    found = sample_quality(model, load_dataset("blobs"), n=50)
    assert found == sample_quality(model, load_dataset("blobs"), n=50) and found != sample_quality(model, load_dataset("blobs"), n=50, seed=1)


def test_the_reference_is_trained_once_with_all_labels(quick_reference, monkeypatch):
    runs, meant = [], train
    monkeypatch.setattr(evaluation, "train", lambda model, split, steps: (runs.append((model.recipe.name, split.n_labeled, steps)), meant(model, split, steps))[1])
    blobs = load_dataset("blobs")
    features = reference_features(blobs)(blobs.x_test)
    assert torch.equal(features, reference_features(load_dataset("blobs"))(blobs.x_test)) and features.shape == (1000, 100)
    assert runs == [("supervised", 1000, 40)]
    mine = Dataset("mine", blobs.x_train[:200], blobs.y_train[:200], blobs.x_test, blobs.y_test, blobs.class_names, "points")
    reference_features(mine)
    assert runs[1:] == [("supervised", 200, 40)], "data of one's own have a reference of their own"


def test_sample_quality_refuses_what_it_cannot_measure(split):
    digits, moons = load_dataset("digits"), load_dataset("two-moons")
    with refused("'supervised'", "no generator"): sample_quality(SSGAN.for_split(split, "supervised"), digits)
    with refused("points", "(1, 8, 8)"): sample_quality(SSGAN.for_split(split), moons)
    with refused("3 samples", "at least 4"): sample_quality(SSGAN.for_split(split), digits, n=3)


def test_samples_that_repeat_real_ones_are_among_them():
    real = torch.randn(50, 250, generator=seeded(0)) * 5
    assert precision_recall(real, real.repeat(4, 1)) == (1, 1)


def test_your_own_data_are_judged_by_themselves():
    digits = load_dataset("digits")
    mine = replace(digits, x_train=1 - digits.x_train, x_test=1 - digits.x_test)
    features, logits = reference_features(mine), reference_features(mine).__self__.predict_logits
    assert mine.name == digits.name and (logits(mine.x_test).argmax(1) != mine.y_test).double().mean() < 0.1
    assert not torch.equal(features(mine.x_test), reference_features(digits)(mine.x_test))
