"""The lessons as Colab runs them: the wheel and nothing of the checkout, ipywidgets 7.7.1, no nbdev."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

PROJECT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path for path in (PROJECT / "nbs").glob("*.ipynb") if re.match(r"\d\d_", path.name))
WIDGETS = ("ipywidgets==7.7.1", "widgetsnbextension==3.6.10", "jupyterlab_widgets==1.1.11", "ipython_genutils")
IS_COLAB = '''
import ipywidgets, ssgan_edu
from importlib.metadata import version
assert ipywidgets.__version__ == version("ipywidgets") == "7.7.1", ipywidgets.__version__
print(ssgan_edu.__file__)
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the wheel and the widgets of Colab, to be put before everything else on the path.

    torch and the rest, gigabytes, are those of the environment.
    """
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    for name in ("settings.ini", "setup.py", "pyproject.toml", "README.md"): shutil.copy(PROJECT / name, source)
    for name in ("ssgan_edu", "datasets", "exercises", "results"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.tmp"))
    pip("wheel", source, "--no-deps", "--no-build-isolation", "--wheel-dir", wheels)
    pip("install", "--no-deps", "--target", site, *wheels.glob("*.whl"), *WIDGETS)
    (site / "nbdev.py").write_text("raise ImportError('Colab has no nbdev')\n")
    return site


def pip(*arguments) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def run_in_colab(notebook: nbformat.NotebookNode, site: Path, folder: Path) -> nbformat.NotebookNode:
    "Run all cells in `folder`, beside which there is no checkout."
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    return client.execute(env=ours | {"PYTHONPATH": str(site), "SSGAN_EDU_BUDGET": "small"})


def test_it_is_the_wheel_that_is_imported(installed, tmp_path):
    notebook = run_in_colab(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IS_COLAB)]), installed, tmp_path)
    assert Path(notebook.cells[0].outputs[0].text.strip()).is_relative_to(installed)


@pytest.mark.parametrize("source", ["import nbdev", "open('../settings.ini')", "open('images/demo.png')"])
def test_what_colab_does_not_have_is_not_there(installed, tmp_path, source):
    with pytest.raises(CellExecutionError): run_in_colab(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), installed, tmp_path)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lesson_runs_in_colab(installed, tmp_path, lesson):
    notebook = nbformat.read(lesson, as_version=4)
    for cell in notebook.cells:
        if re.search(r"^#\| *eval: *false", cell.source, re.MULTILINE): cell.metadata["tags"] = ["skip-execution"]
    run_in_colab(notebook, installed, tmp_path)
