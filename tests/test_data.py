"""Data and labels: every draw is balanced, nested and seeded, and what can't be used is refused before anything is trained."""
import dataclasses
import hashlib
import shutil
import threading
from collections import Counter
from functools import partial
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from ssgan_edu import data
from ssgan_edu.data import DATASETS, DataError, Dataset, UnknownNameError, augment, batch_indices, load_dataset, lookup, seeded, verified_bytes
import support

refused = partial(support.refused, kind=DataError)

some = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 1000)


def numbered(sizes: list[int], n_unknown: int = 0) -> Dataset:
    "Points whose first coordinate is their number, so a drawn sample tells which it is; `sizes` counts the samples of each class."
    y = torch.tensor([k for k, size in enumerate(sizes) for _ in range(size)] + [-1] * n_unknown)
    y = y[torch.randperm(len(y), generator=seeded(0, "shuffle"))]
    x = torch.stack([torch.arange(len(y)), torch.zeros(len(y))], 1)
    return Dataset("numbered", x, y, torch.zeros(2, 2), torch.tensor([0, 1]), tuple("ABCDEFGH"[:len(sizes)]), "points")


def numbers(x: torch.Tensor) -> list[int]:
    return x[:, 0].long().tolist()


several_sizes = st.lists(st.integers(1, 12), min_size=2, max_size=5)
digits = pytest.fixture(scope="module")(lambda: load_dataset("digits"))


# --- draws ----------------------------------------------------------------------------------------------------------


@given(several_sizes, st.integers(0, 6), seeds, st.data())
@some
def test_a_draw_gives_each_sample_one_place(sizes, n_unknown, seed, data):
    dataset = numbered(sizes, n_unknown)
    n = data.draw(st.integers(len(sizes), sum(sizes)))
    validation = data.draw(st.integers(0, sum(sizes) - n))
    exclude = data.draw(st.booleans())
    everything = set(range(len(dataset.y_train)))
    assume(len(everything) > validation + exclude * n)
    split = dataset.label(n=n, seed=seed, validation=validation, exclude_labeled=exclude)
    labeled, unlabeled, held_out = (numbers(x) for x in (split.x_labeled, split.x_unlabeled, split.x_validation))
    for part in (labeled, unlabeled, held_out): assert len(part) == len(set(part))
    assert len(labeled) == n == split.n_labeled and len(held_out) == validation
    assert not set(labeled) & set(held_out) and not set(unlabeled) & set(held_out)
    assert set(unlabeled) == everything - set(held_out) - (set(labeled) if exclude else set())
    assert split.y_labeled.tolist() == dataset.y_train[labeled].tolist() and min(split.y_labeled) >= 0
    assert split.y_validation.tolist() == dataset.y_train[held_out].tolist()
    assert split.x_test is dataset.x_test and split.seed == seed


@given(several_sizes, seeds, st.data())
@some
def test_balanced_draws_take_classes_in_turn_as_long_as_they_last(sizes, seed, data):
    n = data.draw(st.integers(len(sizes), sum(sizes)))
    drawn = Counter(numbered(sizes).label(n=n, seed=seed).y_labeled.tolist())
    most = max(drawn.values())
    assert [k for k, size in enumerate(sizes) if drawn[k] < min(size, most - 1)] == []


@pytest.mark.parametrize("per_class", [1, 2, 10, 50])
def test_per_class_is_exact(digits, per_class):
    assert digits.label(per_class=per_class, seed=3).y_labeled.bincount().tolist() == [per_class] * 10


@given(several_sizes, seeds, st.booleans(), st.data())
@some
def test_a_larger_draw_contains_the_smaller(sizes, seed, exclude, data):
    dataset = numbered(sizes, 1)
    small, large = sorted(data.draw(st.integers(len(sizes), sum(sizes))) for _ in range(2))
    one, other = (dataset.label(n=n, seed=seed, exclude_labeled=exclude) for n in (small, large))
    assert numbers(other.x_labeled)[:small] == numbers(one.x_labeled)
    assert torch.equal(other.y_labeled[:small], one.y_labeled)


def test_the_seed_fixes_the_draw(digits):
    first, again, other = (digits.label(per_class=5, seed=seed, validation=50) for seed in (1, 1, 2))
    for field in dataclasses.fields(first):
        if isinstance(value := getattr(first, field.name), torch.Tensor): assert torch.equal(value, getattr(again, field.name))
    assert not torch.equal(first.x_labeled, other.x_labeled) and not torch.equal(first.x_validation, other.x_validation)


def test_draws_of_different_seeds_are_independent(digits):
    "Of 30 labels in 1,297 two draws share 0.7 on average; a seed that reused the first images would share all."
    draws = [{x.numpy().tobytes() for x in digits.label(per_class=3, seed=seed).x_labeled} for seed in range(10)]
    shared = [len(a & b) for i, a in enumerate(draws) for b in draws[:i]]
    assert 0.2 < np.mean(shared) < 1.5


def test_a_draw_leaves_the_global_random_state_alone(digits):
    torch.manual_seed(0); np.random.seed(0)
    expected = torch.rand(3), np.random.rand(3)
    torch.manual_seed(0); np.random.seed(0)
    digits.label(per_class=1); load_dataset("blobs"); batch_indices(10, 5, 3, 0, "x")
    assert torch.equal(torch.rand(3), expected[0]) and np.array_equal(np.random.rand(3), expected[1])


@pytest.mark.parametrize("fraction, n", [(0.01, 13), (0.1, 130), (0.5, 648), (1, 1297), (1.0, 1297)])
def test_fraction_counts_labels(digits, fraction, n):
    split = digits.label(fraction=fraction)
    counts = split.y_labeled.bincount(minlength=10)
    assert split.n_labeled == n and split.n_unlabeled == 1297
    assert counts.max() - counts.min() <= (1 if fraction < 1 else 6)


