"""The tree fits together: metadata, notebooks, library, README, data and wheel are of one piece."""
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from importlib.metadata import entry_points, requires
from pathlib import Path

import nbformat
import pytest

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((PROJECT / "nbs").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
NOT_OURS = shutil.ignore_patterns(
    ".git", ".venv", ".cache", "__pycache__", "*.egg-info", "build", "dist", "runs", "_docs", ".*_checkpoints", ".hypothesis",
    ".pytest_cache", "*.tmp",
)
COLAB = "https://colab.research.google.com/github/ssgan-edu/ssgan_edu/blob/main/nbs"
COLAB_CELL = 'import sys\nif "google.colab" in sys.modules:\n    %pip install -q ssgan_edu'

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def run(*command, cwd) -> None:
    "Run a Python script in `cwd`."
    done = subprocess.run([sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    "A copy of the project, for the tests to read: others may be at work in the tree."
    return Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("original") / "project", ignore=NOT_OURS))


@pytest.fixture
def copy(original, tmp_path) -> Path:
    "A copy of the project, for one test to change."
    return Path(shutil.copytree(original, tmp_path / "project"))


# --- metadata -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings():
    parser = ConfigParser(delimiters=["="])
    parser.read(PROJECT / "settings.ini", encoding="utf-8")
    return parser["DEFAULT"]


def pyproject_value(table: str, key: str) -> str:
    "Python 3.10 has no tomllib; the values compared here are plain strings on one line."
    section = (PROJECT / "pyproject.toml").read_text().split(f"[{table}]\n")[1].split("\n[")[0]
    return re.search(rf'^{key} = "(.*)"$', section, re.MULTILINE)[1]


@pytest.mark.parametrize("key", ["lib_path", "nbs_path", "doc_path", "branch"])
def test_settings_and_pyproject_agree(settings, key):
    assert pyproject_value("tool.nbdev", key) == settings[key]


def test_settings_name_the_project_and_its_python(settings):
    assert pyproject_value("project", "name") == settings["lib_name"] == settings["lib_path"]
    assert settings["min_python"] == "3.10"
    assert "(3, 10) <= sys.version_info" in (PROJECT / "Makefile").read_text()


def test_version_is_the_same_everywhere(settings):
    import ssgan_edu

    assert ssgan_edu.__version__ == settings["version"]
    assert f"\nversion: {settings['version']}\n" in (PROJECT / "CITATION.cff").read_text()


def test_installed_metadata_is_that_of_settings(settings):
    def names(requirements): return {re.match(r"[\w-]+", line)[0] for line in requirements}

    installed = requires("ssgan_edu")
    assert names(line for line in installed if "extra ==" not in line) == names(settings["requirements"].split())
    assert names(line for line in installed if 'extra == "dev"' in line) == names(settings["dev_requirements"].split())
    [command] = entry_points(group="console_scripts", name="ssgan-edu")
    assert f"{command.name}={command.value}" == settings["console_scripts"]


# --- notebooks and what is generated from them ----------------------------------------------------------------------


def test_export_and_clean_leave_the_tree_unchanged(original, copy):
    for command in ("nbdev-export", "nbdev-clean"):
        run(Path(sys.executable).with_name(command), cwd=copy)
    before, after = contents(original), contents(copy)
    assert [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)] == []


def test_readme_is_generated_from_the_index(original, copy):
    (copy / "README.md").unlink()
    run("tools/readme.py", cwd=copy)
    assert (copy / "README.md").read_text() == (original / "README.md").read_text(), "run: make export"


def test_readme_links_lead_somewhere():
    text = (PROJECT / "README.md").read_text()
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith("http")]
    assert targets and [target for target in targets if not (PROJECT / target).exists()] == []
    assert "data:image" not in text and "```python" in text and not re.search(r"```$\n(?=\S)", text.split("```python")[0])


