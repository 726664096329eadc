"""Nothing is lost and nothing foreign gets in: killed runs end in the same bits, damaged and foreign files are refused, failed writes keep the old file."""
import builtins
import copy
import errno
import functools
import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ssgan_edu
from ssgan_edu import training
from ssgan_edu.data import CheckpointError, SSGANError, TrainingError, UnknownNameError, load_dataset
from ssgan_edu.recipes import RECIPES, TERMS, Recipe
from ssgan_edu.training import SSGAN, Run, read_settings, train, weights_sha256, write_atomically
import support

refused = functools.partial(support.refused, kind=CheckpointError)

some = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
SETTINGS = {"recipe": "best", "networks": None, "seed": 2, "steps": 20, "dataset": "digits"}


@pytest.fixture(scope="module")
def split(): return load_dataset("digits").label(per_class=3)


@pytest.fixture(scope="module")
def moons(): return load_dataset("two-moons").label(per_class=3)


@pytest.fixture(scope="module")
def model(moons):
    "A small model that has made 3 of 9 steps."
    model = SSGAN.for_split(moons, "improved", seed=6)
    for record in train(model, moons, steps=9):
        if record["step"] == 3: return model


class Contents(bytes):
    "Bytes that hypothesis doesn't print in full when a test fails."
    def __repr__(self): return f"<{len(self)} bytes>"


@pytest.fixture(scope="module")
def contents(model, tmp_path_factory) -> Contents:
    path = tmp_path_factory.mktemp("model") / "checkpoint.safetensors"
    model.save(path)
    return Contents(path.read_bytes())


@pytest.fixture
def file(tmp_path, contents) -> Path:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(contents)
    return path


# --- there and back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_saved_run_goes_on_to_the_same_bits(split, tmp_path, recipe):
    whole, broken = (SSGAN.for_split(split, recipe, seed=1) for _ in range(2))
    for _ in train(whole, split, steps=8): pass
    for record in train(broken, split, steps=8):
        if record["step"] == 5: break
    broken.save(tmp_path / "run")
    loaded = SSGAN.load(tmp_path / "run")
    assert (loaded.recipe, loaded.step, loaded.steps) == (broken.recipe, 5, 8) and repr(loaded) == repr(broken)
    assert weights_sha256(loaded) == weights_sha256(broken) != weights_sha256(whole)
    assert torch.equal(loaded.features(split.x_test), broken.features(split.x_test))
    for _ in train(loaded, split, steps=8): pass
    assert weights_sha256(loaded) == weights_sha256(whole)
    for player, net in whole.players.items():
        for key, t in net.state_dict().items(): assert torch.equal(t, loaded.players[player].state_dict()[key]), key


def test_a_copy_goes_its_own_way(model, moons):
    before = weights_sha256(model)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert weights_sha256(twin) == before and twin.step == 3
        for _ in train(twin, moons, steps=9): pass
        assert weights_sha256(twin) != weights_sha256(model) == before


def test_a_copy_stays_on_the_device_and_a_pickle_takes_the_one_it_finds(contents, monkeypatch):
    model = training.from_bytes(contents, "cpu")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: torch.device("cpu:0"))
    assert copy.deepcopy(model).device == torch.device("cpu")
    assert pickle.loads(pickle.dumps(model)).device == torch.device("cpu:0")


def test_the_digest_sees_every_weight_and_only_weights(model):
    twin = copy.deepcopy(model)
    twin.step = 4
    assert weights_sha256(twin) == weights_sha256(model)
    for network in twin.averages.values():
        for t in network.state_dict().values():
            before = t.clone()
            t.flatten()[-1:].add_(1)
            if t.numel() and torch.equal(t, before): t.view(-1)[-1:].add_(1)
            assert weights_sha256(twin) != weights_sha256(model)
            t.copy_(before)
            assert weights_sha256(twin) == weights_sha256(model)


def test_saving_again_replaces_the_file(model, file, moons):
    twin = SSGAN.load(file)
    next(train(twin, moons, steps=9))
    twin.save(str(file))
    assert SSGAN.load(str(file)).step == 4 and [p.name for p in file.parent.iterdir()] == [file.name]