def test_unknown_labels_are_never_drawn_and_count_for_no_fraction():
    dataset = numbered([4, 4], n_unknown=40)
    split = dataset.label(fraction=1.0)
    assert split.n_labeled == 8 and split.n_unlabeled == 48 and split.y_labeled.bincount().tolist() == [4, 4]


def test_unbalanced_draw_follows_the_data():
    dataset = numbered([40, 400])
    balanced, natural = (dataset.label(n=44, balanced=b).y_labeled.bincount().tolist() for b in (True, False))
    assert balanced == [22, 22] and natural[0] < 15


def test_validation_looks_like_the_data_and_not_like_its_largest_class():
    "A third class as large as four others: choosing hyper-parameters on it alone would be blind to the rest."
    counts = numbered([100, 100, 400]).label(per_class=5, validation=100).y_validation.bincount(minlength=3)
    assert counts[:2].min() >= 5 and counts[2] >= 5, counts


def test_no_field_of_a_split_holds_labels_of_unlabeled_samples(digits):
    split = digits.label(per_class=2, validation=30)
    lengths = {field.name: len(value) for field in dataclasses.fields(split)
               if isinstance(value := getattr(split, field.name), torch.Tensor) and not value.is_floating_point()}
    assert lengths == {"y_labeled": 20, "y_validation": 30, "y_test": 500}


def test_split_says_what_it_is(digits):
    split = digits.label(per_class=2, validation=30, seed=4)
    assert repr(split) == "Split of digits: 20 labeled, 1267 unlabeled, 30 validation, 500 test; shape (1, 8, 8), seed 4"
    assert (split.dataset, split.kind, split.shape, split.n_classes) == ("digits", "image", (1, 8, 8), 10)


# --- labels that can't be drawn -------------------------------------------------------------------------------------

DRAWS_REFUSED = {
    "fraction 0": (dict(fraction=0), ["fraction=0", "(0, 1]"]),
    "fraction below 0": (dict(fraction=-0.1), ["fraction=-0.1", "(0, 1]"]),
    "fraction above 1": (dict(fraction=1.5), ["fraction=1.5", "(0, 1]"]),
    "fraction NaN": (dict(fraction=float("nan")), ["nan", "(0, 1]"]),
    "fraction of too few": (dict(fraction=0.005), ["fraction=0.005", "6 labels", "10 classes", "at least 10"]),
    "fewer than classes": (dict(n=9), ["n=9", "10 classes", "at least 10"]),
    "negative": (dict(n=-5), ["n=-5", "at least 10"]),
    "none per class": (dict(per_class=0), ["per_class=0", "at least 1"]),
    "more per class than there are": (dict(per_class=129), ["per_class=129", "'digits'", "at most 126"]),
    "more than there are": (dict(n=1298), ["1298", "1297", "fewer"]),
    "labels and validation": (dict(n=1000, validation=298), ["1000", "298", "1297"]),
    "negative validation": (dict(n=10, validation=-5), ["validation=-5"]),
    "a class without label": (dict(n=10, balanced=False), ["class", "balanced=True"]),
    "half a label": (dict(per_class=2.5), ["per_class=2.5", "whole number", "per_class=10"]),
    "a float of labels": (dict(n=10.0), ["n=10.0", "whole number", "n=10"]),
    "a float of validation samples": (dict(n=10, validation=2.0), ["validation=2.0", "whole number"]),
    "a float of unlabeled samples": (dict(n=10, unlabeled=20.0), ["unlabeled=20.0", "whole number"]),
    "nothing asked": (dict(), ["none", "label(per_class=10)"]),
    "two things asked": (dict(n=10, fraction=0.5), ["fraction, n", "exactly one"]),
    "no unlabeled sample left": (dict(fraction=1.0, exclude_labeled=True), ["No unlabeled sample", "exclude_labeled=False"]),
}


@pytest.mark.parametrize("case", DRAWS_REFUSED)
def test_a_draw_that_cannot_be_is_refused(digits, case):
    asked, words = DRAWS_REFUSED[case]
    with refused(*words): digits.label(**asked)


def test_whole_numbers_of_numpy_are_whole_numbers(digits):
    split = digits.label(per_class=np.int64(2), validation=np.int32(3), unlabeled=np.int64(20))
    assert (split.n_labeled, len(split.x_validation), split.n_unlabeled) == (20, 3, 20)


def test_most_per_class_is_the_number_that_the_message_names(digits):
    assert digits.label(per_class=126).n_labeled == 1260


def test_a_class_of_which_no_label_is_known_is_named():
    dataset = numbered([3, 0, 3], n_unknown=5)
    with refused("class B", "more labels"): dataset.label(n=3)
    with refused("per_class=1", "0 labels"): dataset.label(per_class=1)


# --- samples that can't be used -------------------------------------------------------------------------------------


def parts(**changed) -> dict:
    return dict(name="mine", x_train=torch.full((6, 1, 8, 8), 0.5), y_train=torch.arange(6) % 3, x_test=torch.zeros(3, 1, 8, 8),
                y_test=torch.arange(3), class_names=tuple("ABC")) | changed


def spoiled(value: float, part: str = "x_train") -> dict:
    x = parts()[part].clone()
    x[2, 0, 7, 0] = value
    return {part: x}


