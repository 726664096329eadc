"""Figures: each is a value, not a state; what is drawn is what was given; what can't be drawn is refused."""
import io
import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from ssgan_edu.data import Dataset, SSGANError, load_dataset, seeded
from ssgan_edu.evaluation import confusion_matrix, expected_calibration_error, predict_proba
from ssgan_edu.plots import (colormap_of, plot_comparison, plot_confusion, plot_demo, plot_learning_curves, plot_nearest, plot_regions, plot_reliability, plot_samples)
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, train


@pytest.fixture(scope="module", autouse=True)
def without_a_screen():
    before = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.switch_backend(before)


@pytest.fixture(scope="module")
def digits(): return load_dataset("digits").label(per_class=1)


@pytest.fixture(scope="module")
def moons(): return load_dataset("two-moons").label(per_class=3)


@pytest.fixture(scope="module")
def model(moons):
    model = SSGAN.for_split(moons)
    for _ in train(model, moons, steps=5): pass
    return model


def records(n: int) -> list[dict]:
    return [{"step": i + 1, "supervised": 1 / (i + 1), "unsupervised": 0.7, "feature_matching": 10.0**-i, "gradient of the discriminator": 2.0} |
            ({"teacher": 0.1 * i} if i >= n // 2 else {}) for i in range(n)]


CURVES = {"supervised": [([1, 50, 100], [0.9, 0.5, 0.4]), ([1, 50, 100], [0.8, 0.45, 0.38])], "improved": [([1, 50, 100], [0.9, 0.3, 0.2]), ([1, 50, 100], [0.8, 0.25, 0.22])]}
SUMMARY = {"supervised": (0.61, 0.014), "improved": (0.79, 0.014), "LabelSpreading (scikit-learn)": (0.75, 0.02)}

DRAWN = {
    "samples": lambda digits, moons, model: plot_samples(digits.x_test[:23]),
    "color samples": lambda digits, moons, model: plot_samples(torch.rand(5, 3, 6, 4, generator=seeded(0))),
    "learning curves": lambda digits, moons, model: plot_learning_curves(records(40)),
    "one record": lambda digits, moons, model: plot_learning_curves(records(1)),
    "confusion": lambda digits, moons, model: plot_confusion(confusion_matrix(model, moons), moons.class_names),
    "reliability": lambda digits, moons, model: plot_reliability(predict_proba(model, moons, moons.x_test), moons.y_test),
    "regions": lambda digits, moons, model: plot_regions(model, moons),
    "nearest": lambda digits, moons, model: plot_nearest(digits.x_test[:4], digits.x_unlabeled[:4]),
    "comparison": lambda digits, moons, model: plot_comparison({"improved": [0.1, 0.2, 0.15], "mine": [0.3]}),
    "demo": lambda digits, moons, model: plot_demo(digits, digits.x_test[:60], CURVES, SUMMARY),
}
every_figure = pytest.mark.parametrize("name", DRAWN)


def image(ax) -> np.ndarray: return np.asarray(ax.images[0].get_array())


def texts(figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


@every_figure
def test_a_figure_is_a_value_and_leaves_no_state(digits, moons, model, name):
    before, other = dict(matplotlib.rcParams), plt.figure()
    figure = DRAWN[name](digits, moons, model)
    assert isinstance(figure, Figure) and plt.get_fignums() == [other.number], "pyplot holds no figure of ours, and keeps those of others"
    plt.close(other)
    assert dict(matplotlib.rcParams) == before
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    assert plt.imread(io.BytesIO(buffer.getvalue())).std() > 0.02, "something is on it"


@every_figure
def test_axes_say_what_they_show(digits, moons, model, name):
    for ax in DRAWN[name](digits, moons, model).axes:
        if ax.axison: assert ax.get_ylabel() or ax.get_yticklabels()[0].get_text(), "a name for the values"
        if ax.axison and ax.get_xticklabels() and ax.xaxis.get_tick_params()["labelbottom"]: assert ax.get_xlabel()


@every_figure
def test_drawing_uses_no_random_numbers_of_others(digits, moons, model, name):
    torch.manual_seed(0); np.random.seed(0)
    expected = torch.rand(2), np.random.rand(2)
    torch.manual_seed(0); np.random.seed(0)
    DRAWN[name](digits, moons, model)
    assert torch.equal(torch.rand(2), expected[0]) and np.array_equal(np.random.rand(2), expected[1])


def test_an_error_leaves_no_open_figure(digits):
    before = dict(matplotlib.rcParams)
    for wrong in (lambda: plot_samples(torch.zeros(3, 2, 4, 4)), lambda: plot_nearest(torch.zeros(2, 2, 4, 4), torch.zeros(2, 2, 4, 4)),
                  lambda: plot_demo(digits, torch.zeros(3, 4), CURVES, SUMMARY)):
        with pytest.raises(SSGANError): wrong()
    assert plt.get_fignums() == [] and dict(matplotlib.rcParams) == before


# --- what is drawn --------------------------------------------------------------------------------------------------


def test_images_lie_in_rows():
    x = torch.arange(7).float().div(10).view(7, 1, 1, 1).expand(7, 1, 4, 5)
    tiles = image(plot_samples(x, columns=3).axes[0])
    rows, columns = 3 * 4 + 2, 3 * 5 + 2
    assert tiles.shape == (rows, columns)
    for i in range(7):
        top, left = i // 3 * 5, i % 3 * 6
        np.testing.assert_allclose(tiles[top:top + 4, left:left + 5], i / 10, atol=1e-6)
    assert np.isnan(tiles[4]).all() and np.isnan(tiles[:, 5]).all() and np.isnan(tiles[10:, 6:]).all(), "gaps and missing images are paper"


def test_color_images_keep_their_colors():
    x = torch.zeros(2, 3, 4, 4)
    x[0, 0], x[1, 2] = 1, 1
    tiles = image(plot_samples(x).axes[0])
    assert tiles.shape == (4, 9, 3) and tiles[0, 0].tolist() == [1, 0, 0] and tiles[3, 8].tolist() == [0, 0, 1] and tiles[0, 4].tolist() == [1, 1, 1]


def test_pixels_are_shown_on_one_scale():
    "0 is white and 1 is black, whatever the range of the samples."
    for x in (torch.full((2, 1, 4, 4), 0.5), torch.full((2, 1, 4, 4), 0.1)):
        shown = plot_samples(x).axes[0].images[0]
        assert shown.get_clim() == (0, 1) and shown.cmap(0.0)[:3] == (1, 1, 1) and shown.cmap(1.0)[:3] == (0, 0, 0)


@pytest.mark.parametrize("cmap", ["gray_r", "gray", "viridis"])
def test_between_images_is_white_in_every_colormap(cmap):
    shown = plot_samples(torch.full((2, 1, 4, 4), 0.3), cmap=cmap).axes[0].images[0]
    colors = shown.to_rgba(shown.get_array())
    assert colors[0, 4, 3] == 0, "the gap has no color of its own: the paper is seen"
    assert tuple(colors[0, 0]) == matplotlib.colormaps[cmap](0.3)


def test_pictures_of_ones_own_are_no_negatives(digits):
    assert [colormap_of(name) for name in ("digits", "mnist", "spoken-digits", "runs/my-pictures")] == ["gray_r"] * 3 + ["gray"]
    mine = Dataset("pets", digits.x_test, digits.y_test, digits.x_test, digits.y_test, digits.class_names).label(per_class=1)
    figures = (plot_samples(digits.x_test[:2], cmap="gray"), plot_nearest(digits.x_test[:2], digits.x_test[:2], cmap="gray"), plot_demo(mine, digits.x_test[:9], CURVES, SUMMARY))
    shown = [image for figure in figures for image in figure.findobj(matplotlib.image.AxesImage)]
    assert len(shown) == 5 and all(image.cmap(1.0)[:3] == (1, 1, 1) for image in shown), "1 is light"
    assert {image.cmap(1.0)[:3] for image in plot_demo(digits, digits.x_test[:9], CURVES, SUMMARY).findobj(matplotlib.image.AxesImage)} == {(0, 0, 0)}, "1 is ink"


def test_each_value_of_the_records_has_a_panel():
    figure = plot_learning_curves(iter(records(40)), smooth=5)
    panels = {ax.get_title(loc="left"): ax for ax in figure.axes}
    assert set(panels) == {"supervised", "unsupervised", "feature_matching", "gradient of the discriminator", "teacher"}
    raw, mean = panels["supervised"].lines[:2]
    assert raw.get_xdata().tolist() == list(range(1, 41)) and raw.get_ydata().tolist() == [1 / i for i in range(1, 41)]
    assert mean.get_xdata()[-1] == 40 and mean.get_ydata()[-1] == pytest.approx(np.mean([1 / i for i in range(36, 41)]))
    assert panels["teacher"].lines[0].get_xdata().tolist() == list(range(21, 41)), "a term that came later is drawn where it was"
    assert any(np.allclose(line.get_ydata(), math.log(2)) for line in panels["unsupervised"].lines), "the level of indifference is marked"
    assert not any(np.allclose(line.get_ydata(), math.log(2)) for line in panels["supervised"].lines)


def test_confusion_shows_every_count():
    matrix = torch.tensor([[5, 1, 0], [0, 0, 0], [2, 0, 7]])
    ax = plot_confusion(matrix, ("a", "b", "c")).axes[0]
    shown = {t.get_position(): int(t.get_text()) for t in ax.texts}
    assert shown == {(0, 0): 5, (1, 0): 1, (0, 2): 2, (2, 2): 7}, "columns are predicted, rows are true"
    np.testing.assert_allclose(image(ax), [[5 / 6, 1 / 6, 0], [0, 0, 0], [2 / 9, 0, 7 / 9]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"] and (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_reliability_counts_every_prediction():
    p = torch.rand(200, 3, generator=seeded(0)).softmax(1)
    labels = torch.randint(3, (200,), generator=seeded(1))
    figure = plot_reliability(p, labels, bins=10)
    bars = [bar.get_height() for ax in figure.axes for bar in ax.patches]
    assert sum(bars) == 200 and len(bars) == 10
    assert f"{expected_calibration_error(p, labels, 10):.3f}" in texts(figure)


def test_regions_show_every_labeled_sample(model, moons):
    ax = plot_regions(model, moons).axes[0]
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    for k, name in enumerate(moons.class_names):
        np.testing.assert_allclose(lines[f"labeled {name}"], moons.x_labeled[moons.y_labeled == k], atol=1e-6)
    assert len(lines["unlabeled"]) == 1000 and len(lines["generated"]) >= 100
    supervised = SSGAN.for_split(moons, "supervised")
    assert "generated" not in {line.get_label() for line in plot_regions(supervised, moons).axes[0].lines}
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < moons.x_unlabeled[:, 0].min() and right > moons.x_unlabeled[:, 0].max() and low < moons.x_unlabeled[:, 1].min() and high > moons.x_unlabeled[:, 1].max()


def test_regions_are_those_that_the_model_predicts(moons):
    class Half:
        "Says B to the right of 0."
        shape, kind, n_classes, recipe = (2,), "points", 2, RECIPES["supervised"]
        def predict_logits(self, x): return torch.stack([torch.zeros(len(x)), 100 * x[:, 0]], 1)
    ax = plot_regions(Half(), moons).axes[0]
    boundary = np.concatenate([path.vertices for line in ax.collections if not line.get_facecolor().size for path in line.get_paths()])
    assert len(boundary) > 10 and np.abs(boundary[:, 0]).max() < 0.05, "the line between the classes"


def test_nearest_puts_each_neighbor_below_its_sample(digits):
    above, below = plot_nearest(digits.x_test[:3], digits.x_unlabeled[:3]).axes
    assert "generated" in above.get_title(loc="left") and "training" in below.get_title(loc="left")
    for ax, x in ((above, digits.x_test), (below, digits.x_unlabeled)):
        np.testing.assert_allclose(image(ax)[:, :8], x[0, 0], atol=1e-6)
        np.testing.assert_allclose(image(ax)[:, 9:17], x[1, 0], atol=1e-6)


def test_comparison_writes_mean_and_spread():
    figure = plot_comparison({"supervised": [0.30, 0.40], "improved": [0.1]})
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["supervised", "improved"]
    assert "35.0 ± 7.1" in texts(figure), "the sample deviation of 30 and 40"
    assert "10.0" in texts(figure) and "10.0 ±" not in texts(figure), "one value has no spread"
    assert ax.get_xlim()[0] == 0 and "%" in ax.get_xlabel()
    ticks = [line for line in ax.lines if line.get_marker() == "|" and len(line.get_xdata()) and np.allclose(line.get_xdata(), [30, 40][:len(line.get_xdata())])]
    assert len(ticks) == 1, "every run is drawn"


def test_demo_says_what_the_unlabeled_images_bought(digits):
    figure = plot_demo(digits, digits.x_test[:60], CURVES, SUMMARY)
    said = texts(figure)
    assert "10 label" in said and "1,297 unlabeled" in said and "39" in figure.get_suptitle() and "21" in figure.get_suptitle()
    for name, (mean, _) in SUMMARY.items(): assert name.split(" (")[0] in said and f"{100 * (1 - mean):.1f}" in said
    drawn = [tuple(np.round(line.get_ydata(), 6)) for ax in figure.findobj(matplotlib.axes.Axes) for line in ax.lines]
    for runs in CURVES.values():
        for _, errors in runs: assert tuple(np.round(100 * np.array(errors), 6)) in drawn


# --- what is refused ------------------------------------------------------------------------------------------------

SPACE = Dataset("space", torch.zeros(4, 3), torch.arange(4) % 2, torch.zeros(2, 3), torch.arange(2), ("a", "b"), "points").label(per_class=1)

REFUSED = {
    "no images": (lambda digits, model: plot_samples(torch.zeros(0, 1, 4, 4)), ["(0, 1, 4, 4)"]),
    "vectors": (lambda digits, model: plot_samples(torch.zeros(5, 16)), ["(5, 16)", "(N, C, H, W)"]),
    "two channels": (lambda digits, model: plot_samples(torch.zeros(5, 2, 4, 4)), ["1 or 3 channels"]),
    "no columns": (lambda digits, model: plot_samples(torch.zeros(5, 1, 4, 4), columns=0), ["columns=0"]),
    "no records": (lambda digits, model: plot_learning_curves([]), ["nothing to plot", "train("]),
    "names missing": (lambda digits, model: plot_confusion(torch.zeros(3, 3), ("a", "b")), ["(3, 3)", "2 class names"]),
    "logits": (lambda digits, model: plot_reliability(torch.randn(4, 3), torch.zeros(4)), ["softmax(1)"]),
    "images on the plane": (lambda digits, model: plot_regions(model, digits), ["image", "(1, 8, 8)", "plot_samples"]),
    "points of space": (lambda digits, model: plot_regions(SSGAN.for_split(SPACE), SPACE), ["points of the plane", "(3,)"]),
    "neighbors missing": (lambda digits, model: plot_nearest(digits.x_test[:3], digits.x_test[:2]), ["3 samples, 2 neighbors"]),
    "nothing to compare": (lambda digits, model: plot_comparison({}), ["at least one value"]),
    "a name without values": (lambda digits, model: plot_comparison({"a": [0.1], "b": []}), ["at least one value"]),
    "a recipe without summary": (lambda digits, model: plot_demo(digits, digits.x_test[:3], CURVES, {"supervised": (0.6, 0.1)}), ["improved", "supervised"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused(digits, model, case):
    wrong, words = REFUSED[case]
    with pytest.raises(SSGANError) as caught: wrong(digits, model)
    message = str(caught.value)
    assert "\n" not in message and [word for word in words if word not in message] == [], message
