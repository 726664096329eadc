"""The site builds without a warning, and every link in it that stays inside leads somewhere."""
import importlib
import os
import re
import subprocess
import sys
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "docs"))
from build import symbols  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("docs")
    done = subprocess.run([sys.executable, PROJECT / "docs" / "build.py", out], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(PROJECT)})
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "html"


def test_no_link_is_broken(site):
    pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    places = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in pages.items()}
    broken, followed = [], 0
    for name, text in pages.items():
        for target in map(unescape, re.findall(r'(?:href|src)="([^"]+)"', text)):
            if re.match(r"[a-z]+:|//", target): continue
            file, _, place = unquote(target).partition("#")
            file = os.path.normpath(Path(name).parent / file.split("?")[0]) if file else name
            followed += 1
            if not (site / file).exists() or place and file in places and place not in places[file]: broken.append(f"{name}: {target}")
    assert followed > 1000 and broken == []


def test_every_notebook_and_module_has_a_page(site):
    wanted = {path.stem for path in (PROJECT / "nbs").glob("*.ipynb")} | {f"zh/{path.stem}" for path in (PROJECT / "zh").glob("*.ipynb")} | {f"api/{path.stem}" for path in (PROJECT / "ssgan_edu").glob("[!_]*.py")}
    assert {name for name in wanted if not (site / f"{name}.html").exists()} == set()


def test_pages_show_no_directive_of_nbdev(site):
    code = {path.name: re.findall("<pre>.*?</pre>", path.read_text(encoding="utf-8"), re.DOTALL) for path in site.glob("*.html")}
    assert sum(map(len, code.values())) > 500
    assert [name for name, blocks in code.items() if any(re.search(r"^#\|", re.sub("<[^>]+>", "", block), re.MULTILINE) for block in blocks)] == []


def test_each_symbol_has_exactly_one_lesson_and_leads_to_it(site):
    "A name is exported by one cell of one notebook, and the index, the page of its module and that cell are linked."
    index = (site / "symbols.html").read_text(encoding="utf-8")
    rows = {re.sub("<[^>]+>", "", row[0]).strip(): row[-1] for row in map(lambda text: re.findall("<td>(.*?)</td>", text, re.DOTALL), re.findall("<tr.*?</tr>", index, re.DOTALL)) if row}
    cells = {cell.id: path.stem for path in (PROJECT / "nbs").glob("*.ipynb") for cell in nbformat.read(path, as_version=4).cells}
    exported = Counter()
    for path in sorted((PROJECT / "ssgan_edu").glob("[!_]*.py")):
        found = list(symbols(path))
        assert sorted(symbol.name for symbol in found) == sorted(importlib.import_module(f"ssgan_edu.{path.stem}").__all__)
        assert len({symbol.notebook for symbol in found}) == 1
        for name, _, notebook, cell in found:
            exported[name] += 1
            assert cells[cell] == notebook and f'href="{notebook}.html#cell-{cell}"' in rows[name], name
        page = (site / "api" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert [symbol.name for symbol in found if symbol.said != "a constant" and f"#cell-{symbol.cell}" not in page] == []
    assert len(exported) > 150 and [name for name, times in exported.items() if times > 1] == []


def test_a_symbol_that_is_defined_twice_is_found_twice(tmp_path):
    cell = "\n# %% ../nbs/{}.ipynb #{}\ndef f(): pass\n"
    (tmp_path / "it.py").write_text("__all__ = ['f']\n" + cell.format("01_a", "one") + cell.format("02_b", "two"))
    assert [(symbol.notebook, symbol.cell) for symbol in symbols(tmp_path / "it.py")] == [("01_a", "one"), ("02_b", "two")]


def test_the_site_asks_no_other_site_for_pictures_or_programs(site):
    "Search, theme and figures work without a network; only formulas are set by MathJax, which readers fetch."
    asked = {target for path in site.rglob("*.html") for target in re.findall(r'<(?:img|script|link)[^>]*(?:src|href)="(https?:[^"]+)"', path.read_text(encoding="utf-8"))}
    assert [target for target in asked if "mathjax" not in target and "ssgan-edu.github.io" not in target] == []


def test_a_word_can_be_searched_for(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert (site / "search.html").exists() and "real_loss" in index and '"03_losses"' in index