SAMPLES_REFUSED = {
    "NaN": (spoiled(float("nan")), ["training", "'mine'", "NaN or infinite", "sample 2"]),
    "infinite": (spoiled(float("inf")), ["NaN or infinite", "sample 2"]),
    "minus infinite": (spoiled(float("-inf")), ["NaN or infinite"]),
    "NaN in the test part": (spoiled(float("nan"), "x_test"), ["test part", "NaN"]),
    "pixels to 255": (spoiled(255.0), ["from 0.5 to 255", "[0, 1]", "divide"]),
    "pixels below 0": (spoiled(-1.0), ["from -1", "[0, 1]"]),
    "numpy samples": (dict(x_train=np.zeros((6, 1, 8, 8), np.float32)), ["x_train", "numpy.ndarray", "torch.as_tensor(x_train)"]),
    "a list of labels": (dict(y_test=[0, 1, 2]), ["y_test", "list", "torch.as_tensor(y_test)"]),
    "bytes": (dict(x_train=torch.zeros(6, 1, 8, 8, dtype=torch.uint8)), ["uint8", "255"]),
    "double precision": (dict(x_train=torch.zeros(6, 1, 8, 8).double(), x_test=torch.zeros(3, 1, 8, 8).double()), ["float64", "float32"]),
    "label too large": (dict(y_train=torch.tensor([0, 1, 2, 3, 0, 1])), ["training", "0 to 3", "3 classes", "0 to 2"]),
    "label below -1": (dict(y_test=torch.tensor([0, 1, -2])), ["test", "-2 to 1", "−1 for unknown"]),
    "float labels": (dict(y_train=torch.tensor([0.0, 1, 2, 0, 1, 2])), ["float32", "int64"]),
    "labels missing": (dict(y_train=torch.arange(5) % 3), ["6 samples", "5 labels"]),
    "one class": (dict(class_names=("A",), y_train=torch.zeros(6).long(), y_test=torch.zeros(3).long()), ["1 classes", "at least 2"]),
    "two shapes": (dict(x_test=torch.zeros(3, 1, 8, 9)), ["(1, 8, 8)", "(1, 8, 9)"]),
    "unknown kind": (dict(kind="video"), ["'video'", "image, points, sequence"]),
    "images without channels": (dict(x_train=torch.zeros(6, 8, 8), x_test=torch.zeros(3, 8, 8)), ["(8, 8)", "(C, H, W)"]),
    "sequences without symbols": (dict(kind="sequence", x_train=torch.zeros(6, 8), x_test=torch.zeros(3, 8)), ["(8,)", "(L, V)"]),
}


@pytest.mark.parametrize("case", SAMPLES_REFUSED)
def test_samples_that_would_spoil_training_are_refused(case):
    changed, words = SAMPLES_REFUSED[case]
    Dataset(**parts())
    with refused(*words): Dataset(**parts(**changed))


@given(st.integers(0, 5), st.integers(0, 63), st.sampled_from([float("nan"), float("inf"), float("-inf")]))
@some
def test_one_bad_pixel_anywhere_is_found(sample, pixel, value):
    x = parts()["x_train"]
    x.view(6, 64)[sample, pixel] = value
    with refused(f"sample {sample}."): Dataset(**parts(x_train=x))


def test_points_may_lie_anywhere_and_labels_may_be_unknown():
    x = torch.tensor([[-100.0, 3.0], [7.0, 1e6]])
    assert Dataset("p", x, torch.tensor([-1, -1]), x, torch.tensor([0, 1]), ("A", "B"), "points").shape == (2,)


# --- the table ------------------------------------------------------------------------------------------------------

SMALL = {"digits": ("image", (1, 8, 8), 10, 1297, 500), "two-moons": ("points", (2,), 2, 1000, 1000), "rings": ("points", (2,), 2, 1000, 1000),
         "pinwheel": ("points", (2,), 5, 1000, 1000), "blobs": ("points", (2,), 4, 1000, 1000)}


def test_the_table_of_data_sets():
    assert list(DATASETS) == ["digits", "mnist", "words", "tunes", "spoken-digits", "two-moons", "rings", "pinwheel", "blobs", "fashion-mnist", "svhn", "cifar10"]


@pytest.mark.parametrize("name", SMALL)
def test_small_data_sets_are_what_the_table_says(name):
    kind, shape, n_classes, n_train, n_test = SMALL[name]
    dataset, again = load_dataset(name), load_dataset(name)
    assert (dataset.name, dataset.kind, dataset.shape, dataset.n_classes) == (name, kind, shape, n_classes)
    assert (len(dataset.x_train), len(dataset.x_test)) == (n_train, n_test)
    assert dataset.x_train.dtype == torch.float32 and dataset.y_train.dtype == torch.int64
    assert torch.equal(dataset.x_train, again.x_train) and torch.equal(dataset.y_test, again.y_test)
    for y in (dataset.y_train, dataset.y_test):
        share = y.bincount(minlength=n_classes) / len(y)
        assert (share - 1 / n_classes).abs().max() < 0.01, "the parts are drawn in proportion to the classes"


@pytest.mark.parametrize("name", [name for name in SMALL if name != "digits"])
def test_toys_are_standardized_and_separable(name):
    dataset = load_dataset(name)
    x = torch.cat([dataset.x_train, dataset.x_test])
    torch.testing.assert_close(x.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std(0, correction=0), torch.ones(2), atol=1e-5, rtol=0)
    nearest = torch.cdist(dataset.x_test, dataset.x_train).argmin(1)
    assert (dataset.y_train[nearest] == dataset.y_test).float().mean() > 0.97


def test_digits_are_those_of_scikit_learn(digits):
    from sklearn.datasets import load_digits
    raw = load_digits()
    known = {(x / 16).astype(np.float32).tobytes(): int(y) for x, y in zip(raw.images, raw.target)}
    x, y = torch.cat([digits.x_train, digits.x_test]), torch.cat([digits.y_train, digits.y_test])
    assert len(x) == len(raw.images) and [known[sample.numpy().tobytes()] for sample in x] == y.tolist()