@each_lesson
def test_index_lists_every_lesson_with_its_title_and_badge(path):
    index = (PROJECT / "nbs" / "index.ipynb").read_text()
    title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
    assert f"[{title}]({path.name})" in index
    assert f"({COLAB}/{path.name})" in index


@each_notebook
def test_notebook_is_small_and_without_widget_state(path):
    assert "widgets" not in json.loads(path.read_text())["metadata"]
    assert path.stat().st_size < 500_000


@each_lesson
def test_lesson_has_every_part(path):
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    parts = [rf"\A# {path.name[:2]}[a-z]?\. ", r"^\*\*You will learn\*\*", r"\*\*Needs\*\*", r"\*\*Time\*\*", "^## Summary$",
             "^## Exercises$", "^## Where it comes from$"]
    assert [part for part in parts if not re.search(part, prose, re.MULTILINE)] == []
    code = [cell.source for cell in cells if cell.cell_type == "code" and not cell.source.startswith("#| default_exp")]
    assert code[0] == COLAB_CELL
    assert cells[0].source.endswith(f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({COLAB}/{path.name})")
    assert [source for source in code if re.search(r"^\s*(import|from) (nbdev|fastcore)", source, re.MULTILINE)] == []


def test_training_knows_no_recipe_by_name():
    "A recipe is a table of terms; code that asks for its name has put a path where a table should be."
    asked = re.compile(r"recipe(\.name)? *(==|!=|in) ")
    assert [path.name for path in (PROJECT / "ssgan_edu").glob("*.py") if asked.search(path.read_text())] == []


def test_no_file_names_a_path_of_a_local_machine(original):
    local = re.compile(rb"(?<![\w.:/*~-])/(?:work|root|home|Users|tmp)/\w")
    found = {name for name, data in contents(original).items() if not name.endswith(".gz") and local.search(data)}
    assert found == set()


# --- data and wheel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", sorted(path.name for path in (PROJECT / "datasets").iterdir() if path.is_dir()))
def test_data_files_match_their_checksums(folder):
    folder = PROJECT / "datasets" / folder
    sums = {name: digest for digest, name in (line.split() for line in (folder / "SHA256SUMS").read_text().splitlines())}
    data = {path.name: path for path in folder.iterdir() if path.name not in ("SHA256SUMS", "README.md")}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in data.items()} == sums
    assert (folder / "README.md").exists()


def test_mnist_card_counts_what_the_files_hold():
    folder = PROJECT / "datasets" / "mnist"
    card = (folder / "README.md").read_text()
    for part, file in {"train": "train", "test": "t10k"}.items():
        labels = gzip.decompress((folder / f"{file}-labels-idx1-ubyte.gz").read_bytes())[8:]
        counts = [labels.count(digit) for digit in range(10)]
        assert f"| {part} | {' | '.join(map(str, [*counts, sum(counts)]))} |" in card
    for path in folder.glob("*.gz"):
        assert hashlib.md5(gzip.decompress(path.read_bytes())).hexdigest() in card


def test_results_can_be_repeated():
    for path in (PROJECT / "results").glob("*.json"):
        table = json.loads(path.read_text())
        for row in table.get("rows", [table]):
            assert {"name", "command", "seeds", "versions", "machine", "figures"} <= set(row), (path.name, row.get("name"))
            assert {len(values) for values in row["figures"].values()} == {len(row["seeds"])}, (path.name, row["name"])


def test_wheel_carries_library_data_and_results(copy, tmp_path):
    (copy / "results" / "sentinel.json").write_text("{}")
    run("-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, cwd=copy)
    [wheel] = tmp_path.glob("*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    wanted = [path.relative_to(copy) for folder in ("ssgan_edu", "datasets", "exercises", "results")
              for path in (copy / folder).rglob("*") if path.is_file()]
    names = {str(path) if path.parts[0] == "ssgan_edu" else f"ssgan_edu/{path}" for path in wanted}
    assert "ssgan_edu/results/sentinel.json" in names and "ssgan_edu/datasets/mnist/SHA256SUMS" in names
    assert sorted(names - carried) == []