def test_weights_that_are_not_finite_are_never_written(file, contents):
    model = SSGAN.load(file)
    with torch.no_grad(): model.generator.body[0].weight[0, 0] = float("nan")
    with refused("'generator/body.0.weight'", "not finite", "step 3", "not overwritten", kind=TrainingError): model.save(file)
    assert file.read_bytes() == contents


# --- killed ---------------------------------------------------------------------------------------------------------

CHILD = """
import json, os, signal, sys
from ssgan_edu.data import load_dataset
from ssgan_edu.training import Run

def die(): os.kill(os.getpid(), signal.SIGKILL)

def dies(name, nth, first, then=lambda *args: None):
    meant, calls = getattr(os, name), []
    def wrapped(*args):
        calls.append(args)
        if len(calls) == nth and first: then(*args); die()
        result = meant(*args)
        if len(calls) == nth: die()
        return result
    setattr(os, name, wrapped)

folder, moment, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
# Files are written in this order: 1 settings, 2 log, 3 checkpoint of step 5, 4 log, 5 checkpoint of step 10.
if moment == "half of a checkpoint is written": dies("fsync", 5, True, lambda descriptor: os.ftruncate(descriptor, 1000))
if moment == "a checkpoint is not renamed yet": dies("replace", 5, True)
if moment == "the log is ahead of the checkpoint": dies("replace", 4, False)
if moment == "only the settings are written": dies("replace", 1, False)
run = Run(folder, load_dataset("digits").label(per_class=3), settings, resume=True, checkpoint_every=5)
for record in run: print(record["step"], flush=True)
"""


@pytest.fixture(scope="module")
def uninterrupted(split, tmp_path_factory) -> Run:
    run = Run(tmp_path_factory.mktemp("whole"), split, SETTINGS, checkpoint_every=5)
    for _ in run: pass
    return run


def without_time(log: list[dict]) -> list[dict]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in log]


@pytest.mark.parametrize("moment, resumes_at", [
    ("step 12 is made", 11), ("half of a checkpoint is written", 6), ("a checkpoint is not renamed yet", 6), ("the log is ahead of the checkpoint", 6),
    ("only the settings are written", 1)])