def test_mnist_is_whole():
    mnist = load_dataset("mnist")
    assert (mnist.shape, len(mnist.x_train), len(mnist.x_test), mnist.kind) == ((1, 28, 28), 60_000, 10_000, "image")
    assert mnist.y_train[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3] and mnist.y_test[:4].tolist() == [7, 2, 1, 0]
    assert mnist.x_train.min() == 0 and mnist.x_train.max() == 1
    assert mnist.x_train.double().mean().item() == pytest.approx(0.1307, abs=5e-5), "the mean that is printed everywhere"
    assert mnist.y_train.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


@pytest.mark.parametrize("given, meant", [("mnits", "mnist"), ("two_moons", "two-moons"), ("cifar-10", "cifar10"), ("MNIST", None), ("digit", "digits"),
                                          ("fashionmnist", "fashion-mnist"), ("imagenet", None), ("", None)])
def test_unknown_data_set_offers_the_nearest(given, meant):
    words = [f"{given!r}", f"Did you mean {meant!r}?" if meant else "Known: digits, mnist,", "pinwheel"]
    with refused(*words, kind=UnknownNameError): load_dataset(given)


@given(st.text(max_size=30))
@some
def test_lookup_refuses_every_other_name_in_one_line(name):
    assume(name not in ("alpha", "beta"))
    with refused("letter", "alpha, beta", kind=UnknownNameError): lookup({"alpha": 1, "beta": 2}, name, "letter")
    assert lookup({"alpha": 1, "beta": 2}, "beta", "letter") == 2


# --- damaged files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"])
@pytest.mark.parametrize("damage", ["bit flipped", "cut short", "missing"])
def test_a_damaged_mnist_is_refused(tmp_path, monkeypatch, file, damage):
    shutil.copytree(data.carried("datasets") / "mnist", tmp_path / "mnist")
    monkeypatch.setattr(data, "carried", lambda folder: tmp_path)
    path = tmp_path / "mnist" / f"{file}-ubyte.gz"
    contents = bytearray(path.read_bytes())
    if damage == "missing": path.unlink()
    elif damage == "cut short": path.write_bytes(contents[:-1])
    else:
        contents[len(contents) // 2] ^= 1
        path.write_bytes(contents)
    with refused(str(path), "missing" if damage == "missing" else "damaged", "restore"): load_dataset("mnist")


@given(st.binary(min_size=1, max_size=50), st.data())
@some
def test_one_flipped_bit_anywhere_is_noticed(tmp_path, contents, data):
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(contents).hexdigest()}  file\n")
    (tmp_path / "file").write_bytes(contents)
    assert verified_bytes(tmp_path / "file") == contents
    bit = data.draw(st.integers(0, 8 * len(contents) - 1))
    flipped = bytearray(contents)
    flipped[bit // 8] ^= 1 << bit % 8
    (tmp_path / "file").write_bytes(flipped)
    with refused("damaged", "SHA-256"): verified_bytes(tmp_path / "file")


def test_without_its_checksum_a_file_is_not_trusted(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with refused("SHA256SUMS"): verified_bytes(tmp_path / "file")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  other\n")
    with refused("SHA256SUMS"): verified_bytes(tmp_path / "file")


# --- a folder of pictures -------------------------------------------------------------------------------------------


def paint(folder, names, mode="L", size=(8, 8), ending="png"):
    for i, name in enumerate(names):
        path = folder / f"{name}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, size, 10 * i if mode == "L" else (10 * i, 20, 30)).save(path)
    return folder


@pytest.fixture
def pictures(tmp_path):
    "12 grey pictures of cats and dogs, 4 unlabeled."
    return paint(tmp_path / "pets", [*(f"{kind}/{i}" for kind in ("dog", "cat") for i in range(6)), *(f"unlabeled/{i}" for i in range(4))])


def test_a_folder_of_pictures(pictures):
    dataset = load_dataset(str(pictures))
    assert (dataset.class_names, dataset.shape, dataset.kind, dataset.name) == (("cat", "dog"), (1, 8, 8), "image", str(pictures))
    assert len(dataset.x_test) == 3 and (dataset.y_test >= 0).all()
    assert dataset.y_train.tolist().count(-1) == 4 and (dataset.y_train >= 0).sum() == 9
    grey = {round(255 * x.mean().item()): y for x, y in zip([*dataset.x_train, *dataset.x_test], [*dataset.y_train.tolist(), *dataset.y_test.tolist()])}
    assert grey == {10 * i: 1 if i < 6 else 0 if i < 12 else -1 for i in range(16)}
    assert torch.equal(load_dataset(pictures).x_test, dataset.x_test), "a Path will do, and the test part is fixed"
    split = dataset.label(per_class=2)
    assert (split.n_labeled, split.n_unlabeled) == (4, 13)


def test_a_folder_with_its_own_test_part(pictures):
    paint(pictures / "test", ["cat/a", "dog/b", "dog/c"])
    dataset = load_dataset(pictures)
    assert len(dataset.x_train) == 16 and dataset.y_test.tolist() == [0, 1, 1]
    assert [round(255 * x.mean().item()) for x in dataset.x_test] == [0, 10, 20]


def test_color_pictures_keep_their_channels(tmp_path):
    paint(tmp_path, [f"{kind}/{i}" for kind in "ab" for i in range(3)], mode="RGB", size=(5, 4), ending="bmp")
    dataset = load_dataset(tmp_path)
    assert dataset.shape == (3, 4, 5), "channels, height, width"
    assert (255 * torch.cat([dataset.x_train, dataset.x_test])[:, 1:, 0, 0]).round().unique(dim=0).tolist() == [[20, 30]]


def save_even(folder, values, dtype, ending):
    "Four evenly grey pictures, two a class."
    for value, name in zip(values, ["a/1", "a/2", "b/1", "b/2"]):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8), value, dtype)).save(folder / f"{name}.{ending}")


