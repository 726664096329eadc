"""Write README.md from nbs/index.ipynb (`make export` runs this; README.zh.md is made in the same way by chinese.py).

A cell that starts with `#| hide`, and the one that installs the library in Colab, are left out; of a cell that starts with
`#| echo: false` only the output is shown. Links relative to the notebook become links relative to the project.
"""
import posixpath
import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

PROJECT = Path(__file__).resolve().parent.parent


def readme(notebook: nbformat.NotebookNode, folder: str) -> str:
    "The text of a README at the top of the project, from a notebook in `folder`."
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.cells = [cell for cell in notebook.cells if not is_hidden(cell)]
    for cell in notebook.cells:
        if cell.source.startswith("#| echo: false"):
            cell.metadata["transient"] = {"remove_source": True}
    text, _ = MarkdownExporter(preprocessors=[CoalesceStreamsPreprocessor(enabled=True)]).from_notebook_node(notebook)
    text = re.sub(r"(\]\()(?![a-z]+:|#)([^)\s]+)", lambda m: m[1] + posixpath.normpath(f"{folder}/{m[2]}"), text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip() + "\n"


def is_hidden(cell) -> bool:
    return cell.cell_type == "code" and (cell.source.startswith("#| hide") or "google.colab" in cell.source)


if __name__ == "__main__":
    index = nbformat.read(PROJECT / "nbs" / "index.ipynb", as_version=4)
    (PROJECT / "README.md").write_text(readme(index, "nbs"), encoding="utf-8")
