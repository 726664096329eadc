"""Several processes: they share the gradient, stay in step, and learn what one process learns from batches as large as theirs together."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

PROGRAM = '''
import json, sys
from dataclasses import replace
import torch
from accelerate import Accelerator
from ssgan_edu.data import SSGANError, load_dataset
from ssgan_edu.networks import GaussianNoise
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, train, weights_sha256

def run(recipe, batch_size, steps, accelerator=None, noise=True, poison=False):
    split = load_dataset("digits").label(per_class=40, seed=0)
    model = SSGAN.for_split(split, replace(RECIPES[recipe], batch_size=batch_size), seed=0, device="cpu")
    for layer in model.discriminator.modules():
        if not noise and isinstance(layer, GaussianNoise): layer.std = 0.0
    if poison and accelerator.process_index == 1: split.x_labeled[:] = torch.nan
    records = list(train(model, split, steps, accelerator))
    return {"records": records, "sha": weights_sha256(model), "error": (model.predict_logits(split.x_test).argmax(1) != split.y_test).float().mean().item()}

torch.set_num_threads(1)
accelerator = Accelerator(cpu=True)
found = {"ranks": accelerator.num_processes, "supervised": run("supervised", 100, 40, accelerator, noise=False), "improved": run("improved", 100, 200, accelerator)}
try: run("supervised", 100, 3, accelerator, poison=True)
except SSGANError as error: found["poisoned"] = str(error)
if accelerator.num_processes == 1: found |= {"supervised doubled": run("supervised", 200, 40, noise=False), "improved doubled": run("improved", 200, 200), "alone": run("improved", 100, 200)}
json.dump(found, open(f"{sys.argv[1]}/{accelerator.process_index}-of-{accelerator.num_processes}.json", "w"))
'''


def launch(*arguments: str, processes: int = 2) -> subprocess.CompletedProcess:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--standalone", *arguments]
    return subprocess.run(torchrun, env=environment, capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, dict]:
    "What each rank of two processes, and one process, found."
    folder = tmp_path_factory.mktemp("scale")
    (folder / "program.py").write_text(PROGRAM)
    for processes in (1, 2):
        done = launch(str(folder / "program.py"), str(folder), processes=processes)
        assert done.returncode == 0, done.stderr[-2000:]
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*-of-*.json")}


def curve(run: dict, term: str, window: int) -> torch.Tensor:
    return torch.tensor([record[term] for record in run["records"]]).unfold(0, window, window).mean(1)


def test_both_processes_end_with_the_same_weights_and_records(found):
    first, second = found["0-of-2"], found["1-of-2"]
    assert first["ranks"] == second["ranks"] == 2 and found["0-of-1"]["ranks"] == 1
    for recipe in ("supervised", "improved"): assert first[recipe] == second[recipe]


def test_two_processes_make_the_moves_of_one_with_the_doubled_batch(found):
    "Without noise the batches of both ranks are the doubled batch, so the curves agree to float32's rounding, which grows from step to step."
    two, one = found["0-of-2"]["supervised"], found["0-of-1"]["supervised doubled"]
    for term in ("supervised", "gradient of the discriminator"):
        torch.testing.assert_close(curve(two, term, 1)[:15], curve(one, term, 1)[:15], rtol=1e-3, atol=1e-5)
    single = found["0-of-1"]["supervised"]
    assert (curve(single, "supervised", 1) - curve(one, "supervised", 1))[:15].abs().max() > 0.02, "a batch half the size makes other moves"


def test_the_game_of_two_processes_follows_that_of_the_doubled_batch(found):
    "With noise, means over 50 steps. Feature matching is left out: its square is larger by the noise of the smaller batches' means."
    two, one = found["0-of-2"]["improved"], found["0-of-1"]["improved doubled"]
    for term in ("supervised", "unsupervised"):
        torch.testing.assert_close(curve(two, term, 50)[1:], curve(one, term, 50)[1:], rtol=0.25, atol=0.03)
    assert abs(two["error"] - one["error"]) < 0.05 and two["error"] < 0.2


def test_each_process_draws_its_own_batches(found):
    assert found["0-of-2"]["improved"]["records"][0] != found["0-of-1"]["improved"]["records"][0]


def test_one_process_under_an_accelerator_is_one_without(found):
    assert found["0-of-1"]["improved"] == found["0-of-1"]["alone"]


def test_what_is_not_finite_in_one_process_stops_all(found):
    for name in ("0-of-2", "1-of-2"): assert "'supervised' became nan" in found[name]["poisoned"]


def test_the_command_line_trains_in_two_processes_and_resumes(tmp_path):
    arguments = ["--no-python", "ssgan-edu", "train", "digits", "--steps", "30", "--checkpoint-every", "10", "--device", "cpu", "--out", str(tmp_path / "run"), "--json"]
    first = launch(*arguments)
    assert first.returncode == 0, first.stderr[-2000:]
    result = json.loads(first.stdout.splitlines()[-1])
    assert result["processes"] == 2 and result["command"].startswith("torchrun --nproc-per-node 2") and first.stdout.count('"weights_sha256"') == 1
    again = launch(*arguments)
    assert again.returncode != 0 and "already holds a run" in again.stderr
    resumed = json.loads(launch(*arguments, "--resume").stdout.splitlines()[-1])
    assert resumed["weights_sha256"] == result["weights_sha256"]