def greys(dataset):
    assert dataset.shape == (1, 8, 8)
    return sorted(torch.cat([dataset.x_train, dataset.x_test]).mean((1, 2, 3)).tolist())


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_pictures_of_16_bits_are_not_clipped(tmp_path, ending):
    "PNG of microscopes and scanners: 65,535 is white, half of it is grey."
    save_even(tmp_path, [0, 32768, 65535, 32768], np.uint16, ending)
    assert greys(load_dataset(tmp_path)) == pytest.approx([0, 0.5, 0.5, 1], abs=0.01)


def test_16_bits_that_an_older_pillow_opens_as_32_are_still_16(tmp_path, monkeypatch):
    save_even(tmp_path, [0, 100, 65535, 32768], np.uint16, "png")
    now = Image.open

    def before(path):
        image = now(path).convert("I")
        image.format = "PNG"
        return image

    monkeypatch.setattr(Image, "open", before)
    assert greys(load_dataset(tmp_path)) == pytest.approx([0, 100 / 65535, 0.5, 1], abs=1e-4)


def test_float_pictures_from_0_to_1_are_taken_as_they_are(tmp_path):
    save_even(tmp_path, [0, 0.25, 0.5, 1], np.float32, "tif")
    assert greys(load_dataset(tmp_path)) == [0, 0.25, 0.5, 1]


@pytest.mark.parametrize("values, dtype, words", [([0, 128, 255, 255], np.float32, "floats from 128 to 128"), ([0.5, -0.5, 1, 1], np.float32, "floats from -0.5 to -0.5"),
                                                  ([0.5, np.nan, 1, 1], np.float32, "floats from nan"), ([0, 128, 255, 255], np.int32, "integers from 0 to 0"),
                                                  ([0, 1, 65535, 65535], np.int32, "integers from 0 to 0")], ids=["bytes", "negative", "NaN", "32 bits", "16 in 32 bits"])
def test_pictures_of_which_nobody_knows_what_is_white_are_refused(tmp_path, values, dtype, words):
    save_even(tmp_path, values, dtype, "tif")
    with refused(".tif", words, "8 or 16 bits", "floats in [0, 1]", "Remove or replace"): load_dataset(tmp_path)


def test_photographs_are_turned_upright(tmp_path):
    "A camera that was held upright saves the picture lying, and that it has to be turned by 90° to the right."
    turned = Image.Exif()
    turned[0x0112] = 6
    lying = np.zeros((8, 16), np.uint8)
    lying[:, 8:] = 255  # the right half, which becomes the lower one
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(lying).save(tmp_path / f"{name}.jpg", exif=turned)
    dataset = load_dataset(tmp_path)
    assert dataset.shape == (1, 16, 8)
    assert dataset.x_train[:, :, :8].max() < 0.1 and dataset.x_train[:, :, 8:].min() > 0.9


def test_other_files_and_hidden_folders_are_not_classes(pictures):
    (pictures / "notes.txt").write_text("x"); (pictures / "cat" / "notes.txt").write_text("x")
    (pictures / "cat" / "._0.png").write_bytes(b"\0\5\x16\7")  # macOS puts one beside each file of a foreign disk
    (pictures / ".cache").mkdir()
    dataset = load_dataset(pictures)
    assert dataset.class_names == ("cat", "dog") and len(dataset.x_train) + len(dataset.x_test) == 16


@pytest.mark.parametrize("name", ["Unlabeled", "UNLABELED", "unlabelled", "Unlabelled"])
def test_every_spelling_of_unlabeled_is_understood(pictures, name):
    paint(pictures / name, ["x", "y"])
    dataset = load_dataset(pictures)
    assert dataset.class_names == ("cat", "dog") and dataset.y_train.tolist().count(-1) == 6


def test_a_test_part_in_capitals_is_no_class(pictures):
    paint(pictures / "Test", ["cat/a", "dog/b", "dog/c"])
    dataset = load_dataset(pictures)
    assert dataset.class_names == ("cat", "dog") and dataset.y_test.tolist() == [0, 1, 1] and len(dataset.x_train) == 16


@pytest.mark.parametrize("place", ["unlabeled", "cat", "test/dog"])
def test_pictures_in_deeper_folders_are_not_lost_without_a_word(pictures, place):
    paint(pictures / "test", ["cat/a", "dog/b"])
    paint(pictures / place, ["day1/x", "day2/y"])
    with refused(str(pictures / place), "day1, day2", "Move the pictures up"): load_dataset(pictures)


@pytest.mark.parametrize("place", ["unlabeled", "cat"])
@pytest.mark.parametrize("ending", [".heic", ".pdf", ""])
def test_files_of_another_kind_are_not_lost_without_a_word(pictures, place, ending):
    for name in ("a", "b", "c"): (pictures / place / f"{name}{ending}").write_bytes(b"?")
    with refused(str(pictures / place), f": 3, the first is a{ending}.", ".jpg", "Convert or remove"): load_dataset(pictures)


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "labels.csv", "a.json"])
def test_notes_and_leftovers_of_file_managers_are_passed_over(pictures, name):
    for folder in ("cat", "unlabeled"): (pictures / folder / name).write_bytes(b"?")
    assert len(load_dataset(pictures).label(per_class=2).x_unlabeled) == 13


@pytest.mark.parametrize("ending, format", [("jfif", "JPEG"), ("ppm", "PPM"), ("pgm", "PPM")])
def test_rarer_endings_are_read(pictures, ending, format):
    for i in range(5): Image.new("L", (8, 8), 200).save(pictures / "unlabeled" / f"more{i}.{ending}", format=format)
    x, y = (dataset := load_dataset(pictures)).x_train, dataset.y_train
    assert len(x[y < 0]) == 9 and (255 * x[y < 0][:, 0, 0, 0]).round().tolist().count(200) == 5


