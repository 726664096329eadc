"""The command line: the same numbers from the same command, one JSON line for programs, one line and exit code 2 for what the user can put right."""
import csv
import functools
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

import ssgan_edu
from ssgan_edu import data, evaluation, music, training
from ssgan_edu.claims import CLAIMS, Verdict
from ssgan_edu.cli import main
from ssgan_edu.experiments import Row
from ssgan_edu.recipes import TERMS
from ssgan_edu.training import SSGAN, train, weights_sha256


def call(*arguments) -> SimpleNamespace:
    "What a shell would get from `ssgan-edu` with these arguments."
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", ["ssgan-edu", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try: main(); code = 0
        except SystemExit as end: code = end.code or 0
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())


def answer(*arguments) -> dict:
    "The JSON object on the last line."
    done = call(*arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out.splitlines()[-1])


TRAIN = ("train", "digits", "--labels-per-class", 3, "--steps", 30, "--seed", 4)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SimpleNamespace:
    "A short run, and what the command said."
    folder = tmp_path_factory.mktemp("runs") / "digits"
    return SimpleNamespace(folder=folder, result=answer(*TRAIN, "--out", folder))


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "moons"
    assert call("train", "two-moons", "--recipe", "supervised", "--steps", 3, "--out", folder).code == 0
    return folder


@pytest.fixture
def pictures(tmp_path) -> Path:
    "A folder of small pictures, two classes; its name would be markup."
    folder, rng = tmp_path / "mine[b]", np.random.default_rng(0)
    for name, i in product(("x", "y"), range(12)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / name / f"{i}.png")
    return folder


# --- train, evaluate, sample ----------------------------------------------------------------------------------------


def test_of_your_own_pictures_all_labels_are_used(pictures, tmp_path):
    for i in range(5): (pictures / "y" / f"{i}.png").unlink()
    found = answer("train", pictures, "--steps", 3, "--out", tmp_path / "run")
    assert (found["labels_per_class"], found["n_labeled"]) == (None, 12 + 7 - found["n_test"])
    again = shlex.split(found["command"])[1:]
    assert "--labels-per-class" not in again and answer(*again, "--out", tmp_path / "again")["weights_sha256"] == found["weights_sha256"]
    assert answer("evaluate", tmp_path / "run")["test_error"] == found["test_error"]
    assert "all labels" in call("evaluate", tmp_path / "run").out


def test_new_pictures_are_given_a_class(pictures, tmp_path, monkeypatch):
    answer("train", pictures, "--steps", 3, "--out", tmp_path / "run")
    new = tmp_path / "new"
    shutil.copytree(pictures / "y", new)
    pictures.rename(tmp_path / "away")
    found = answer("predict", tmp_path / "run", new, "--out", tmp_path / "found.csv")
    with open(tmp_path / "found.csv", newline="") as file: rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == sorted(str(path) for path in new.iterdir()) and found["predictions"] == [[r["file"], r["class"], float(r["probability"])] for r in rows]
    x = torch.stack([torch.from_numpy(np.asarray(Image.open(row["file"]), np.float32) / 255)[None] for row in rows])
    expected = SSGAN.load(tmp_path / "run").predict_logits(x).softmax(1)
    assert [row["class"] for row in rows] == ["xy"[k] for k in expected.argmax(1)] and [float(row["probability"]) for row in rows] == pytest.approx(expected.amax(1).tolist(), abs=1e-4)
    Image.new("L", (9, 8)).save(new / "wide.png")
    done = call("predict", tmp_path / "run", new, "--out", tmp_path / "other.csv")
    assert done.code == 2 and "wide.png" in done.err and not (tmp_path / "other.csv").exists()


