"""The Chinese pages: made from their sources, complete, of this English and not an older one, and with the same formulas, code, links and numbers."""
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt

import chinese

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = chinese.names()
each_source = pytest.mark.parametrize("name", SOURCES)
LESSONS = [name for name in chinese.pages() if "/" not in name]
each_page = pytest.mark.parametrize("name", chinese.pages())
HAN = "[\u4e00-\u9fff]"
BADGE = "https://colab.research.google.com/github/ssgan-edu/ssgan_edu/blob/main"


def pairs(name: str) -> Iterator[tuple[str, str, str]]:
    "Id, English and Chinese of each translated cell."
    texts = {cell.id: cell.source for cell in chinese.prose(chinese.english(name))}
    for block in chinese.blocks(name):
        if not block.outdated: yield block.cell, texts[block.cell], block.text


# --- sources and pages ----------------------------------------------------------------------------------------------


def test_the_entrance_is_there():
    assert {"index", "00_what_it_is", "03_losses"} <= set(SOURCES)
    assert {path.stem for path in sorted((PROJECT / "exercises").glob("*.ipynb"))[:5]} == {Path(name).name for name in set(SOURCES) - {"index", *LESSONS}}


def test_pages_are_those_of_their_sources():
    pages = chinese.generated()
    assert [path.name for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text] == [], "run: make export"
    assert {path for path in (PROJECT / "zh").rglob("*.ipynb")} == {path for path in pages if path.suffix == ".ipynb"}


@each_source
def test_every_cell_has_its_block(name):
    assert [block.cell for block in chinese.blocks(name)] == [cell.id for cell in chinese.prose(chinese.english(name))]
    assert [block.cell for block in chinese.blocks(name) if not block.text] == []


@each_source
def test_translation_is_of_this_english(name):
    outdated = {block.cell for block in chinese.blocks(name) if block.outdated}
    changed = {cell.id: f"{name}, cell {cell.id}, now reads:\n\n{cell.source}\n\nBring its block in zh/source/{name}.md up to date and head it\n"
               f"{chinese.heading(cell)}\nor, if you don't write Chinese, add the word outdated to the heading it has: {chinese.heading(cell)[:18]}… outdated -->"
               for cell in chinese.changed(name)}
    assert outdated <= set(changed), f"up to date again, take the word outdated from the heading of: {sorted(outdated - set(changed))}"
    pytest.fail("\n\n".join(text for cell, text in changed.items() if cell not in outdated), pytrace=False) if set(changed) - outdated else None


@each_page
def test_code_and_outputs_are_the_english_ones(name):
    page, lesson = nbformat.read(PROJECT / "zh" / f"{name}.ipynb", as_version=4), chinese.english(name)
    if chinese.has_widgets(lesson): assert page.cells.pop(2) == chinese.LANGUAGE
    assert [cell.id for cell in page.cells] == [cell.id for cell in lesson.cells] and page.metadata == lesson.metadata
    assert [cell for cell in page.cells if cell.cell_type == "code"] == [cell for cell in lesson.cells if cell.cell_type == "code"]
    assert (PROJECT / "zh" / f"{name}.ipynb").stat().st_size < 500_000


def test_lessons_with_widgets_are_known():
    assert {name for name in SOURCES if chinese.has_widgets(chinese.english(name))} == {"03_losses", "07_labels", "07_widgets"}


# --- the same facts -------------------------------------------------------------------------------------------------


def formulas(text: str) -> set[str]:
    "Without spaces, and without the words inside a formula."
    return {re.sub(r"\\text\{[^}]*\}|\s", lambda m: m[0][:5].strip(), found) for found in re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, re.DOTALL)}


def code(text: str) -> set[str]:
    "Code in the line, and the lines of indented blocks without their comments."
    return {*(" ".join(found.split()) for found in re.findall(r"`([^`]+)`", text)), *re.findall(r"^    (\S.*?) *(?:#.*)?$", text, re.MULTILINE)}


def targets(text: str) -> set[str]: return {target.replace(".zh.md", ".md") for target in re.findall(r"\]\(([^)\s]+)\)", text)}


def numbers(text: str) -> set[str]: return set(re.findall(r"(?<![\w.])\d[\d,.]*(?:(?<=\d)[a-c]\b)?(?<![,.])", re.sub(r"\]\([^)]*\)|\$[^$]+\$|`[^`]*`", " ", text)))


def shape(text: str) -> list[str]:
    "Headings, rows of tables with their number of cells, and items of lists, in their order."
    return [line[0] + str(line.count("|") if line[0] == "|" else "") for line in re.findall(r"^(?:#+|\|.*|- |\d\. )", text, re.MULTILINE)]