def save_transparent(folder, mode, format="png"):
    "The upper half is transparent over a dark color that nobody sees, the lower half is opaque gray."
    image = Image.new("RGBA", (8, 8), (100, 100, 100, 255))
    image.paste((30, 30, 30, 0), (0, 0, 8, 4))
    if mode == "P":
        image = Image.fromarray(np.repeat([0, 1], 32).reshape(8, 8).astype(np.uint8), "L")
        image.putpalette([30, 30, 30, 100, 100, 100])
        image.info["transparency"] = 0
    else: image = image.convert(mode)
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (folder / name).parent.mkdir(exist_ok=True)
        image.save(folder / f"{name}.{format}")


@pytest.mark.parametrize("mode, format, channels", [("RGBA", "png", 3), ("LA", "png", 1), ("P", "png", 3), ("RGBA", "tif", 3), ("RGBA", "webp", 3)])
def test_transparent_pixels_are_white(tmp_path, mode, format, channels):
    save_transparent(tmp_path, mode, format)
    x = load_dataset(tmp_path).x_train
    assert x.shape[1:] == (channels, 8, 8) and (x[:, :, :3] > 0.99).all()
    torch.testing.assert_close(x[:, :, 5:], torch.full_like(x[:, :, 5:], 100 / 255), atol=0.02 if format == "webp" else 1e-6, rtol=0)


def test_half_transparent_pixels_are_half_white(tmp_path):
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGBA", (8, 8), (0, 255, 0, 128)).save(tmp_path / f"{name}.png")
    torch.testing.assert_close(load_dataset(tmp_path).x_train[0, :, 3, 3], torch.tensor([127 / 255, 1, 127 / 255]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["cow", "unlabeled"])
def test_an_unknown_class_in_the_test_part_is_named(pictures, name):
    paint(pictures / "test", ["cat/1", "dog/1"])
    (pictures / "test" / ".cache").mkdir()
    assert len(load_dataset(pictures).x_test) == 2
    paint(pictures / "test", [f"{name}/1"])
    with refused("test", name, "cat, dog", "Rename or remove"): load_dataset(pictures)


def test_folders_that_cannot_be_used_are_refused(pictures):
    with refused("0 subfolders", "at least 2"): load_dataset(pictures / "cat")
    (pictures / "bird").mkdir()
    with refused("bird", "no picture", ".png"): load_dataset(pictures)
    paint(pictures, ["bird/1"])
    with refused("one picture only", "`test/` folder"): load_dataset(pictures)
    paint(pictures, ["test/cat/1", "test/dog/1"])
    with refused("bird", "no picture"): load_dataset(pictures)
    paint(pictures, ["test/bird/1"])
    assert load_dataset(pictures).n_classes == 3


@pytest.mark.parametrize("mode, size", [("RGB", (8, 8)), ("L", (9, 8))], ids=["mode", "size"])
@pytest.mark.parametrize("place", ["dog/odd", "unlabeled/odd", "test/cat/odd"])
def test_pictures_that_differ_are_refused(pictures, mode, size, place):
    if place.startswith("test"): paint(pictures / "test", ["dog/1"])
    paint(pictures, [place], mode, size)
    with refused("(1, 8, 8)", "(3, 8, 8)" if mode == "RGB" else "(1, 8, 9)"): load_dataset(pictures)


def test_a_picture_that_differs_is_named(pictures):
    paint(pictures, ["dog/odd"], "RGB")
    with refused("odd.png", "(3, 8, 8)", "(1, 8, 8)", "one size and mode"): load_dataset(pictures)


def test_if_the_first_picture_is_the_odd_one_it_is_named(pictures):
    paint(pictures, ["cat/00"], "RGB")
    with refused("00.png", "(3, 8, 8)", "(1, 8, 8)"): load_dataset(pictures)


def test_several_bad_pictures_are_named_at_once(pictures):
    paint(pictures, ["dog/large", "unlabeled/large"], size=(9, 9))
    for place in ("cat/broken.png", "dog/broken.jpg"): (pictures / place).write_bytes(b"?")
    every = [str(pictures / place) for place in ("cat/broken.png", "dog/broken.jpg", "dog/large.png", "unlabeled/large.png")]
    with refused(*every, "one size and mode"): load_dataset(pictures)
    for name in "abc": (pictures / "unlabeled" / f"{name}.png").write_bytes(b"?")
    with pytest.raises(DataError) as caught: load_dataset(pictures)
    assert str(caught.value).count("can't be read") + str(caught.value).count("has shape") == 5 and "perhaps more" in str(caught.value)


@pytest.mark.parametrize("contents", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"], ids=["empty", "text", "header only"])
def test_an_unreadable_picture_is_named(pictures, contents):
    (pictures / "cat" / "bad.png").write_bytes(contents)
    with refused("bad.png", "can't be read", "Remove or replace"): load_dataset(pictures)


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damages that it can live with
@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "tif", "webp"])
@given(st.data())
@some
def test_a_damaged_picture_is_read_or_refused(tmp_path, ending, data):
    if not (tmp_path / "a").exists(): paint(tmp_path, ["a/1", "a/2", "b/1", "b/2"], ending=ending)
    contents = bytearray((tmp_path / "a" / f"1.{ending}").read_bytes())
    for position in data.draw(st.lists(st.integers(0, len(contents) - 1), max_size=3)): contents[position] ^= data.draw(st.integers(1, 255))
    (tmp_path / "a" / f"2.{ending}").write_bytes(contents[:data.draw(st.integers(0, len(contents)))])
    try: assert load_dataset(tmp_path).n_classes == 2
    except DataError as error: assert "\n" not in str(error)


# --- downloads ------------------------------------------------------------------------------------------------------

FETCHED = {"fashion-mnist": "FashionMNIST", "svhn": "SVHN", "cifar10": "CIFAR10"}