def test_pictures_of_another_size_than_the_run_knows_are_refused(run, points, tmp_path):
    for name in ("wide", "empty"): (tmp_path / name).mkdir()
    Image.new("L", (9, 8)).save(tmp_path / "wide" / "0.png")
    for folder, where, words in ((run.folder, tmp_path / "wide", ["(1, 8, 9)", "(1, 8, 8)"]), (points, tmp_path / "wide", ["points", "predict_logits"]),
                                 (run.folder, tmp_path / "none", ["is no folder"]), (run.folder, tmp_path / "empty", ["has no picture"])):
        done = call("predict", folder, where, "--out", tmp_path / "found.csv")
        assert done.code == 2 and all(word in done.err for word in words), done.err


def test_an_empty_name_is_no_folder(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(pictures)
    done = call("train", "", "--steps", 3, "--out", tmp_path / "run")
    assert done.code == 2 and not (tmp_path / "run").exists()


def test_a_run_knows_its_pictures_from_anywhere_and_notices_others(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs[old]"
    done = call("train", pictures.name, "--labels-per-class", 2, "--steps", 3, "--out", run)
    assert done.code == 0 and f"Run: {run}" in done.out, done.err
    assert str(pictures) in json.loads((run / "result.json").read_text())["command"]
    (tmp_path / "elsewhere").mkdir(); monkeypatch.chdir(tmp_path / "elsewhere")
    assert answer("evaluate", run)["dataset"] == str(pictures)
    (pictures / "x" / "0.png").rename(pictures / "x" / "99.png")
    for command in (("evaluate", run), ("train", pictures, "--labels-per-class", 2, "--steps", 3, "--out", run, "--resume")):
        done = call(*command)
        assert done.code == 2 and done.err.startswith("error: ") and str(pictures if command[0] == "evaluate" else run) in done.err


def test_a_checkpoint_of_another_run_is_not_taken_for_this_one(run, points, tmp_path):
    mixed = shutil.copytree(points, tmp_path / "mixed")
    shutil.copy(run.folder / "checkpoint.safetensors", mixed)
    for command in ("evaluate", "sample"):
        done = call(command, mixed)
        assert done.code == 2 and "recipe='improved'" in done.err and str(mixed) in done.err


def test_what_was_not_measured_anew_is_said(tmp_path):
    row = ("experiment", "two-moons", "--labels", 4, "--steps", 2, "--seeds", 1, "--results", tmp_path / "results", "--work", tmp_path / "work")
    assert "nothing was measured" not in call(*row).err
    assert "nothing was measured" in call(*row).err


def test_a_claim_that_has_gained_a_row_is_not_said_to_be_measured_already(tmp_path, monkeypatch):
    few, many = Row("two-moons", 2, "improved", 2), Row("two-moons", 4, "improved", 2)
    found = []
    for rows in ((few,), (few, many), (few, many)):
        monkeypatch.setitem(CLAIMS, "C9", replace(CLAIMS["C9"], rows=rows, verdict=lambda rows: Verdict("holds", ""), seeds=2))
        found.append("nothing was measured" in call("experiment", "C9", "--results", tmp_path / "results", "--work", tmp_path / "work").err)
    assert found == [False, False, True]


def test_claims_are_listed_for_programs(): assert set(answer("experiment", "--list")) == {f"C{n}" for n in range(1, 12)}


@pytest.mark.parametrize("option", ["--labels", "--recipe", "--steps", "--unlabeled", "--labeled-batch", "--weight", "--seeds"])
def test_a_claim_takes_no_option_of_a_row(option):
    done = call("experiment", "C9", "--quick", option, {"--recipe": "best", "--weight": "unsupervised=1"}.get(option, 20))
    assert done.code == 2 and option in done.err and "C9" in done.err


def test_an_empty_number_of_processes_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "")
    assert call("train", "two-moons", "--steps", 2, "--out", tmp_path / "run").code == 0


def test_a_place_that_cannot_be_written_to_is_refused_before_the_demo(tmp_path):
    (tmp_path / "file").write_text("")
    with mock.patch("ssgan_edu.cli.train", side_effect=AssertionError("trained")): done = call("demo", "--out", tmp_path / "file" / "demo", "--steps", 10)
    assert done.code == 2 and str(tmp_path / "file") in done.err


def test_train_ends_with_a_line_of_json(run):
    assert {"dataset": "digits", "recipe": "improved", "labels_per_class": 3, "seed": 4, "steps": 30, "n_labeled": 30, "n_unlabeled": 1297}.items() <= run.result.items()
    assert 0 < run.result["test_error"] < 0.6 and run.result["seconds"] > 0 and len(run.result["weights_sha256"]) == 64
    assert run.result["test_error"] == run.result["test_errors"] / run.result["n_test"]


def test_train_leaves_a_folder(run):
    assert sorted(path.name for path in run.folder.iterdir()) == [".lock", "checkpoint.safetensors", "log.jsonl", "result.json", "run.json"]
    assert json.loads((run.folder / "result.json").read_text()) == run.result
    assert weights_sha256(SSGAN.load(run.folder / "checkpoint.safetensors")) == run.result["weights_sha256"]


def library_run(recipe: str, per_class: int, seed: int, steps: int) -> tuple[SSGAN, data.Split]:
    "The loop of the lessons, with the labels and the model of one seed."
    split = data.load_dataset("digits").label(per_class=per_class, seed=seed)
    model = SSGAN.for_split(split, recipe, seed=seed)
    for _ in train(model, split, steps): pass
    return model, split


def test_the_command_does_what_the_library_does(run):
    model, split = library_run("improved", 3, seed=4, steps=30)
    assert weights_sha256(model) == run.result["weights_sha256"]
    assert evaluation.evaluate(model, split)["test_error"] == run.result["test_error"]


def test_the_same_command_gives_the_same_numbers(run, tmp_path):
    def timeless(result): return {key: value for key, value in result.items() if key != "seconds"}
    assert timeless(answer(*TRAIN, "--out", tmp_path / "again")) == timeless(run.result)
    other = answer(*TRAIN[:-1], 5, "--out", tmp_path / "other")
    assert other["weights_sha256"] != run.result["weights_sha256"] and other["seed"] == 5


def test_the_command_in_the_result_makes_the_run_again(run, tmp_path):
    program, *arguments = shlex.split(run.result["command"])
    assert program == "ssgan-edu" and answer(*arguments, "--out", tmp_path)["weights_sha256"] == run.result["weights_sha256"]


def test_evaluate_finds_what_train_found(run):
    found = answer("evaluate", run.folder)
    for key in ("dataset", "recipe", "labels_per_class", "seed", "steps", "test_error", "ci_low", "ci_high", "expected_calibration_error", "weights_sha256"):
        assert found[key] == run.result[key], key
    assert found["step"] == 30
    done = call("evaluate", run.folder)
    assert f"{run.result['test_error']:.2%}" in done.out and f"{run.result['test_errors']} of 500" in done.out and "{" not in done.out


def test_evaluate_can_measure_the_samples(run, monkeypatch):
    monkeypatch.setattr(evaluation, "REFERENCE_STEPS", 20)
    monkeypatch.setattr(evaluation, "_references", {})
    quality = answer("evaluate", run.folder, "--quality")["sample_quality"]
    assert quality["frechet"] > quality["frechet_floor"] and quality["n"] == 500


def test_sample_writes_the_same_picture_for_the_same_seed(run, tmp_path):
    def picture(name, *options):
        done = call("sample", run.folder, "--out", tmp_path / "new folder" / name, *options)
        assert done.code == 0 and f"{tmp_path / 'new folder' / name}" in done.out.replace("\n", "")
        return plt.imread(tmp_path / "new folder" / name)
    first, again, other, few = picture("a.png"), picture("b.png"), picture("c.png", "--seed", 1), picture("D.PNG", "--n", 10)
    assert np.array_equal(first, again) and not np.array_equal(first, other) and first.std() > 0.05
    assert few.shape[0] < first.shape[0], "10 samples make one row, 64 make seven"


def test_words_are_printed_by_language_and_written_on_request(tmp_path):
    answer("train", "words", "--steps", 2, "--labels-per-class", 2, "--out", tmp_path / "run")
    done = call("sample", tmp_path / "run", "--n", 20, "--out", tmp_path / "some.txt")
    written = [line.split("\t") for line in (tmp_path / "some.txt").read_text().splitlines()]
    assert done.code == 0 and len(written) == 20 and {language for language, _ in written} <= {"en", "fr", "de", "es", "it", "pl", "fi", "nl"}
    for language in {language for language, _ in written}:
        assert f"{language}: " + " ".join(word for of, word in written if of == language) in done.out
    refused = call("sample", tmp_path / "run", "--out", tmp_path / "some.png")
    assert refused.code == 2 and "some.png" in refused.err and ".txt" in refused.err


def test_tunes_are_printed_with_their_dance_and_written_in_every_format(tmp_path):
    answer("train", "tunes", "--steps", 2, "--labels-per-class", 2, "--out", tmp_path / "run")
    def written(name):
        done = call("sample", tmp_path / "run", "--n", 3, "--out", tmp_path / name)
        assert done.code == 0 and f"{tmp_path / name}" in done.out.replace("\n", ""), done.err
        return (tmp_path / name).read_bytes(), done.out
    text, out = written("some.txt")
    listed = [line.split("\t") for line in text.decode().splitlines()]
    assert len(listed) == 3 and all(f"{dance}: {tune}" in out.splitlines() and dance in ("reel", "hornpipe", "strathspey", "clog") for dance, tune in listed)
    assert written("some.mid")[0] == music.to_midi([tune for _, tune in listed]) and written("some.wav")[0] == music.to_wav([tune for _, tune in listed])
    assert written("some.PNG")[0].startswith(b"\x89PNG")
    for name in ("some.mp3", "some"):
        refused = call("sample", tmp_path / "run", "--out", tmp_path / name)
        assert refused.code == 2 and name in refused.err and ".mid, .wav, .png, .txt" in refused.err and not (tmp_path / name).exists()
    assert call("sample", tmp_path / "run", "--n", 1).code == 0 and not list(tmp_path.glob("samples*")), "what can be read needs no file"


def test_results_go_to_the_output_and_progress_does_not(run, tmp_path):
    done = call(*TRAIN, "--out", tmp_path / "run")
    assert "test error" in done.out and str(tmp_path) in done.out and "supervised 0." not in done.out


def test_every_recipe_has_its_way_to_an_error(tmp_path):
    found = answer("train", "digits", "--recipe", "gan", "--steps", 3, "--labels-per-class", 2, "--out", tmp_path)
    assert found["classifier"] == "linear probe on features" and found["test_error"] < 0.9


def test_defaults_are_those_of_the_help(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = answer("train", "two-moons", "--steps", 2)
    assert (found["recipe"], found["labels_per_class"], found["seed"]) == ("improved", 10, 0) and Path("runs/latest/run.json").is_file()


def test_a_folder_of_pictures_is_trained_on_and_found_again(tmp_path):
    for i in range(12):
        path = tmp_path / "my pets" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 200 * (i % 2)).save(path)
    found = answer("train", tmp_path / "my pets", "--labels-per-class", 2, "--steps", 40, "--out", tmp_path / "run")
    assert found["test_error"] == 0 and found["dataset"] == str(tmp_path / "my pets")
    assert answer("evaluate", tmp_path / "run")["test_error"] == 0
    assert shlex.split(found["command"])[2] == str(tmp_path / "my pets"), "a name with a space must survive the shell"


# --- interrupted and resumed ----------------------------------------------------------------------------------------


def test_an_interrupted_run_is_resumed_to_the_same_numbers(run, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        calls, meant = [], TERMS["unsupervised"]
        patch.setitem(TERMS, "unsupervised", functools.wraps(meant)(lambda **b: (calls.append(1), meant(**b) * (float("nan") if len(calls) == 18 else 1))[1]))
        broken = call(*TRAIN, "--out", folder, "--checkpoint-every", 5)
    assert broken.code == 2 and "step 18" in broken.err and "'unsupervised'" in broken.err
    early = call("evaluate", folder, "--json")
    assert "15 of 30 steps" in early.err and json.loads(early.out.splitlines()[-1])["step"] == 15
    resumed = answer(*TRAIN, "--out", folder, "--checkpoint-every", 5, "--resume")
    assert resumed["weights_sha256"] == run.result["weights_sha256"] and resumed["test_error"] == run.result["test_error"]
    assert resumed["seconds"] > 0


def test_ctrl_c_keeps_the_checkpoint(tmp_path, monkeypatch):
    calls, meant = [], TERMS["supervised"]

    def interrupted(**batches):
        calls.append(1)
        if len(calls) == 8: raise KeyboardInterrupt
        return meant(**batches)
    monkeypatch.setitem(TERMS, "supervised", functools.wraps(meant)(interrupted))
    done = call(*TRAIN, "--out", tmp_path, "--checkpoint-every", 5)
    assert done.code not in (0, 2) and "Traceback" not in done.err
    assert SSGAN.load(tmp_path / "checkpoint.safetensors").step == 5


def test_the_first_ctrl_c_finishes_the_step_and_keeps_it(run, tmp_path, monkeypatch):
    calls, meant, before = [], TERMS["supervised"], signal.getsignal(signal.SIGINT)

    def interrupted(**batches):
        calls.append(1)
        if len(calls) == 8: signal.raise_signal(signal.SIGINT)
        return meant(**batches)
    with monkeypatch.context() as patch:
        patch.setitem(TERMS, "supervised", functools.wraps(meant)(interrupted))
        done = call(*TRAIN, "--out", tmp_path)
    assert done.code == 130 and "after step 8 of 30" in done.err and signal.getsignal(signal.SIGINT) is before
    words = shlex.split(done.err[done.err.index("ssgan-edu train"):])
    assert words[-3:] == ["--out", str(tmp_path), "--resume"] and SSGAN.load(tmp_path).step == 8
    assert answer(*words[1:], "--json")["weights_sha256"] == run.result["weights_sha256"]


def test_the_second_ctrl_c_interrupts_at_once(tmp_path, monkeypatch):
    def interrupted(**batches):
        for _ in range(2): signal.raise_signal(signal.SIGINT)
    monkeypatch.setitem(TERMS, "supervised", functools.wraps(TERMS["supervised"])(interrupted))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs without
    try: assert call(*TRAIN, "--out", tmp_path).code not in (0, 2) and not (tmp_path / "checkpoint.safetensors").exists()
    finally: signal.signal(signal.SIGINT, before)


def test_resuming_a_finished_run_only_reports_it(run):
    assert answer(*TRAIN, "--out", run.folder, "--resume")["weights_sha256"] == run.result["weights_sha256"]


# --- errors ---------------------------------------------------------------------------------------------------------

ERRORS = {
    "data set": (("train", "mnits", "--out", "{new}"), ["'mnits'", "Did you mean 'mnist'?"]),
    "recipe": (("train", "digits", "--recipe", "improvd", "--out", "{new}"), ["'improvd'", "'improved'"]),
    "networks": (("train", "two-moons", "--networks", "conv", "--out", "{new}"), ["points", "networks='mlp'"]),
    "unknown networks": (("train", "digits", "--networks", "cnv", "--out", "{new}"), ["'cnv'", "'conv'"]),
    "no labels": (("train", "digits", "--labels-per-class", "0", "--out", "{new}"), ["per_class=0"]),
    "too many labels": (("train", "digits", "--labels-per-class", "200", "--out", "{new}"), ["200"]),
    "no steps": (("train", "digits", "--steps", "0", "--out", "{new}"), ["steps", "at least 1"]),
    "device": (("train", "digits", "--steps", "2", "--device", "cuda:99", "--out", "{new}"), ["'cuda:99'", "'cpu'"]),
    "folder in use": (("train", "digits", "--out", "{run}"), ["already holds a run", "--resume"]),
    "other settings": (("train", "digits", "--out", "{run}", "--resume"), ["labels_per_class=3", "10"]),
    "file in the place of the folder": (("train", "digits", "--steps", "2", "--out", "{file}"), ["{file}"]),
    "evaluate nothing": (("evaluate", "{new}"), ["{new}", "holds no run"]),
    "sample nothing": (("sample", "{new}"), ["{new}", "holds no run"]),
    "device of evaluate": (("evaluate", "{run}", "--device", "cuda:99"), ["'cuda:99'"]),
    "no png": (("sample", "{run}", "--out", "x.jpg"), ["x.jpg", ".png"]),
    "no generator": (("sample", "{points}", "--out", "{new}.png"), ["'supervised'", "no generator"]),
    "quality without generator": (("evaluate", "{points}", "--quality"), ["'supervised'", "no generator"]),
    "demo too short": (("demo", "--steps", "5", "--out", "{new}"), ["--steps 5", "at least 10"]),
    "damaged checkpoint": (("evaluate", "{damaged}"), ["checkpoint.safetensors", "Restore it"]),
    "damaged settings": (("evaluate", "{unsettled}"), ["run.json", "Restore it"]),
    "settings of something else": (("evaluate", "{foreign}"), ["settings of this run lack"]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_the_user_can_put_right_is_one_line_and_exit_code_2(run, points, tmp_path, case):
    places = {"new": tmp_path / "new", "run": run.folder, "points": points, "file": tmp_path / "file", "damaged": tmp_path / "damaged", "unsettled": tmp_path / "unsettled",
              "foreign": tmp_path / "foreign"}
    places["file"].write_text("I am a file")
    for name in ("damaged", "unsettled", "foreign"): shutil.copytree(run.folder, places[name])
    (places["damaged"] / "checkpoint.safetensors").write_bytes(b"x" * 1000)
    (places["unsettled"] / "run.json").write_text('{"dataset": ')
    (places["foreign"] / "run.json").write_text('{"epochs": 5}')
    arguments, words = ERRORS[case]
    done = call(*(argument.format(**places) for argument in arguments))
    assert done.code == 2, done.out + done.err
    line, = [line for line in done.err.splitlines() if line.strip()]
    assert line.startswith("error: ") and [word for word in words if word.format(**places) not in line] == [], line
    assert done.out == ""


def test_a_mistyped_name_can_be_corrected_in_the_same_folder(tmp_path):
    for wrong in (("--recipe", "improvd"), ("--networks", "conv"), ("--device", "cuda:99"), ("--steps", 0)):
        assert call("train", "two-moons", "--steps", 2, *wrong, "--out", tmp_path / "run").code == 2
    assert call("train", "two-moons", "--steps", 2, "--out", tmp_path / "run").code == 0


@pytest.mark.parametrize("arguments", [("train",), ("train", "digits", "--step", "3"), ("train", "digits", "--steps", "many"), ("sample", "x", "--n", "0"), ("trian", "digits"),
                                       ("train", "digits", "--checkpoint-every", "0")], ids=" ".join)
def test_wrong_usage_is_exit_code_2(arguments):
    done = call(*arguments)
    assert done.code == 2 and "Traceback" not in done.err and "Usage" in done.err


def test_help_names_the_commands_and_their_choices():
    said = call("--help").out
    assert all(command in said for command in ("demo", "train", "evaluate", "sample", "doctor"))
    said = " ".join(call("train", "--help").out.replace("│", " ").split())
    assert "--resume" in said and "--labels-per-class" in said
    assert all(name in said for name in ("badgan", "two-moons", "sequence"))


def test_the_program_itself(tmp_path):
    "Not in this process: the exit code and the streams that a shell sees."
    environment = {**os.environ, "PYTHONPATH": str(Path(ssgan_edu.__file__).parents[1]), "OMP_NUM_THREADS": str(torch.get_num_threads()), "COLUMNS": "60"}
    done = subprocess.run([sys.executable, "-c", "from ssgan_edu.cli import main; main()", "train", "digitz"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1 and "Did you mean 'digits'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- demo and doctor ------------------------------------------------------------------------------------------------


def test_demo_shows_what_the_unlabeled_digits_bought(tmp_path):
    done = call("demo", "--steps", 59, "--out", tmp_path / "demo", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out.splitlines()[-1])
    assert (found["dataset"], found["labels_per_class"], found["steps"]) == ("digits", 1, 59)
    assert {"supervised", "improved"} < set(found["accuracies"]) and {len(values) for values in found["accuracies"].values()} == {3}
    assert all(0.1 < accuracy < 1 for values in found["accuracies"].values() for accuracy in values)
    for recipe in ("supervised", "improved"):
        at_the_end = [1 - evaluation.evaluate(*library_run(recipe, 1, seed=draw, steps=59))["test_error"] for draw in range(3)]
        assert found["accuracies"][recipe] == pytest.approx(at_the_end), "of the last step, not of the best"
    path = Path(found["figure"])
    assert path.is_absolute() and path == tmp_path / "demo" / "demo.png" and str(path) in done.out
    picture = plt.imread(path)
    assert picture.shape[0] > 400 and picture.shape[1] > 800 and picture[..., :3].std() > 0.05
    for name, values in found["accuracies"].items(): assert f"{np.mean(values):.1%}" in done.out, name
    gain = 100 * (np.mean(found["accuracies"]["improved"]) - np.mean(found["accuracies"]["supervised"]))
    said = " ".join(done.out.split())
    assert f"{gain:+.1f} points" in said and "1,297 unlabeled" in said


def test_doctor_reports_what_is_there():
    done = call("doctor", "--json")
    found = json.loads(done.out.splitlines()[-1])
    assert done.code == 0 and "Nothing is missing." in done.out and found["missing"] == []
    assert found["found"]["torch"] == torch.__version__ and found["found"]["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"digits", "mnist", "words", "tunes", "spoken-digits", "two-moons", "rings", "pinwheel", "blobs", "fashion-mnist", "svhn", "cifar10"} == set(found["data"])
    assert found["data"]["mnist"] == "60,000 + 10,000 samples, whole" and found["data"]["digits"] == "1,297 + 500 samples, whole"


def test_doctor_finds_damaged_data(tmp_path, monkeypatch):
    shutil.copytree(data.carried("datasets") / "mnist", tmp_path / "mnist")
    monkeypatch.setattr(data, "carried", lambda folder: tmp_path)
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"x")
    done = call("doctor")
    assert done.code == 1 and "missing: data set mnist:" in done.out and "damaged" in done.out and "Nothing is missing" not in done.out


def test_a_run_of_the_library_can_be_sampled(tmp_path):
    for _ in training.Run(tmp_path / "run", data.load_dataset("digits").label(per_class=2), {"recipe": "improved", "networks": None, "seed": 0, "steps": 2}): pass
    assert call("sample", tmp_path / "run", "--n", 4, "--out", tmp_path / "four.png").code == 0 and Image.open(tmp_path / "four.png").size
    assert call("evaluate", tmp_path / "run").err.startswith("error: "), "it doesn't say of which data"


def test_files_are_read_in_any_locale():
    environment = {**os.environ, "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONPATH": str(Path(ssgan_edu.__file__).parents[1])}
    code = "import locale; assert locale.getpreferredencoding(False) != 'UTF-8'; from ssgan_edu.claims import claims_table; from ssgan_edu.data import load_dataset; claims_table(); load_dataset('words')"
    subprocess.run([sys.executable, "-X", "utf8=0", "-c", code], env=environment, check=True)