@pytest.mark.parametrize("part", [formulas, code, shape], ids=lambda part: part.__name__)
@each_source
def test_translation_has_the_same(name, part):
    assert [(cell, part(text), part(said)) for cell, text, said in pairs(name) if part(text) != part(said)] == []


@pytest.mark.parametrize("part", [targets, numbers], ids=lambda part: part.__name__)
@each_source
def test_translation_lacks_none_of_the(name, part):
    assert [(cell, missing) for cell, text, said in pairs(name) if (missing := part(text) - part(said))] == []


# --- links, typography, terms ---------------------------------------------------------------------------------------


@each_page
def test_links_of_a_page_lead_somewhere(name):
    text = "\n".join(cell.source for cell in chinese.prose(nbformat.read(PROJECT / "zh" / f"{name}.ipynb", as_version=4)))
    assert [target for target in chinese.LINK.findall(text) if not (PROJECT / "zh" / target).exists()] == []
    assert f"({BADGE}/zh/{name}.ipynb)" in text or name not in LESSONS
    assert [other for other in LESSONS if f"/nbs/{other}.ipynb)" in text] == []


def test_links_of_the_readme_lead_somewhere():
    text = (PROJECT / "README.zh.md").read_text(encoding="utf-8")
    links = chinese.LINK.findall(text)
    assert [target for target in links if not (PROJECT / target).exists()] == []
    for name in LESSONS:
        title = chinese.blocks(name)[0].text.splitlines()[0].removeprefix("# ")
        assert f"[{title}](zh/{name}.ipynb)" in text and f"({BADGE}/zh/{name}.ipynb)" in text
    assert "README.md" in links and "README.zh.md" in chinese.LINK.findall((PROJECT / "README.md").read_text(encoding="utf-8"))


def words(said: str) -> str:
    "Formulas, code and targets of links are a letter each; indented blocks are left out."
    return re.sub(r"\$\$.+?\$\$|\$[^$]+\$|`[^`]*`|(?<=\]\()[^)]*", "x", re.sub(r"^    .*$", "", said, flags=re.MULTILINE), flags=re.DOTALL)


WRONG = {
    "no space between Chinese and Latin": rf"{HAN}(?:\*\*)?\w(?<!{HAN})|[A-Za-z0-9](?:\*\*)?{HAN}",
    "halfwidth punctuation": rf"{HAN}(?:\*\*)?[,;:?!()]|[,;:?!(]{HAN}|{HAN}\.(?!\w)|[,;:?!](?:\n|\Z)",
    "a paragraph broken into lines": rf"{HAN}\n(?![-|>#\d]){HAN}",
}


@pytest.mark.parametrize("what", WRONG)
@each_source
def test_typography(name, what):
    assert [(cell, found) for cell, _, said in pairs(name) if (found := re.findall(rf".{{0,8}}(?:{WRONG[what]}).{{0,8}}", words(said), re.DOTALL))] == []


@each_source
def test_emphasis_is_rendered(name):
    "Markdown doesn't take ** for the end of bold text between a full-width stop and a Chinese character."
    assert [(cell, said) for cell, _, said in pairs(name) if "**" in MarkdownIt().enable("table").render(words(said))] == []


def test_terms_are_those_of_the_glossary():
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", (PROJECT / "zh" / "source" / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    avoided = [term for _, _, terms in rows[1:] for term in terms.split("、") if term.strip("- ")]
    assert len(avoided) >= 5
    assert [(name, cell, term) for name in SOURCES for cell, _, said in pairs(name) for term in avoided if term in said] == []


# --- the tool -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path) -> Path:
    for folder in ("nbs", "zh"): shutil.copytree(PROJECT / folder, tmp_path / folder)
    return tmp_path


def rewrite(project: Path, old: str, new: str) -> None:
    path = project / "nbs" / "00_what_it_is.ipynb"
    assert path.read_text(encoding="utf-8").count(old) == 1
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_passage_that_has_changed_is_shown_in_english(copy):
    before = [cell.id for cell in chinese.changed("00_what_it_is", copy)]
    rewrite(copy, "Is it luck? The same with five other draws", "Is it luck? The same with four other draws")
    assert [cell.id for cell in chinese.changed("00_what_it_is", copy) if cell.id not in before] == ["60c42c6d"]
    [shown] = [cell.source for cell in chinese.chinese("00_what_it_is", copy).cells if cell.id == "60c42c6d"]
    assert shown.startswith(chinese.NOTE) and "four other draws" in shown


def test_other_breaks_of_lines_are_no_change():
    assert chinese.fingerprint("Is it luck?\nThe same") == chinese.fingerprint("Is it\nluck? The same\n") != chinese.fingerprint("Is it luck! The same")