@pytest.mark.parametrize("name", FETCHED)
@pytest.mark.parametrize("error", [URLError("Name or service not known"), RuntimeError("Error downloading\nfrom 3 mirrors"), TimeoutError(), ConnectionResetError(104, "reset")],
                         ids=lambda error: type(error).__name__)
def test_without_a_network_the_way_out_is_named(monkeypatch, tmp_path, name, error):
    def fetch(root, **kwargs): raise error
    monkeypatch.setattr(torchvision.datasets, FETCHED[name], fetch)
    monkeypatch.setenv("SSGAN_EDU_DATA", str(tmp_path / "here"))
    with refused(name, "could not be downloaded", f"torchvision.datasets.{FETCHED[name]}", str(tmp_path / "here"), "SSGAN_EDU_DATA"): load_dataset(name)


class Fetched:
    "Stands for a data set of torchvision: two samples, the value of each pixel tells its place."
    calls = []

    def __init__(self, root, download, **part):
        self.calls.append((str(root), download, part))
        self.fill()


class FashionMNIST(Fetched):
    def fill(self): self.data, self.targets = torch.arange(2 * 28 * 28).reshape(2, 28, 28).remainder(256).byte(), torch.tensor([9, 0])


class SVHN(Fetched):
    def fill(self): self.data, self.labels = np.arange(2 * 3 * 32 * 32).reshape(2, 3, 32, 32).astype(np.uint8), np.array([9, 0])


class CIFAR10(Fetched):
    def fill(self): self.data, self.targets = np.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).astype(np.uint8), [9, 0]


@pytest.mark.parametrize("name, fetched, parts", [
    ("fashion-mnist", FashionMNIST, [{"train": True}, {"train": False}]), ("svhn", SVHN, [{"split": "train"}, {"split": "test"}]),
    ("cifar10", CIFAR10, [{"train": True}, {"train": False}])])
def test_downloaded_data_sets(monkeypatch, tmp_path, name, fetched, parts):
    monkeypatch.setattr(torchvision.datasets, FETCHED[name], fetched)
    monkeypatch.setattr(Fetched, "calls", [])
    monkeypatch.setenv("SSGAN_EDU_DATA", str(tmp_path))
    dataset = load_dataset(name)
    assert Fetched.calls == [(str(tmp_path), True, part) for part in parts]
    assert dataset.shape == ((1, 28, 28) if name == "fashion-mnist" else (3, 32, 32))
    assert dataset.y_train.tolist() == [9, 0] and dataset.y_train.dtype == torch.int64 and dataset.n_classes == 10
    raw = torch.as_tensor(fetched("", True).data)
    pixel = raw[1, 5, 7] if name == "fashion-mnist" else raw[1, :, 5, 7] if name == "svhn" else raw[1, 5, 7, :]
    assert torch.equal((255 * dataset.x_train[1, :, 5, 7]).round(), pixel.float().reshape(-1))


