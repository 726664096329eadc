"""Settings of Sphinx; the pages come from docs/build.py."""
import json
import re
from configparser import ConfigParser
from pathlib import Path

parser = ConfigParser(delimiters=["="])
parser.read(Path(__file__).parent.parent / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]

project, author, release = settings["lib_name"], settings["author"], settings["version"]
project_copyright = settings["copyright"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_enable_extensions = ["dollarmath", "amsmath"]
nb_execution_mode = "off"
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]  # the state of a widget, beside its sentence and its picture
default_role = "code"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"exclude-members": "set_fit_request,set_score_request"}  # what scikit-learn adds to every estimator
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_title = project
html_theme_options = {"source_repository": settings["git_url"], "source_branch": settings["branch"], "source_directory": "nbs/"}
html_show_sphinx = False


def plain_text(app, what, name, obj, options, lines: list[str]) -> None:
    "Docstrings are written to be read in a terminal: outside of backticks no sign has a meaning of its own."
    for i, line in enumerate(lines):
        parts = re.split("(`[^`]*`)", line)
        lines[i] = "".join(part if part.startswith("`") else re.sub(r"([*|\\]|_(?=\W|$))", r"\\\1", part) for part in parts)


def lesson(app, what, name, obj, options, lines: list[str]) -> None:
    "Each public symbol names the section of the course that derives it."
    cell, heading = json.loads((app.srcdir / "derived.json").read_text(encoding="utf-8")).get(name, (None, None))
    if cell: lines += ["", f"Derived in :ref:`{heading.replace('`', '')} <cell-{cell}>`.", ""]


def setup(app) -> None:
    app.connect("autodoc-process-docstring", plain_text)
    app.connect("autodoc-process-docstring", lesson)