def test_a_killed_run_ends_as_if_it_had_not_been(split, uninterrupted, tmp_path, moment, resumes_at):
    folder = tmp_path / "run"
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads()), "PYTHONPATH": str(Path(ssgan_edu.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", CHILD, str(folder), moment, json.dumps(SETTINGS)], cwd=tmp_path, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if moment == "step 12 is made" and line == "12\n": child.kill()
        errors = child.stderr.read()
    assert child.returncode == -signal.SIGKILL, errors
    left = sorted(path.name for path in folder.glob(".*.tmp"))
    assert len(left) == (moment in ("half of a checkpoint is written", "a checkpoint is not renamed yet"))

    run = Run(folder, split, SETTINGS, resume=True, checkpoint_every=5)
    assert [record["step"] for record in run] == list(range(resumes_at, 21))
    assert not list(folder.glob(".*.tmp")), "what the killed process left behind is removed"
    assert weights_sha256(run.model) == weights_sha256(uninterrupted.model)
    assert without_time(run.log) == without_time(uninterrupted.log)
    kept, expected = (safetensors.torch.load_file(r.folder / "checkpoint.safetensors") for r in (run, uninterrupted))
    assert kept.keys() == expected.keys() and all(torch.equal(kept[key], expected[key]) for key in kept)


# --- damaged and foreign files --------------------------------------------------------------------------------------


def header_size(contents: bytes) -> int: return 8 + int.from_bytes(contents[:8], "little")


@given(st.data())
@some
def test_a_flipped_bit_in_the_weights_is_noticed(file, contents, data):
    damaged = bytearray(contents)
    bit = data.draw(st.integers(8 * header_size(contents), 8 * len(contents) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    with refused(str(file), "altered", "Restore it"): SSGAN.load(file)


@given(st.data())
@settings(some, max_examples=150)
def test_a_flipped_bit_in_the_header_is_noticed(file, contents, data):
    damaged = bytearray(contents)
    bit = data.draw(st.integers(0, 8 * header_size(contents) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    with refused(str(file)): SSGAN.load(file)


@pytest.mark.parametrize("key", ["seed", "step", "steps"])
def test_a_changed_number_in_the_header_is_noticed(file, contents, key):
    "Another seed or step would go on, quietly, with other batches than the run had."
    number = {"seed": 6, "step": 3, "steps": 9}[key]
    damaged = contents.replace(rf'\"{key}\": {number}'.encode(), rf'\"{key}\": {number - 1}'.encode())
    assert damaged != contents and len(damaged) == len(contents)
    file.write_bytes(damaged)
    with refused("altered"): SSGAN.load(file)


@given(st.data())
@some
def test_a_truncated_file_is_refused(file, contents, data):
    file.write_bytes(contents[:data.draw(st.integers(0, header_size(contents) + 100) | st.integers(0, len(contents) - 1))])
    with refused(str(file), "not a whole safetensors file", "Restore it"): SSGAN.load(file)


@given(st.binary(max_size=200))
@some
def test_any_other_bytes_are_refused(file, noise):
    file.write_bytes(noise)
    with refused(str(file)): SSGAN.load(file)


@given(st.data())
@some
def test_spliced_and_lengthened_files_are_refused(file, contents, data):
    position, noise = data.draw(st.integers(0, len(contents))), data.draw(st.binary(min_size=1, max_size=20))
    file.write_bytes(contents[:position] + noise + contents[position:])
    with refused(str(file)): SSGAN.load(file)


class Payload:
    "Unpickling it writes a file: that is how a foreign checkpoint would run code."
    def __init__(self, path): self.path = path

    def __reduce__(self): return (Path.write_text, (self.path, "executed"))


@pytest.mark.parametrize("write", [lambda payload, path: path.write_bytes(pickle.dumps(payload)), torch.save], ids=["pickle", "torch.save"])
def test_a_pickle_is_refused_and_its_payload_not_executed(tmp_path, write):
    proof, path = tmp_path / "proof", tmp_path / "checkpoint.safetensors"
    write(Payload(proof), path)
    with refused(str(path), "not a whole safetensors file"): SSGAN.load(path)
    assert not proof.exists()
    pickle.loads(pickle.dumps(Payload(proof)))
    assert proof.exists(), "the payload does work"


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": "ssgan_edu checkpoint 0"}], ids=str)
def test_safetensors_of_other_programs_are_refused(tmp_path, metadata):
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path, metadata)
    with refused(str(path), "not written by this library", repr((metadata or {}).get("format")), "checkpoint 1"): SSGAN.load(path)


def test_our_mark_alone_does_not_make_a_checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    for metadata in ({}, {"sha256": "0" * 64}, {"sha256": training._digest({"weight": torch.zeros(3)})}):
        safetensors.torch.save_file({"weight": torch.zeros(3)}, path, {"format": training.FORMAT, **metadata})
        with refused(str(path)): SSGAN.load(path)


class StrangeRecipe(Recipe):
    def to_dict(self): return {"name": "improved", "from": "a later version"}


@pytest.mark.parametrize("change", [
    dict(networks="transformer"), dict(networks="conv"), dict(shape=(3,)), dict(shape=()), dict(shape="x"), dict(kind="video"), dict(n_classes=7), dict(n_classes=-1),
    dict(n_classes="x"), dict(recipe=StrangeRecipe("improved", RECIPES["improved"].updates, ""))], ids=str)
def test_a_checkpoint_of_another_version_is_refused(file, change):
    model = SSGAN.load(file)
    for key, value in change.items(): setattr(model, key, value)
    model.save(file)
    with refused(str(file), "doesn't describe a model of this version", "Train again"): SSGAN.load(file)


def test_a_missing_file_is_named(tmp_path):
    for path in (tmp_path / "no.safetensors", tmp_path): 
        with refused(str(path), "There is no checkpoint"): SSGAN.load(path)


def test_a_device_that_is_not_there_is_not_blamed_on_the_file(file):
    with refused("device='cuda:99'", "'cpu'", kind=TrainingError): SSGAN.load(file, device="cuda:99")


# --- writing --------------------------------------------------------------------------------------------------------


def fails(error): return lambda *args, **kwargs: (_ for _ in ()).throw(error)


FAILURES = {
    "disk full": ("fsync", OSError(errno.ENOSPC, "No space left on device")), "read-only": ("replace", OSError(errno.EROFS, "Read-only file system")),
    "not permitted": ("replace", PermissionError(errno.EACCES, "Permission denied")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_write_keeps_the_old_file(model, file, contents, monkeypatch, name):
    function, error = FAILURES[name]
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fails(error))
        with refused(str(file), error.strerror, "untouched", "choose a folder", kind=SSGANError): model.save(file)
    assert file.read_bytes() == contents and [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_write_that_stops_in_the_middle_keeps_the_old_file(model, file, contents, monkeypatch):
    "The disk is full after 1,000 bytes."
    class Full:
        def __init__(self, file): self.file = file
        def write(self, data):
            self.file.write(data[:1000])
            raise OSError(errno.ENOSPC, "No space left on device")
        def __enter__(self): return self
        def __exit__(self, *_): self.file.close()
        def __getattr__(self, name): return getattr(self.file, name)
    meant = builtins.open
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", lambda path, mode="r", *args, **kwargs: Full(meant(path, mode)) if "x" in mode else meant(path, mode, *args, **kwargs))
        with refused("No space left", kind=SSGANError): model.save(file)
    assert file.read_bytes() == contents and [path.name for path in file.parent.iterdir()] == [file.name]


def test_an_interrupted_write_keeps_the_old_file(model, file, contents, monkeypatch):
    monkeypatch.setattr(os, "fsync", fails(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt): model.save(file)
    assert file.read_bytes() == contents and [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path):
    (tmp_path / "runs").write_text("I am a file")
    with refused("runs", "choose a folder", kind=SSGANError): write_atomically(tmp_path / "runs" / "run.json", b"{}")
    assert (tmp_path / "runs").read_text() == "I am a file"


def test_the_new_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        meant = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, meant=meant: (order.append(name), meant(*args))[1])
    write_atomically(tmp_path / "new" / "folder" / "file", b"abc")
    assert order == ["fsync", "replace"] and (tmp_path / "new" / "folder" / "file").read_bytes() == b"abc"
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["file"]


# --- a run in a folder ----------------------------------------------------------------------------------------------

SMALL = {"recipe": "improved", "networks": None, "seed": 0, "steps": 6}


def small_run(folder, moons, steps_made=6, resume=False, **changed) -> Run:
    run = Run(folder, moons, SMALL | changed, resume, checkpoint_every=2)
    for record in run:
        if record["step"] == steps_made: break
    return run


def test_what_is_in_the_folder(moons, tmp_path):
    run = small_run(tmp_path / "new" / "run", moons, lesson="07")
    assert sorted(path.name for path in run.folder.iterdir()) == [".lock", "checkpoint.safetensors", "log.jsonl", "run.json"]
    assert read_settings(run.folder) == {**SMALL, "lesson": "07"}
    log = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6] and log == run.log
    seconds = [line["seconds"] for line in log]
    assert seconds == sorted(seconds) and seconds[0] > 0 and run.seconds == seconds[-1]
    assert weights_sha256(SSGAN.load(run.folder / "checkpoint.safetensors")) == weights_sha256(run.model)


def test_a_long_log_is_thinned(moons, tmp_path):
    run = Run(tmp_path / "run", moons, SMALL | {"steps": 1000}, checkpoint_every=7)
    for record in run:
        if record["step"] == 14: break
    assert [line["step"] for line in run.log] == [5, 7, 10, 14]


def test_a_folder_that_holds_a_run_is_not_overwritten(moons, tmp_path):
    small_run(tmp_path, moons, steps_made=4)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with refused(str(tmp_path), "already holds a run", "--resume"): small_run(tmp_path, moons)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_checkpoint_without_its_settings_is_not_gone_on_with(moons, tmp_path):
    small_run(tmp_path, moons, steps_made=4)
    (tmp_path / "run.json").unlink()
    for resume in (False, True):
        with refused(str(tmp_path)): small_run(tmp_path, moons, resume=resume, seed=5)
    assert SSGAN.load(tmp_path / "checkpoint.safetensors").seed == 0


def test_a_run_is_not_resumed_with_another_recipe_of_the_same_name(moons, tmp_path):
    for _ in small_run(tmp_path, moons): pass
    other = RECIPES[SMALL["recipe"]].weighted(supervised=0.5)
    with refused(str(tmp_path), "another recipe", kind=CheckpointError): Run(tmp_path, moons, SMALL, resume=True, recipe=other)
    Run(tmp_path, moons, SMALL, resume=True, recipe=RECIPES[SMALL["recipe"]])


def test_checkpoints_need_a_number_of_steps_between_them(moons, tmp_path):
    with refused("checkpoint_every=0", kind=TrainingError): Run(tmp_path, moons, SMALL, checkpoint_every=0)


@pytest.mark.parametrize("changed", [dict(seed=1), dict(steps=7), dict(recipe="best"), dict(networks="mlp"), dict(lesson="07")], ids=str)
def test_a_run_is_not_resumed_with_other_settings(moons, tmp_path, changed):
    small_run(tmp_path, moons, steps_made=4)
    (key, value), = changed.items()
    with refused(f"{key}={SMALL.get(key)!r}", repr(value), "same settings"): small_run(tmp_path, moons, resume=True, **changed)
    assert SSGAN.load(tmp_path / "checkpoint.safetensors").step == 4


def test_resuming_nothing_begins_and_resuming_the_end_adds_nothing(moons, tmp_path):
    first = small_run(tmp_path / "run", moons, resume=True)
    assert first.model.step == 6
    again = Run(first.folder, moons, SMALL, resume=True, checkpoint_every=3)
    assert list(again) == [] and weights_sha256(again.model) == weights_sha256(first.model) and again.log == first.log


def test_a_checkpoint_of_another_run_is_refused(moons, tmp_path):
    one, other = small_run(tmp_path / "one", moons, steps_made=4), small_run(tmp_path / "other", moons, steps_made=4, seed=1)
    (one.folder / "checkpoint.safetensors").write_bytes((other.folder / "checkpoint.safetensors").read_bytes())
    with refused("seed"): small_run(one.folder, moons, resume=True)


@pytest.mark.parametrize("file, damage", [
    ("checkpoint.safetensors", b"x"), ("log.jsonl", b'{"step": 1\n'), ("log.jsonl", b"3\n"), ("log.jsonl", b"\xff\xfe"), ("log.jsonl", None), ("run.json", b"{"),
    ("run.json", b"[]"), ("run.json", b"\xff\xfe")])
def test_damaged_files_of_a_run_are_named(moons, tmp_path, file, damage):
    small_run(tmp_path, moons, steps_made=4)
    if damage is None: (tmp_path / file).unlink()
    else: (tmp_path / file).write_bytes(damage)
    with refused(str(tmp_path / file)): small_run(tmp_path, moons, resume=True)


def test_a_model_is_loaded_from_the_folder_of_its_run(moons, tmp_path):
    run = small_run(tmp_path, moons)
    assert weights_sha256(SSGAN.load(tmp_path)) == weights_sha256(run.model)
    with refused(str(tmp_path / "none")): SSGAN.load(tmp_path / "none")


def test_where_steps_are_slow_a_checkpoint_is_written_by_the_clock(moons, tmp_path, monkeypatch):
    whole = small_run(tmp_path / "whole", moons)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    left = Run(tmp_path / "run", moons, SMALL, checkpoint_every=1000)
    for record in left:
        if record["step"] == 3: break
    assert SSGAN.load(tmp_path / "run").step == 3
    assert weights_sha256(small_run(tmp_path / "run", moons, resume=True).model) == weights_sha256(whole.model)


def test_a_step_is_kept_on_request(moons, tmp_path):
    run = Run(tmp_path, moons, SMALL, checkpoint_every=1000)
    for record in run:
        if record["step"] == 3: run.save(); break
    again = Run(tmp_path, moons, SMALL, resume=True)
    assert again.model.step == 3 and [line["step"] for line in again.log] == [1, 2, 3]


def test_processes_that_do_not_see_the_checkpoint_are_refused(moons, tmp_path, monkeypatch):
    accelerator = SimpleNamespace(main_process_first=nullcontext, is_main_process=True, device="cpu")
    monkeypatch.setattr(training, "gather_object", lambda steps: [*steps, 3])
    with refused("steps 0, 3", "share"): Run(tmp_path, moons, SMALL, accelerator=accelerator)
    monkeypatch.setattr(training, "gather_object", lambda steps: [*steps, 0])
    assert Run(tmp_path / "other", moons, SMALL, accelerator=accelerator).model.step == 0


def test_a_recipe_and_its_settings_have_one_name(moons, tmp_path):
    mine = replace(RECIPES["improved"], name="mine")
    with refused("'improved'", "'mine'", kind=SSGANError): Run(tmp_path, moons, SMALL, recipe=mine)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_run_is_named(tmp_path):
    with refused(str(tmp_path), "holds no run", "run.json", "--out"): read_settings(tmp_path)


@pytest.mark.parametrize("changed, kind", [(dict(recipe="improvd"), UnknownNameError), (dict(networks="conv"), SSGANError), (dict(steps=0), TrainingError)],
                         ids=["recipe", "networks", "steps"])
def test_a_run_that_cannot_start_leaves_nothing_behind(moons, tmp_path, changed, kind):
    "Whoever mistypes a name can correct it and run again in the same folder."
    with refused(kind=kind): small_run(tmp_path / "run", moons, **changed)
    assert small_run(tmp_path / "run", moons).model.step == 6


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(moons, tmp_path, monkeypatch):
    whole = small_run(tmp_path / "whole", moons)
    with monkeypatch.context() as patch:
        calls, meant = [], TERMS["unsupervised"]
        patch.setitem(TERMS, "unsupervised", functools.wraps(meant)(lambda **batches: (calls.append(1), meant(**batches) * (float("nan") if len(calls) == 4 else 1))[1]))
        with refused("'unsupervised'", "step 4", kind=TrainingError): small_run(tmp_path / "run", moons)
    assert SSGAN.load(tmp_path / "run" / "checkpoint.safetensors").step == 2
    run = small_run(tmp_path / "run", moons, resume=True)
    assert weights_sha256(run.model) == weights_sha256(whole.model) and without_time(run.log) == without_time(whole.log)


# --- several at once ------------------------------------------------------------------------------------------------

BESIDE = """
import json, sys
from ssgan_edu.data import load_dataset
from ssgan_edu.training import Run
run = Run(sys.argv[1], load_dataset("digits").label(per_class=3), json.loads(sys.argv[2]), resume=True, checkpoint_every=1)
for record in run: print(record["step"], flush=True)
"""


def test_only_one_process_trains_in_a_folder(split, uninterrupted, tmp_path):
    folder = tmp_path / "run"
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads()), "PYTHONPATH": str(Path(ssgan_edu.__file__).parents[1])}
    first = Run(folder, split, SETTINGS, checkpoint_every=5)
    steps = iter(first)
    next(steps)
    half_written = folder / ".log.jsonl.1.tmp"
    half_written.touch()
    second = subprocess.run([sys.executable, "-c", BESIDE, str(folder), json.dumps(SETTINGS)], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "CheckpointError" in second.stderr and "Another process" in second.stderr and second.stdout == ""
    assert half_written.exists(), "whoever writes may go on"
    for _ in steps: pass
    assert weights_sha256(first.model) == weights_sha256(uninterrupted.model)
    assert not subprocess.run([sys.executable, "-c", BESIDE, str(folder), json.dumps(SETTINGS)], cwd=tmp_path, env=environment, check=True, capture_output=True).stdout, "it is done"
    assert not half_written.exists()


def test_a_run_that_was_left_can_be_taken_up_in_the_same_process(split, uninterrupted, tmp_path):
    left = iter(Run(tmp_path / "run", split, SETTINGS, checkpoint_every=5))
    for _ in range(7): next(left)
    again = Run(tmp_path / "run", split, SETTINGS, resume=True, checkpoint_every=5)
    assert [record["step"] for record in again] == list(range(6, 21)) and weights_sha256(again.model) == weights_sha256(uninterrupted.model)


def test_threads_can_write_one_file(tmp_path):
    file, contents = tmp_path / "file", [bytes([k]) * 100_000 for k in range(8)]
    with ThreadPoolExecutor(8) as pool: list(pool.map(lambda k: [write_atomically(file, contents[k]) for _ in range(10)], range(8)))
    assert file.read_bytes() in contents and [path.name for path in tmp_path.iterdir()] == ["file"]


def test_numpy_numbers_can_be_kept(moons, tmp_path):
    model = SSGAN.for_split(moons, seed=np.int64(3))
    for _ in train(model, moons, np.int64(2)): pass
    model.save(tmp_path / "model")
    assert (SSGAN.load(tmp_path / "model").seed, copy.deepcopy(model).steps) == (3, 2)
    with support.refused("seed=0.5"): SSGAN.for_split(moons, seed=0.5)
    with support.refused("steps=2.5"): next(train(SSGAN.for_split(moons), moons, 2.5))
