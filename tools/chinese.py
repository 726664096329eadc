"""Write the Chinese pages, zh/*.ipynb and README.zh.md, from the English notebooks and zh/source (`make export` runs this).

Code, outputs and figures are those of the English notebook; its markdown cells are replaced by the blocks of zh/source/<notebook>.md. Each block
is headed by the id of its cell and the fingerprint of the English text that it translates. Where the English has changed since, or a block is
missing, the page shows the English, under a note. Links are written as in the English, relative to nbs/.

A lesson with widgets gets a cell that asks for them in Chinese (`say` in lesson 07b).

Exercises are treated in the same way; to their notebooks the hints are added, to be unfolded one by one.
"""
import hashlib
import posixpath
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from readme import PROJECT, readme

from ssgan_edu.exercises import read_exercise

LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s]+)")
LANGUAGE = nbformat.v4.new_code_cell("%env SSGAN_EDU_LANGUAGE=zh", id="language")
NOTE = "> 这一段的英文在翻译之后有改动，译文待更新，先给出英文。"


class Block(NamedTuple):
    "The translation of one markdown cell. `outdated` says that somebody knows that the English has changed."
    cell: str
    fingerprint: str
    outdated: bool
    text: str


def fingerprint(text: str) -> str:
    "Changes with the words, not with the breaks of lines."
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


def heading(cell: nbformat.NotebookNode) -> str: return f"<!-- cell {cell.id} {fingerprint(cell.source)} -->"


def names(project: Path = PROJECT) -> list[str]:
    "What has a translation: 00_what_it_is, exercises/01_balanced_labels, index, …"
    folder = project / "zh" / "source"
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md") if path.stem != "README")


def pages(project: Path = PROJECT) -> list[str]: return [name for name in names(project) if name != "index"]


def blocks(name: str, project: Path = PROJECT) -> list[Block]:
    text = (project / "zh" / "source" / f"{name}.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^<!-- cell (\S+) (\S+)( outdated)? -->$", text, flags=re.MULTILINE)
    return [Block(cell, mark, bool(outdated), said.strip()) for cell, mark, outdated, said in zip(*[iter(parts)] * 4)]


def english(name: str, project: Path = PROJECT) -> nbformat.NotebookNode:
    if not name.startswith("exercises/"): return nbformat.read(project / "nbs" / f"{name}.ipynb", as_version=4)
    notebook, exercise = nbformat.read(project / f"{name}.ipynb", as_version=4), read_exercise((project / name).parent / "source" / f"{Path(name).name}.py")
    notebook.cells += [nbformat.v4.new_markdown_cell(text, id=f"hint-{number}") for number, text in enumerate(exercise.hints, 1)]
    return notebook


def prose(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]: return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def changed(name: str, project: Path = PROJECT) -> list[nbformat.NotebookNode]:
    "The English cells that have no translation, or one of another text."
    known = {block.cell: block.fingerprint for block in blocks(name, project)}
    return [cell for cell in prose(english(name, project)) if known.get(cell.id) != fingerprint(cell.source)]


def relink(text: str, translated: list[str]) -> str:
    "Links of a page in zh/: to the Chinese page where there is one, else to the English."
    def target(link: re.Match) -> str:
        if link[0] == "index.ipynb": return "../README.zh.md"
        return link[0] if link[0].removesuffix(".ipynb") in translated else posixpath.normpath(f"../nbs/{link[0]}")

    return re.sub(rf"/blob/main/nbs/({'|'.join(translated)})\.ipynb", r"/blob/main/zh/\1.ipynb", LINK.sub(target, text))


def chinese(name: str, project: Path = PROJECT) -> nbformat.NotebookNode:
    "The English notebook with the Chinese text."
    notebook, known, missing = english(name, project), {block.cell: block.text for block in blocks(name, project)}, {cell.id for cell in changed(name, project)}
    for cell in prose(notebook):
        cell.source = relink(f"{NOTE}\n\n{cell.source}" if cell.id in missing else known[cell.id], pages(project))
        if cell.id.startswith("hint-"): cell.source = f"<details><summary>提示 {cell.id.removeprefix('hint-')}</summary>\n\n{cell.source}\n\n</details>"
    if has_widgets(notebook): notebook.cells.insert(2, LANGUAGE)  # after the title and the installation
    return notebook


def has_widgets(notebook: nbformat.NotebookNode) -> bool: return any("widgets" in cell.source for cell in notebook.cells if cell.cell_type == "code")


def generated(project: Path = PROJECT) -> dict[Path, str]:
    "What the Chinese pages should hold."
    notebooks = {project / "zh" / f"{name}.ipynb": nbformat.writes(chinese(name, project)) + "\n" for name in pages(project)}
    return notebooks | {project / "README.zh.md": readme(chinese("index", project), "zh")}


if __name__ == "__main__":
    for path, text in generated().items(): path.write_text(text, encoding="utf-8")
    for name in names():
        for cell in changed(name): print(f"zh/source/{name}.md: shown in English, to be translated: {heading(cell)}", file=sys.stderr)