def test_one_of_several_downloads_and_the_others_wait(monkeypatch, tmp_path):
    both_are_in, inside, entered = threading.Event(), [], threading.Lock()

    class Slow(FashionMNIST):
        def fill(self):
            with entered: inside.append(1)
            if len(inside) > 1: both_are_in.set()
            both_are_in.wait(0.3)  # time enough for another, if nothing holds it up
            with entered: inside.pop()
            super().fill()

    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", Slow)
    monkeypatch.setenv("SSGAN_EDU_DATA", str(tmp_path / "new"))
    loaded = []
    threads = [threading.Thread(target=lambda: loaded.append(load_dataset("fashion-mnist"))) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(loaded) == 2 and not both_are_in.is_set()


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system"), NotImplementedError("no locks")], ids=lambda error: type(error).__name__)
def test_a_cache_folder_that_cannot_be_locked_can_still_be_read(monkeypatch, tmp_path, error):
    class Unlockable:
        def __init__(self, *args): pass
        def acquire(self): raise error
    monkeypatch.setattr(data, "FileLock", Unlockable)
    monkeypatch.setattr(torchvision.datasets, "SVHN", SVHN)
    monkeypatch.setenv("SSGAN_EDU_DATA", str(tmp_path))
    assert load_dataset("svhn").n_classes == 10


def test_downloads_go_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SSGAN_EDU_DATA", str(tmp_path))
    assert data.cache_dir() == tmp_path
    monkeypatch.setenv("SSGAN_EDU_DATA", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert data.cache_dir() == tmp_path / "home" / ".cache" / "ssgan_edu"


# --- notes ----------------------------------------------------------------------------------------------------------


def test_octaves_are_plain_digits():
    assert [data._pitch_number(symbol) for symbol in ("C0", "C5", "Bb4", "-", ".", "C²", "C٣")] == [0, 60, 58, -1, -1, -1, -1]


# --- batches and random numbers -------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(1, 40), seeds)
@some
def test_batches_cover_each_epoch_exactly(n, batch_size, seed):
    steps = (3 * n) // batch_size + 1
    batches = [batch_indices(n, batch_size, step, seed, "labeled") for step in range(steps)]
    assert {len(batch) for batch in batches} == {batch_size}
    order = torch.cat(batches)
    for epoch in range(len(order) // n):
        assert order[epoch * n:(epoch + 1) * n].sort().values.tolist() == list(range(n))


def test_epochs_streams_and_seeds_are_shuffled_differently():
    def batch(step=0, seed=0, stream="labeled"): return batch_indices(100, 100, step, seed, stream).tolist()
    assert batch() == batch()
    assert len({tuple(b) for b in (batch(), batch(step=1), batch(seed=1), batch(stream="unlabeled"))}) == 4


def test_a_batch_belongs_to_its_step_and_not_to_the_history():
    "A resumed run asks for step 50 first, and gets what an uninterrupted one got."
    forward = [batch_indices(70, 30, step, 3, "x").tolist() for step in range(40)]
    data._epoch_order.cache_clear()
    assert [batch_indices(70, 30, step, 3, "x").tolist() for step in reversed(range(40))] == forward[::-1]


def test_seeded_depends_on_everything_that_it_is_given():
    draws = {tuple(torch.rand(3, generator=seeded(*key)).tolist()) for key in [(0,), (1,), (0, "a"), (0, "b"), (0, "a", 1), (1, "a"), (0, "a", 2)]}
    assert len(draws) == 7
    assert torch.equal(torch.rand(3, generator=seeded(5, "x", 7)), torch.rand(3, generator=seeded(5, "x", 7)))


def drawn() -> list[torch.Tensor]:
    "Something of all that makes tensors or random numbers."
    data._epoch_order.cache_clear()
    digits, tunes, spoken, moons = (load_dataset(name) for name in ("digits", "tunes", "spoken-digits", "two-moons"))
    split = digits.label(per_class=1, validation=20, unlabeled=30, exclude_labeled=True)
    return [split.x_labeled, split.x_unlabeled, split.x_validation, tunes.x_train, tunes.y_test, spoken.x_train, spoken.y_test, moons.label(n=9, balanced=False).x_labeled,
            load_dataset("fashion-mnist").x_train, load_dataset("fashion-mnist").y_train, batch_indices(10, 7, 3, 0, "x"), augment(split.x_labeled, seeded(0), strong=True)]


@pytest.mark.parametrize("change, back", [(lambda: torch.set_default_device("meta"), lambda: torch.set_default_device(None)),
                                          (lambda: torch.set_default_dtype(torch.float64), lambda: torch.set_default_dtype(torch.float32))], ids=["device", "dtype"])
def test_data_do_not_depend_on_the_defaults_of_torch(monkeypatch, change, back):
    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", FashionMNIST)
    monkeypatch.setattr(FashionMNIST, "__init__", lambda self, *args, **kwargs: vars(self).update(data=np.zeros((2, 28, 28), np.uint8), targets=[9, 0]))
    expected = drawn()
    change()
    try: found = drawn()
    finally: back()
    for one, other in zip(found, expected, strict=True): assert one.dtype == other.dtype and one.device == other.device and torch.equal(one, other)


# --- views ----------------------------------------------------------------------------------------------------------


def picture(side: int = 28) -> torch.Tensor:
    "One image that is black but for a bright square in the middle."
    x = torch.zeros(1, 1, side, side)
    x[..., side // 2 - 3:side // 2 + 3, side // 2 - 3:side // 2 + 3] = 1
    return x


def center(x: torch.Tensor) -> torch.Tensor:
    "Row and column (N, 2) of the center of brightness, from the middle of the image, in pixels."
    mass, at = x[:, 0] / x.sum((1, 2, 3)).view(-1, 1, 1), torch.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    return torch.stack([(mass.sum(2) * at).sum(1), (mass.sum(1) * at).sum(1)], 1)


def test_a_weak_view_is_a_shift_of_up_to_two_pixels_of_28():
    x = picture()
    views = augment(x.expand(400, -1, -1, -1), seeded(0))
    shifts = center(views)
    assert shifts.abs().max() <= 2.001 and (shifts.amax(0) > 1.9).all() and (shifts.amin(0) < -1.9).all(), "all of the range, both ways, both axes"
    torch.testing.assert_close(views.sum((1, 2, 3)), x.sum().expand(400), msg="nothing is turned, scaled or lost")
    torch.testing.assert_close((views[:, 0].amax(2) > 0.02).sum(1), (views[:, 0].amax(1) > 0.02).sum(1), atol=1, rtol=0)


def test_a_strong_view_also_changes_size_and_direction():
    views = augment(picture().expand(400, -1, -1, -1), seeded(0), strong=True)
    size = views.sum((1, 2, 3)) / 36
    assert 0.6 < size.min() < 0.75 and 1.3 < size.max() < 1.7, "scales of 1 ± 0.2, so areas of 0.64 to 1.56 of the original"
    corners = views[:, 0, 10:18, 10:18].std((1, 2))
    assert corners.std() > 0.01, "and squares are turned and sheared"


@given(st.sampled_from([1, 3]), st.integers(8, 33), st.booleans(), seeds)
@some
def test_views_keep_the_range_and_are_fixed_by_their_seed(channels, side, strong, seed):
    x = torch.rand(5, channels, side, side + 3, generator=seeded(seed, "images"))
    view = augment(x, seeded(seed, "views"), strong)
    assert view.shape == x.shape and view.min() >= 0 and view.max() <= 1 + 1e-6
    assert torch.equal(view, augment(x, seeded(seed, "views"), strong)) and not torch.equal(view, augment(x, seeded(seed + 1, "views"), strong))


def test_a_batch_of_nothing_is_refused():
    with refused("0 samples"): batch_indices(0, 10, 0, 0, "x")


def test_only_images_have_views():
    with refused("(3, 2)", "augmentation"): augment(torch.zeros(3, 2), seeded(0))


# --- fewer unlabeled samples ----------------------------------------------------------------------------------------


def test_fewer_unlabeled_samples_are_among_the_more():
    dataset = load_dataset("digits")
    def kept(n, **more): return {x.numpy().tobytes() for x in dataset.label(per_class=2, unlabeled=n, **more).x_unlabeled}
    assert len(kept(50)) == 50 and kept(50) < kept(200) < kept(None) and kept(50) != kept(50, seed=1)
    assert dataset.label(per_class=2, unlabeled=50).y_labeled.equal(dataset.label(per_class=2).y_labeled), "the labels don't depend on it"


@pytest.mark.parametrize("n", [0, -1, 1298])
def test_no_other_number_of_unlabeled_samples_is_taken(n):
    with refused(f"unlabeled={n}", "from 1 to 1297"): load_dataset("digits").label(per_class=2, unlabeled=n)
