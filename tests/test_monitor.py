"""The monitor names what goes wrong, keeps quiet where nothing does, and changes nothing."""
import math
from dataclasses import replace

import ipywidgets
import pytest
import torch

from ssgan_edu import monitor
from ssgan_edu.data import SSGANError, load_dataset
from ssgan_edu.monitor import COLLAPSED, SETTLED, diagnose, plot_monitor, variety, watch
from ssgan_edu.recipes import RECIPES, Update
from ssgan_edu.training import SSGAN, train, weights_sha256

IMPROVED = RECIPES["improved"]
SPOILT = {
    "the discriminator has won": replace(IMPROVED, generator_learning_rate=1e-6),
    "collapse": replace(IMPROVED, updates=(IMPROVED.updates[0], Update("generator", {"feature_matching": 1.0, "pull_away": -3.0}))),
    "diverging": replace(IMPROVED, learning_rate=10.0),
}


@pytest.fixture(scope="module")
def split(): return load_dataset("digits").label(per_class=10)


@pytest.fixture(scope="module")
def real(split): return split.x_unlabeled[:100]


def found(recipe, split, seed=0) -> set[str]:
    model = SSGAN.for_split(split, recipe, seed=seed)
    records = list(train(model, split, 400))
    return {finding.name for finding in diagnose(records, split.n_classes, model.sample(100), split.x_unlabeled[:100])}


@pytest.mark.parametrize("name", SPOILT)
def test_a_provoked_failure_is_named(name, split):
    assert name in found(SPOILT[name], split, seed=1)


@pytest.mark.parametrize("recipe", ["improved", "best", "sgan", "gan", "consistency"])
def test_a_healthy_run_is_not_accused(recipe, split):
    model = SSGAN.for_split(split, recipe, seed=1)
    records = list(train(model, split, 400))
    assert diagnose(records, 10, model.sample(100) if model.recipe.generates else None, split.x_unlabeled[:100]) == []


def records(n=100, **values): return [{"step": i + 1, **values} for i in range(n)]


@pytest.mark.parametrize("loss, name", [(0.0, "the discriminator has won"), (0.006, "the discriminator has won"), (0.008, None), (math.log(2), None),
                                        (2 * math.log(2) - 0.01, None), (2 * math.log(2) + 0.01, "diverging")])
@pytest.mark.parametrize("term", ["unsupervised", "unsupervised_k_plus_1"])
def test_thresholds_of_the_unsupervised_loss(loss, name, term):
    assert [f.name for f in diagnose(records(**{term: loss}), 10)] == ([name] if name else [])


@pytest.mark.parametrize("n_classes", [2, 10])
def test_guessing_is_divergence(n_classes):
    assert diagnose(records(supervised=math.log(n_classes) - 0.01), n_classes) == []
    [finding] = diagnose(records(supervised=math.log(n_classes) + 0.01), n_classes)
    assert finding.name == "diverging" and f"among {n_classes} classes" in finding.evidence and finding.step == 100 and finding.remedy


def test_only_the_last_quarter_counts_and_one_outlier_does_not():
    early = [{"step": i + 1, "unsupervised": 5.0} for i in range(75)] + [{"step": i + 1, "unsupervised": 0.5} for i in range(75, 100)]
    assert diagnose(early, 10) == []
    assert diagnose([*records(99, unsupervised=0.5), {"step": 100, "unsupervised": 1e9}], 10) == []
    assert diagnose(records(19, unsupervised=0.0), 10) == []


def test_collapse_is_judged_once_the_generator_has_settled(real):
    alike = real[:1] + 0.01 * torch.randn(50, *real.shape[1:], generator=torch.Generator().manual_seed(0))
    assert variety(alike, real) < COLLAPSED
    assert diagnose(records(SETTLED - 1, unsupervised=0.5), 10, alike, real) == []
    assert [f.name for f in diagnose(records(SETTLED, unsupervised=0.5), 10, alike, real)] == ["collapse"]


def test_variety_has_no_unit(real):
    assert variety(real, real) == pytest.approx(1)
    assert variety(7 * real[:50], 7 * real) == pytest.approx(variety(real[:50], real))
    assert variety(real[:1].expand(9, -1, -1, -1), real) == 0
    assert math.isfinite(variety(real[:9], real[:1].expand(9, -1, -1, -1)))


def test_watching_passes_every_record_on_and_changes_no_bit(split, monkeypatch):
    shown = []
    monkeypatch.setattr(monitor, "display", shown.append)
    plain, watched = (SSGAN.for_split(split, "improved", seed=3) for _ in range(2))
    expected = list(train(plain, split, 60))
    assert list(watch(train(watched, split, 60), watched, split, every=20)) == expected
    assert weights_sha256(watched) == weights_sha256(plain)
    [box] = shown
    assert isinstance(box.children[0], ipywidgets.HTML) and box.children[0].value.startswith("step 60: ") and box.children[1].value.tobytes().startswith(b"\x89PNG")


def test_the_sentence_names_the_failure(split, monkeypatch):
    shown = []
    monkeypatch.setattr(monitor, "display", shown.append)
    model = SSGAN.for_split(split, SPOILT["the discriminator has won"])
    for _ in watch(train(model, split, 200), model, split, every=200): pass
    assert "the discriminator has won" in shown[0].children[0].value


@pytest.mark.parametrize("samples", [None, torch.rand(50, 1, 8, 8), torch.rand(50, 3, 8, 8), torch.rand(50, 2), torch.rand(50, 12, 27)], ids=lambda s: str(s is not None and tuple(s.shape)))
@pytest.mark.parametrize("keys", [("supervised",), ("unsupervised", "supervised", "gradient of the generator"), ()], ids=str)
def test_the_picture_of_any_run(keys, samples):
    figure = plot_monitor(records(**dict.fromkeys(keys, 0.5)), samples=samples)
    figure.canvas.draw()
    assert "nothing found" in figure.get_suptitle()


@pytest.mark.parametrize("wrong, words", [
    (lambda real: diagnose([], 10), ["no record"]), (lambda real: plot_monitor([]), ["nothing to plot"]),
    (lambda real: variety(real[:1], real), ["(1, 1, 8, 8)", "at least two"]), (lambda real: variety(real.flatten(1), real), ["(100, 64)", "same shape"]),
    (lambda real: next(watch([], None, None, every=0)), ["every=0"])])
def test_wrong_input_is_refused(wrong, words, real):
    with pytest.raises(SSGANError) as caught: wrong(real)
    assert [word for word in words if word not in str(caught.value)] == []
