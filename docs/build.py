"""Build the site of the course: every notebook a page, the Chinese ones too, every module a page, and an index that says which lesson derives a symbol.

`make docs` writes it to _docs/html. Nothing is executed: the pages show the outputs that the notebooks hold.
"""
import ast
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from sphinx.cmd.build import build_main

PROJECT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/ssgan-edu/ssgan_edu/blob/main"


def page(path: Path) -> nbformat.NotebookNode:
    "A notebook as the site shows it: without what is for nbdev or Colab, and with links that lead somewhere from there."
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    notebook.cells = [cell for cell in notebook.cells if not is_hidden(cell)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if "#| echo: false" in cell.source: cell.metadata["tags"] = ["remove-input"]
            cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.MULTILINE)
        else:
            cell.source = re.sub(r"\]\(\.\./(?!nbs/)([^)]*)\)", rf"]({REPOSITORY}/\1)", cell.source)
            cell.source = cell.source.replace("](../nbs/", "](../")  # from a Chinese page, which is one folder below the English ones
            cell.source = re.sub(r"!\[(Open in Colab|Colab)\]\([^)]*\)", r"\1", cell.source)  # a page asks no other site for its pictures
    return notebook


def is_hidden(cell) -> bool:
    return cell.cell_type == "code" and bool(re.match(r"#\| *(hide|default_exp)|import sys\nif .google\.colab", cell.source))


def title(notebook: nbformat.NotebookNode) -> str:
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


class Symbol(NamedTuple):
    "A public name of the library, what it is, and the notebook and the cell that export it."
    name: str
    said: str
    notebook: str
    cell: str


def symbols(module: Path) -> Iterator[Symbol]:
    "The public symbols of an exported module, each as often as it is defined there."
    lines, tree = module.read_text(encoding="utf-8").splitlines(), ast.parse(module.read_text(encoding="utf-8"))
    public = next((ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"), [])
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)): names, said = [node.name], ast.get_docstring(node) or ""
        else:
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            names, said = [part.id for target in targets for part in getattr(target, "elts", [target]) if isinstance(part, ast.Name)], "a constant"
        for name in set(names) & set(public):
            source = next(line for line in reversed(lines[:node.lineno]) if line.startswith("# %% ../nbs/"))
            yield Symbol(name, " ".join(said.split("\n\n")[0].split()), *re.search(r"nbs/(\w+)\.ipynb #(\S+)", source).groups())


def mark(notebook: nbformat.NotebookNode, cells: set[str]) -> dict[str, str]:
    "Put a target for links before each of these cells; the heading under which each of them stands."
    heading, headings, marked = "", {}, []
    for cell in notebook.cells:
        if cell.cell_type == "markdown": heading = (re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL), re.MULTILINE) or [heading])[-1]
        if cell.id in cells:
            marked.append(nbformat.v4.new_markdown_cell(f"(cell-{cell.id})=", id=f"target-{cell.id}"))
            headings[cell.id] = heading
        marked.append(cell)
    notebook.cells = marked
    return headings


def in_cell(text: str) -> str: return text.replace("|", r"\|")


def toctree(caption: str, pages: list[str]) -> str:
    return "\n".join(["", f"```{{toctree}}\n:hidden:\n:caption: {caption}\n", *pages, "```", ""])


def write_pages(out: Path) -> None:
    "All source files of the site into `out`, which is made anew."
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(PROJECT / "nbs" / "images", out / "images")
    notebooks = {path.stem: page(path) for path in sorted((PROJECT / "nbs").glob("*.ipynb"))}
    modules = {path.stem: sorted(symbols(path)) for path in sorted((PROJECT / "ssgan_edu").glob("[!_]*.py"))}
    modules = dict(sorted(modules.items(), key=lambda item: item[1][0].notebook))  # in the order of the lessons
    exporting = {symbol.cell for found in modules.values() for symbol in found}
    sections = {cell: heading for notebook in notebooks.values() for cell, heading in mark(notebook, exporting).items()}
    lessons = [name for name in notebooks if re.match(r"[0-8]\d_", name)]
    appendices = [name for name in notebooks if re.match(r"9\d_", name)]
    notebooks |= {f"zh/{path.stem}": page(path) for path in sorted((PROJECT / "zh").glob("*.ipynb"))}
    chinese = [name for name in notebooks if name.startswith("zh/")]
    menu = "".join([toctree("The course", lessons), toctree("Appendices", appendices), toctree("中文", chinese), toctree("The library", ["symbols", *(f"api/{name}" for name in modules)])])
    notebooks["index"].cells.append(nbformat.v4.new_markdown_cell(menu, id="menu"))
    for folder in ("api", "zh"): (out / folder).mkdir()
    for name, notebook in notebooks.items(): nbformat.write(notebook, out / f"{name}.ipynb")
    rows = ["# Which lesson derives it", "", "Every name of the library comes from a cell of the course: the last column leads to it. Each module has its lesson."]
    for module, found in modules.items():
        [source] = {symbol.notebook for symbol in found}
        lesson = f"[{title(notebooks[source])}]"
        rows += ["", f"## {module}", "", f"Lesson {lesson}({source}.ipynb).", "", "| name | what it is | derived in |", "|---|---|---|"]
        rows += [f"| {{py:obj}}`{name} <ssgan_edu.{module}.{name}>` | {in_cell(said)} | [{in_cell(sections[cell])}](#cell-{cell}) |" for name, said, _, cell in found]
        text = [f"# {module}", "", f"Derived and shown at work in lesson {lesson}(../{source}.ipynb).", "",
                f"```{{eval-rst}}\n.. automodule:: ssgan_edu.{module}\n   :members:\n   :show-inheritance:\n```", ""]
        (out / "api" / f"{module}.md").write_text("\n".join(text), encoding="utf-8")
    derived = {f"ssgan_edu.{module}.{symbol.name}": (symbol.cell, sections[symbol.cell]) for module, found in modules.items() for symbol in found}
    (out / "derived.json").write_text(json.dumps(derived), encoding="utf-8")  # conf.py adds these links to the pages of the library
    (out / "symbols.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


def main(out: Path = PROJECT / "_docs") -> int:
    write_pages(out / "pages")
    return build_main(["-q", "-W", "--keep-going", "-c", str(PROJECT / "docs"), str(out / "pages"), str(out / "html")])


if __name__ == "__main__": sys.exit(main(*map(Path, sys.argv[1:])))
