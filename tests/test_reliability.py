"""What goes wrong at a random moment or with random input: kills, absurd arguments, unfit arrays, NaN. The end is the same bits or one readable line."""
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import get_type_hints

import joblib
import numpy as np
import pytest
import torch
import typer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import ssgan_edu
from ssgan_edu import cli, evaluation, experiments, training
from ssgan_edu.data import SSGANError, TrainingError, load_dataset
from ssgan_edu.estimator import SSGANClassifier
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, Run, train, weights_sha256
from support import refused
from test_cli import call

some = settings(deadline=None, derandomize=True, max_examples=100, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def moons(): return load_dataset("two-moons").label(per_class=3)


# --- killed at any moment -------------------------------------------------------------------------------------------

# Forks a process for each attempt, so that torch is imported once, and kills it after a random number of steps and a random time, every second one
# when it has begun to write a file. The disk is slow: half of the time a file is being written. Prints what each attempt ended with and how many unfinished files it left.
HUNTER = """
import io, json, os, random, signal, sys, time, traceback
from pathlib import Path
import torch
from ssgan_edu import training
from ssgan_edu.data import load_dataset

class SlowDisk(io.FileIO):
    def write(self, contents):
        for start in range(0, len(contents), 200_000):
            super().write(contents[start:start + 200_000])
            time.sleep(0.002)

torch.set_num_threads(1)
training.open = SlowDisk
split = load_dataset("two-moons").label(per_class=3)
training.SSGAN.for_split(split, device="cpu")  # what torch imports when it is first used
settings, folders, kills, rng = json.loads(sys.argv[1]), [Path(folder) for folder in sys.argv[2:4]], int(sys.argv[4]), random.Random(5)

def attempt(folder, steps=None, seconds=0.0, hunted=False):
    said, says = os.pipe()
    process = os.fork()
    if not process:
        try:
            for _ in training.Run(folder, split, settings, resume=True, checkpoint_every=2, device="cpu"): os.write(says, b".")
        except BaseException: traceback.print_exc()
        else: os._exit(0)
        os._exit(1)
    os.close(says)
    if steps is not None:
        for _ in range(steps): os.read(said, 1)
        time.sleep(seconds)
        for _ in range(20_000 * hunted):
            if any(folder.glob(".*.tmp")): break
            time.sleep(0.0005)
        os.kill(process, 9)
    _, status = os.waitpid(process, 0)
    os.close(said)
    print(json.dumps([os.waitstatus_to_exitcode(status), len(list(folder.glob(".*.tmp")))]))

for kill in range(kills): attempt(folders[0], rng.randrange(1, 5), rng.uniform(0, 0.06), hunted=kill % 2)  # a step is made: what the last one left is gone
for folder in folders: attempt(folder)
"""


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_run_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path, kills):
    about = {"recipe": "improved", "networks": None, "seed": 2, "steps": 8 * kills}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(ssgan_edu.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", HUNTER, json.dumps(about), tmp_path / "killed", tmp_path / "whole", str(kills)], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, timeout=600)
    *killed, last, whole = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0 and [code for code, _ in killed] == [-signal.SIGKILL] * kills, done.stderr
    assert last == whole == [0, 0], f"both end, and leave no unfinished file: {done.stderr}"
    assert any(unfinished for _, unfinished in killed), "none was hit while it wrote: the test is too weak"

    def end(name):
        log = [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        seconds = [line.pop("seconds") for line in log]
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [".lock", "checkpoint.safetensors", "log.jsonl", "run.json"] and seconds == sorted(seconds)
        return weights_sha256(SSGAN.load(tmp_path / name / "checkpoint.safetensors")), log
    (weights, log), (expected_weights, expected_log) = end("killed"), end("whole")
    every = max(1, about["steps"] // 200)
    assert [line["step"] for line in log] == sorted({*range(2, about["steps"] + 1, 2), *range(every, about["steps"] + 1, every)})
    assert weights == expected_weights and log == expected_log


# --- NaN ------------------------------------------------------------------------------------------------------------
# Samples, terms and gradients of a bare model: test_data.py, test_training.py. A term in a run: test_checkpoints.py.


@pytest.mark.parametrize("part", ["x_labeled", "x_unlabeled"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_spoiled_sample_that_came_past_the_checks_stops_the_run(moons, part, value):
    "Before the first step, where it spoils the scales of the layers, or in the step that meets it."
    spoiled = getattr(moons, part).clone()
    spoiled[0, 0] = value
    model, met = SSGAN.for_split(replace(moons, **{part: spoiled}), "best"), []
    with refused("became", "'best'", kind=TrainingError):
        for record in train(model, replace(moons, **{part: spoiled}), steps=20): met.append(record)
    assert len(met) < 10, "1,000 samples are seen in 10 steps"


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_one_spoiled_entry_of_a_gradient_keeps_the_last_checkpoint(moons, tmp_path, player):
    about = {"recipe": "improved", "networks": None, "seed": 0, "steps": 8}
    whole = Run(tmp_path / "whole", moons, about, checkpoint_every=3)
    for _ in whole: pass
    run, calls = Run(tmp_path / "run", moons, about, checkpoint_every=3), []

    def spoil(gradient):
        calls.append(1)
        gradient = gradient.clone()
        if len(calls) == 5: gradient.view(-1)[-1] = float("nan")
        return gradient
    next(p for p in run.model.players[player].parameters() if p.requires_grad).register_hook(spoil)
    with refused(f"'gradient of the {player}' became nan", "step 5", kind=TrainingError): list(run)
    run = Run(run.folder, moons, about, resume=True, checkpoint_every=3)
    assert run.model.step == 3 and all(torch.isfinite(p).all() for network in run.model.players.values() for p in network.parameters())
    for _ in run: pass
    assert weights_sha256(run.model) == weights_sha256(whole.model)


@pytest.mark.parametrize("place", ["discriminator/", "average of generator/", "optimizer of discriminator/", "optimizer of generator/"])
def test_no_part_of_a_run_is_written_with_nan(moons, tmp_path, place):
    model = SSGAN.for_split(moons)
    for _ in train(model, moons, steps=1): pass
    model.save(tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    name, spoiled = next((key, t) for key, t in training._state(model).items() if key.startswith(place) and t.ndim)
    with torch.no_grad(): spoiled.view(-1)[-1] = float("nan")
    with refused(repr(name), "not finite", kind=TrainingError): model.save(tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before


# --- absurd arguments -----------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/."), max_size=12) | st.sampled_from(
    ["", " ", "x" * 300, "x" * 5000, "ß\u202e🤖", "two\nlines", "%s{0}[red]", "-1", "--", "nan", "{new}", "{file}", "{folder}", "{run}"])
ABSURD = st.sampled_from(["0", "-1", "-7", str(10**12), str(2**63), str(10**30), str(-10**30), "9" * 5000, "nan", "inf", "1e3", "2.5", "", "٣", "x"])


def mostly(*plausible: str, else_=TEXTS): return st.integers(0, 7).flatmap(lambda i: else_ if i == 7 else st.sampled_from(plausible))


NUMBERS = mostly("2", "4", "10", "16", else_=ABSURD)
FEW = mostly("1", "2", else_=st.sampled_from(["0", "-3", "nan", ""]))  # what really makes processes and runs
PATHS = mostly("{new}", "{new}/a/b.png", "{new}/my.PNG", "{folder}/a.png", "{run}", "{points}", else_=st.sampled_from(["{damaged}", "{file}", "{file}/x", "."]) | TEXTS)
STRINGS = {"dataset": mostly("two-moons", "digits", "blobs"), "recipe": mostly(*RECIPES), "networks": mostly("mlp", "mlp", "conv", "sequence"),
           "device": mostly("cpu", "cpu", "cpu:1", else_=st.sampled_from(["cuda:99", "meta", "tpu", "hpu"]) | TEXTS)}
COMMANDS = {command.name or command.callback.__name__: get_type_hints(command.callback, include_extras=True) for command in cli.app.registered_commands}


@st.composite
def command_lines(draw) -> list[str]:
    "A command and some of its options, as the program declares them: a new option is tried without a change here."
    command = draw(st.sampled_from(sorted(COMMANDS)))
    words = [command]
    for name, hint in COMMANDS[command].items():
        if name in ("return", "context"): continue
        kind, declared = hint.__origin__, hint.__metadata__[0]
        values = FEW if name in ("seeds", "jobs") else NUMBERS if kind is int else PATHS if kind is Path else STRINGS.get(name, TEXTS)
        if isinstance(declared, typer.models.ArgumentInfo): words += [draw(values)] * draw(st.sampled_from([1] * 9 + [0, 2]))
        elif draw(st.integers(0, 2)) == 0: words += [*(declared.param_decls or [f"--{name.replace('_', '-')}"])] + [draw(values)] * (kind is not bool)
    return words + draw(st.sampled_from([[]] * 9 + [["--help"], ["--bogus"], ["-"]]))


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("places")
    places = {name: root / name for name in ("run", "points", "damaged", "folder", "file")}
    for name, dataset, recipe in (("run", "digits", "improved"), ("points", "two-moons", "supervised"), ("damaged", "blobs", "improved")):
        assert call("train", dataset, "--recipe", recipe, "--steps", 2, "--out", places[name]).code == 0
    (places["damaged"] / "checkpoint.safetensors").write_bytes(b"x")
    places["folder"].mkdir()
    places["file"].write_text("I am a file")
    return places


@pytest.fixture
def quick(monkeypatch):
    "Training ends after its first step, however many were asked for; every data set is loaded once; no other process is started."
    meant = training.training_step

    def only_step(model, split, step, steps, *others):
        record = meant(model, split, step, steps, *others)
        model.step = steps - 1
        return record
    monkeypatch.setattr(training, "training_step", only_step)
    for module in (cli, experiments): monkeypatch.setattr(module, "load_dataset", functools.lru_cache(load_dataset))
    monkeypatch.setattr(experiments, "Parallel", lambda n_jobs, **options: joblib.Parallel(1, **options))
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    monkeypatch.setattr(evaluation, "_references", {})


def expired(*_): raise TimeoutError("The command hangs.")


@given(words=command_lines())
@example(["train", "x" * 300])
@example(["train", "two-moons", "--steps", "2", "--out", "x" * 300])
@example(["train", "two-moons", "--steps", "2", "--out", "{new}", "--device", "meta"])
@example(["train", "two-moons", "--steps", "2", "--out", "{new}", "--device", "hpu"])
@example(["evaluate", "two\nlines"])
@example(["evaluate", "{run}", "--device", "meta"])
@example(["sample", "{run}", "--out", "{new}.png", "--n", str(10**15)])
@example(["sample", "{run}", "--out", "{new}.png", "--n", str(10**30)])
@example(["experiment", "two-moons", "--labels", "6", "--steps", "9" * 300])
@settings(some, max_examples=100)
def test_any_command_line_ends_well_or_says_why_in_one_line(places, quick, tmp_path, monkeypatch, words):
    folder = next(folder for i in itertools.count() if not (folder := tmp_path / str(i)).exists())
    folder.mkdir()
    monkeypatch.chdir(folder)
    words = [functools.reduce(lambda word, place: word.replace(f"{{{place[0]}}}", str(place[1])), ({"new": folder / "new"} | places).items(), word) for word in words]
    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(60)
    try: done = call(*words)  # only SystemExit is caught: anything else fails here
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    said = done.err + done.out
    assert done.code in (0, 1, 2) and "Traceback" not in said, said
    if done.code == 0: return
    if done.code == 2 and "Usage: " in done.err: return
    line, = [line for line in done.err.splitlines() if line.strip()]
    assert line.startswith("error: ") and line.rstrip().endswith("."), line


# --- unfit arrays ---------------------------------------------------------------------------------------------------

DTYPES = ("f8", "f8", "f8", "f8", "f8", "f8", "f4", "f4", "f2", "g", "i8", "i1", "u1", "u8", "?", "O", "c8", "U5", "M8[D]")
SIZES, STRANGE = (1.0, 0.0, 100.0, 1e-300, 1e30, 1e300), (None, None, None, float("nan"), float("inf"), float("-inf"), 1e300, -1e300)
LABELS = {
    "numbers": [0, 1], "few": [0, 1, -1, -1], "three": [5, -1, 7, 2**40], "none known": [-1], "one class": [3, -1], "strings": ["a", "b"], "strings and -1": np.array(["a", -1, "b"], object),
    "booleans": [True, False], "floats": [1.0, -1.0, 2.0], "fractions": [0.5, 1.5], "NaN": [float("nan"), 1.0, 0.0], "infinite": [float("inf"), 1.0], "bytes": [b"a", b"b"], "None": [None, 1],
    "mixed": np.array(["a", 2], object), "objects": np.array([0, 1, -1], object), "huge": np.array([10**30, 1], object), "unsigned": np.array([2**64 - 1, 0], "u8"),
    "dates": np.array(["2020-01-01", "2021-01-01"], "M8[D]"), "times": np.array([-1, 2, 3], "m8[D]"), "complex": [1j, 2], "empty strings": ["", "a"], "smallest": [-2**63, 1],
    "-1 as a string": ["-1", "1"], "long": ["a" * 5000, "b"],
}


@st.composite
def samples(draw) -> np.ndarray:
    tables = st.tuples(st.integers(1, 12), st.integers(1, 5))
    images = st.tuples(st.integers(2, 8), st.integers(1, 6), st.integers(1, 6)) | st.tuples(*[st.integers(2, 3)] * 5) | st.tuples(st.integers(2, 8), st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
    shape = draw(tables | tables | tables | images | arrays.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=4))
    X = np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape) * draw(st.sampled_from(SIZES))
    if X.ndim > 2 or draw(st.booleans()): X = abs(X)
    if X.size and (value := draw(st.sampled_from(STRANGE))) is not None: np.asarray(X).reshape(-1)[draw(st.integers(0, X.size - 1))] = value
    return np.asarray(X).astype(draw(st.sampled_from(DTYPES)))


@st.composite
def labels_of(draw, n: int):
    kind = draw(st.sampled_from(["numbers", "few", "strings"] * len(LABELS) + [*LABELS] * 2))
    y = np.resize(np.asarray(LABELS[kind]), max(0, n + draw(st.sampled_from([0] * 12 + [-1, 1]))))
    return draw(st.sampled_from([lambda y: y] * 9 + [np.ndarray.tolist, lambda y: y[:, None], lambda y: np.stack([y, y], 1)]))(y)


def sound_or_refused(make):
    "What `make` returns, or None where it raises a TypeError or ValueError that says something; ours do so in one line."
    try: return make()
    except SSGANError as error: assert "\n" not in str(error) and str(error).endswith("."), str(error)
    except (TypeError, ValueError) as error: assert 10 < len(str(error).splitlines()[0]) < 1000, str(error)


def check_predictions(fitted: SSGANClassifier, X) -> None:
    "Probabilities, or a refusal; never NaN."
    p = sound_or_refused(lambda: fitted.predict_proba(X))
    if p is None: return
    assert p.shape == (len(X), len(fitted.classes_)) and np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(1), 1)
    assert np.isin(fitted.predict(X), fitted.classes_).all()


@pytest.mark.filterwarnings("ignore")
@given(drawn=st.data(), recipe=st.sampled_from(["improved", "supervised"]))
@settings(some, max_examples=200)
def test_any_arrays_are_fitted_or_refused(drawn, recipe):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X = drawn.draw(samples())
        y = drawn.draw(labels_of(len(X) if X.ndim else 3))
        fitted = sound_or_refused(lambda: SSGANClassifier(recipe, max_steps=2, random_state=0, device="cpu").fit(X, y))
        if fitted is not None: check_predictions(fitted, X)


@pytest.mark.parametrize("X", [np.eye(10)[:, :3] * [1, 0, 1], np.zeros((10, 2)), np.zeros((10, 4, 4)), np.zeros((10, 8, 8, 3), np.uint8)], ids=["constant column", "zeros", "black", "black bytes"])
def test_what_never_changes_is_no_reason_to_refuse(X):
    fitted = SSGANClassifier(max_steps=2, random_state=0, device="cpu").fit(X, np.arange(10) % 2)
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.fixture(scope="module")
def fitted() -> dict[int, SSGANClassifier]:
    "One for tables of 3 columns, one for pictures of 4 × 4, by the number of dimensions."
    rng, y = np.random.default_rng(0), np.arange(10) % 2
    return {X.ndim: SSGANClassifier(max_steps=2, random_state=0, device="cpu").fit(X, y) for X in (rng.normal(size=(10, 3)), rng.random((10, 4, 4)))}


@pytest.mark.filterwarnings("ignore")
@given(st.sampled_from([(0, 3), (1, 3), (7, 3), (5, 4), (1, 4, 4), (6, 4, 4), (6, 4, 5), (3, 4, 4, 1)]), st.sampled_from(SIZES + (1e38, 1e150)), st.sampled_from(STRANGE), st.sampled_from(DTYPES))
@some
def test_any_arrays_are_classified_or_refused(fitted, shape, size, strange, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X = np.random.default_rng(1).normal(size=shape) * size
        if X.size and strange is not None: X.flat[-1] = strange
        for one in fitted.values(): check_predictions(one, X.astype(dtype))
