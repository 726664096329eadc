"""The site builds without a warning, and every link in it that stays inside leads somewhere."""
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).resolve().parent.parent


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
    wanted = {path.stem for path in (PROJECT / "nbs").glob("*.ipynb")} | {f"api/{path.stem}" for path in (PROJECT / "ssgan_edu").glob("[!_]*.py")}
    assert {name for name in wanted if not (site / f"{name}.html").exists()} == set()


def test_pages_show_no_directive_of_nbdev(site):
    code = {path.name: re.findall("<pre>.*?</pre>", path.read_text(encoding="utf-8"), re.DOTALL) for path in site.glob("*.html")}
    assert sum(map(len, code.values())) > 500
    assert [name for name, blocks in code.items() if any(re.search(r"^#\|", re.sub("<[^>]+>", "", block), re.MULTILINE) for block in blocks)] == []


def test_the_index_of_symbols_names_each_one_once_and_leads_to_it(site):
    import importlib

    page = (site / "symbols.html").read_text(encoding="utf-8")
    for path in sorted((PROJECT / "ssgan_edu").glob("[!_]*.py")):
        for name in getattr(importlib.import_module(f"ssgan_edu.{path.stem}"), "__all__", []):
            assert len(re.findall(rf"<td>(?:(?!</td>).)*\b{name}</span></code>", page, re.DOTALL)) >= 1, name
    assert 'href="api/losses.html#ssgan_edu.losses.real_loss"' in page
    assert 'href="03_losses.html"' in page
