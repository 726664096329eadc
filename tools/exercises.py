"""Write the blank notebooks of exercises/ and the table in its README from exercises/source (`make export` runs this)."""
from pathlib import Path

from ssgan_edu.exercises import blank_notebook, read_exercise

FOLDER = Path(__file__).resolve().parent.parent / "exercises"


def generated(folder: Path = FOLDER) -> dict[Path, str]:
    "What the blank notebooks and the README should hold."
    known = [read_exercise(path) for path in sorted((folder / "source").glob("[0-9][0-9]_*.py"))]
    files = {folder / exercise.file: blank_notebook(exercise) for exercise in known}
    rows = [f"| [{e.heading}]({e.file}) | [{e.lesson}](../nbs/{e.lesson}.ipynb) | {e.difficulty} | {e.minutes} |" for e in known]
    head = (folder / "README.md").read_text(encoding="utf-8").partition("| exercise |")[0]
    table = "\n".join(["| exercise | lesson | difficulty, 1 to 3 | minutes |", "|---|---|---|---|", *rows])
    return files | {folder / "README.md": f"{head}{table}\n"}


if __name__ == "__main__":
    for path, text in generated().items(): path.write_text(text, encoding="utf-8")
