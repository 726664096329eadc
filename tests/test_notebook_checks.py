"""The checks of the notebooks can fail: small notebooks, sound and broken, and spoiled copies of lessons, under the conftest.py of the project."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

PROJECT = Path(__file__).resolve().parent.parent


def cell(source: str, printed: str = ""):
    "A cell as nbdev-clean leaves it, without an execution count, and tagged for comparison."
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    return new_code_cell(source, outputs=outputs, metadata={"tags": ["nbval-check-output"]})


WORKERS = ("-n", "2", "--dist", "loadfile")
SOUND = {
    "number": cell("print('error', 1 / 8)", "error 0.125\n"),
    "float tail": cell("print(2 / 3)", "0.66666600001\n"),
    "timing": cell("print('trained in 12.5 s')", "trained in 99 s\n"),
    "address": cell("class Net: pass\nprint(Net())", "<__main__.Net object>\n"),
    "silent": cell("x = 1"),
    "not evaluated": cell("#| eval: false\nraise SystemExit"),
}
BROKEN = {
    "wrong number": cell("print('error', 1 / 8)", "error 0.126\n"),
    "wrong text": cell("print('error', 1 / 8)", "loss 0.125\n"),
    "wrong value": new_code_cell("1 / 8", metadata={"tags": ["nbval-check-output"]}, outputs=[
        new_output("execute_result", {"text/plain": "0.126"})]),
    "output cleared": cell("print('error', 1 / 8)"),
    "raises": new_code_cell("assert 1 / 8 == 0.126"),
    "endless": cell("import time\ntime.sleep(60)"),
    "callback raises": new_code_cell("from ipywidgets import interact\ninteract(lambda x: 1 / (x - 2), x=(1, 3));"),
}
# What is spoiled in a lesson (its name, then a text that it holds once and what takes its place), and how the check then fails.
SPOILED = {
    "printed number": ("05_recipes", "0.6 {'supervised': 1.0, 'teacher': 1.0}", "0.6 {'supervised': 1.0, 'teacher': 2.0}", "Cell outputs differ"),
    "dead callback": ("07_widgets", ".observe(lambda _: self.refresh()", ".observe(lambda _: None", "AssertionError"),
    "sign of a loss": ("03_losses", "return 0.5 * _softplus(-log_partition(logits)).mean()", "return 0.5 * _softplus(log_partition(logits)).mean()", "AssertionError"),
    "half of a loss": ("03_losses", "return 0.5 * _softplus(log_partition(logits)).mean()", "return _softplus(log_partition(logits)).mean()", "AssertionError"),
    "no move made": ("05_training", "optimizer.step()", "pass", "AssertionError"),
}


def check(folder: Path, cells, *options, tests=(), floors=None, **environment) -> tuple[int, str]:
    "Exit code and output of a run over one notebook and some files of tests, as `make test` would do it; with other floors if they are given."
    for name in ("conftest.py", "pyproject.toml", "tests/sanitize.cfg"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    if floors:
        text, n = re.subn("^FLOORS = .*$", f"FLOORS = {floors}", (PROJECT / "conftest.py").read_text(), flags=re.MULTILINE)
        assert n == 1
        (folder / "conftest.py").write_text(text)
    for number, source in enumerate(tests):
        (folder / "tests" / f"test_{number}.py").write_text(source)
    (folder / "nbs").mkdir()
    nbformat.write(new_notebook(cells=list(cells)), folder / "nbs" / "00_it.ipynb")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SSGAN_EDU_"))}
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options], cwd=folder,
                          env={**ours, **environment}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_sound_notebook_passes(tmp_path):
    code, printed = check(tmp_path, SOUND.values())
    assert code == 0, printed
    assert f"{len(SOUND) - 1} passed, 1 skipped" in printed


@pytest.mark.parametrize("name", BROKEN)
def test_broken_cell_fails(tmp_path, name):
    code, printed = check(tmp_path, [SOUND["number"], BROKEN[name]], "--nbval-cell-timeout=5")
    assert code == 1 and "1 failed, 1 passed" in printed, printed


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_lesson_fails(tmp_path, what):
    name, old, new, complaint = SPOILED[what]
    lesson = (PROJECT / "nbs" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert lesson.count(old) == 1
    code, printed = check(tmp_path, nbformat.reads(lesson.replace(old, new), as_version=4).cells, "-x", SSGAN_EDU_BUDGET="small")
    assert code == 1 and complaint in printed and re.search(r"\b1 failed, \d+ passed", printed), printed


def test_library_whose_loss_has_the_wrong_sign_fails_a_lesson(tmp_path):
    library = Path(shutil.copytree(PROJECT / "ssgan_edu", tmp_path / "ssgan_edu")) / "losses.py"
    lines = library.read_text(encoding="utf-8")
    assert lines.count("return F.cross_entropy(logits, labels)\n") == 1
    library.write_text(lines.replace("return F.cross_entropy(logits, labels)\n", "return -F.cross_entropy(logits, labels)\n"), encoding="utf-8")
    lesson = nbformat.read(PROJECT / "nbs" / "05_training.ipynb", as_version=4)
    code, printed = check(tmp_path, lesson.cells, "-x", SSGAN_EDU_BUDGET="small", PYTHONPATH=str(tmp_path))
    assert code == 1 and "assert accuracy > 0.4" in printed and re.search(r"\b1 failed, \d+ passed", printed), printed


@pytest.mark.parametrize("n_cells, n_tests, shortcomings", [
    (12, 15, []),
    (11, 14, ["only 11 notebook cells passed, the floor is 12", "only 14 tests passed, the floor is 15"]),
])
def test_floors_hold_for_cells_and_tests(tmp_path, n_cells, n_tests, shortcomings):
    tests = f"import pytest\n@pytest.mark.parametrize('n', range({n_tests}))\ndef test(n): pass\n"
    cells = [new_code_cell("x = 1") for _ in range(n_cells)]
    code, printed = check(tmp_path, cells, *WORKERS, tests=[tests], floors={"notebook cells": 12, "tests": 15}, SSGAN_EDU_FLOORS="1")
    assert re.findall("only .*", printed) == shortcomings and code == bool(shortcomings), printed


def test_only_expected_skips_pass(tmp_path):
    one = "import pytest\ndef test_a(): pytest.skip('no time')\ndef test_b(): pytest.skip('needs a GPU')\ndef test_c(): pass\n"
    whole_file = "import pytest\npytest.importorskip('no_such_module')\n"
    code, printed = check(tmp_path, [SOUND["not evaluated"]], *WORKERS, tests=[one, whole_file], SSGAN_EDU_FLOORS="1")
    assert sorted(re.findall("unexpected skip: (.*)", printed)) == ["tests/test_0.py::test_a", "tests/test_1.py"], printed
    assert code == 1
