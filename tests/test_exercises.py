"""The exercises: blanks fail, references pass, every known wrong answer fails with its own message, nothing constant passes; and the program that checks them."""
import copy
import importlib.util
import json
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import nbformat
import pytest
import torch
from support import refused

from ssgan_edu import cli, exercises
from ssgan_edu.exercises import (
    PROGRESS, WrongAnswer, blank_notebook, check, check_folder, copy_exercises, expect, failure, find_exercise, grade, hint, load_exercises, next_exercise,
    next_hint, read_exercise, read_progress, reference_text, reset_exercise, solution, variant,
)

PROJECT = Path(__file__).resolve().parent.parent
EXERCISES = list(load_exercises().values())
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
each_mistake = pytest.mark.parametrize("exercise, name", [(e, name) for e in EXERCISES for name in e.mistakes], ids=lambda part: part if isinstance(part, str) else part.name)


# --- every exercise -------------------------------------------------------------------------------------------------


def test_exercises_are_numbered_and_in_the_order_of_the_lessons():
    assert [e.number for e in EXERCISES] == list(range(1, len(EXERCISES) + 1)) and len(EXERCISES) >= 20
    lessons = [lesson for lesson, _ in groupby(e.lesson for e in EXERCISES)]
    assert len(set(lessons)) == len(lessons), "those of a lesson stand together"
    assert [lesson[:2] for lesson in lessons] == sorted(lesson[:2] for lesson in lessons), "by number; 13_music is before 13_audio"
    assert len({e.answer for e in EXERCISES}) == len({e.title for e in EXERCISES}) == len(EXERCISES)


@each_exercise
def test_exercise_has_every_part(exercise):
    assert (PROJECT / "nbs" / f"{exercise.lesson}.ipynb").exists()
    assert 5 <= exercise.minutes <= 30 and 1 <= exercise.difficulty <= 3
    assert f"`{exercise.answer}(" in exercise.task
    assert len(exercise.mistakes) >= 3 and len(exercise.hints) == 3
    assert min(map(len, exercise.hints)) > 40 and min(len(mistake.message) for mistake in exercise.mistakes.values()) > 60
    assert len({mistake.message for mistake in exercise.mistakes.values()}) == len(exercise.mistakes)
    assert not any("$" in text for text in (*exercise.hints, *(m.message for m in exercise.mistakes.values()))), "a terminal shows no formulas"


@each_exercise
def test_blank_fails(exercise):
    assert failure(exercise, variant(exercise, exercise.blank)) is not None


@each_exercise
def test_reference_passes(exercise):
    assert grade(exercise, variant(exercise, exercise.reference)).message == ""


@each_exercise
def test_other_right_answers_pass(exercise):
    assert exercise.also_right or exercise.name == "26_project"
    for code in exercise.also_right: assert grade(exercise, variant(exercise, code)).message == ""


@each_mistake
def test_wrong_answer_fails_with_its_own_message(exercise, name):
    result = grade(exercise, variant(exercise, exercise.mistakes[name].code))
    assert (result.status, result.mistake) == ("failed", name), result.message
    said = " ".join(exercise.mistakes[name].message.split())
    assert said in result.message and result.message != said, "a message, and what was given"


@each_exercise
def test_no_constant_passes(exercise):
    "Whatever the reference answers first, always, and some constants that are easy to come by."
    first = []
    def same_again(*args, **kwargs):
        if not first: first.append(variant(exercise, exercise.reference)(*args, **kwargs))
        return copy.deepcopy(first[0]) if not isinstance(first[0], torch.Tensor) else first[0].detach().clone()
    for answer in (same_again, *(lambda *args, value=value, **kwargs: value for value in (None, True, 0.0, torch.tensor(0.0)))):
        assert failure(exercise, answer) is not None


def code_lines(text: str) -> set[str]:
    "The lines of a piece of code that say something, without spaces."
    lines = (re.sub(r"\s", "", line.split("#")[0]).removeprefix("return") for line in re.sub(r'"""[\s\S]*?"""', "", text).splitlines())
    return {line for line in lines if len(line) >= 16 and not line.startswith(("def", "class", "import", "from"))}


@each_exercise
def test_hints_do_not_contain_the_solution(exercise):
    hints = re.sub(r"\s", "", "".join(exercise.hints))
    given = code_lines(exercise.blank + "\n" + exercise.given)  # lines that the task shows are no secret
    lines = code_lines(reference_text(exercise)) - given
    assert [line for line in lines if line in hints] == []


@each_exercise
def test_blank_notebook_is_that_of_its_source(exercise):
    text = (PROJECT / "exercises" / exercise.file).read_text(encoding="utf-8")
    assert text == blank_notebook(exercise), "run: make export (and put your own answers into a copy: ssgan-edu exercises copy DIR)"
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert exercise.reference not in text


def test_table_of_the_readme_is_that_of_the_sources():
    spec = importlib.util.spec_from_file_location("tool", PROJECT / "tools" / "exercises.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for path, text in tool.generated().items(): assert path.read_text(encoding="utf-8") == text, path.name
    assert {path.name for path in (PROJECT / "exercises").glob("*.ipynb")} == {e.file for e in EXERCISES}


# --- what a check says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given, expected, word", [
    (torch.ones(3, 1), torch.ones(3), "shape (3, 1)"),
    (torch.ones(1), torch.tensor(1.0), "shape (1,)"),
    (1.0, torch.tensor(1.0), "given float"),
    (torch.tensor([1]), torch.tensor([1.0]), "int64"),
    (torch.tensor([1.0, float("nan")]), torch.ones(2), "[1]"),
    (torch.tensor([1.0, 1.001]), torch.ones(2), "[1]"),
    (float("inf"), 1.0, "another value"),
    (True, 1.0, "given bool"),
    (1, "1", "given int"),
    ([1.0, 2.0], (1.0, 2.0, 3.0), "given 2"),
    ((1.0, torch.ones(2)), (1.0, torch.zeros(2)), "value 1"),
    (False, True, "no; expected yes"),
    (None, 1, "NoneType"),
])
def test_expect_refuses(given, expected, word):
    with pytest.raises(WrongAnswer, match=re.escape(word)) as caught: expect(given, expected, on={"x": torch.ones(2)}, what="the thing")
    assert caught.value.problem.startswith("the thing: ") and caught.value.on == "x = [1, 1] (shape (2,), float32)"


def test_expect_accepts_rounding_in_the_coarser_type():
    expect(torch.tensor([1.0005], dtype=torch.float16), torch.tensor([1.0]), on="")
    expect(torch.tensor([1.0]) * (1 + 1e-6), torch.tensor([1.0], dtype=torch.float64), on="")
    expect([1, 2.0], (1.0, 2.0), on="")
    expect(float("nan"), float("nan"), on="")


def test_message_names_the_line_that_raised():
    space = {"__name__": "__main__"}
    exec(compile("def log_partition(logits):\n    half = logits / 2\n    return half.missing", "cell 2", "exec"), space)
    message = grade(find_exercise(4), space["log_partition"]).message
    assert message.startswith("AttributeError, in line 3 of log_partition: ") and "missing" in message


@pytest.mark.parametrize("error", [SystemExit, RecursionError, AssertionError, StopIteration])
def test_answer_that_raises_is_wrong_and_no_more(error):
    def log_partition(logits): raise error("no")
    assert grade(find_exercise(4), log_partition).status == "failed"


def test_mistake_is_known_in_other_words_and_another_error_is_not():
    exercise = find_exercise(4)
    def naive(logits): return torch.log(sum(torch.e**column for column in logits.unbind(1)))
    def other(logits): return logits.logsumexp(1) + 0.5
    assert grade(exercise, naive).mistake == "naive"
    result = grade(exercise, other)
    assert result.mistake == "" and [word for word in ("on", "expected", "given", "float32") if word not in result.message] == []


def test_checks_leave_the_random_state_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for number in (1, 15, 18): grade(find_exercise(number), variant(find_exercise(number), find_exercise(number).reference))
    assert torch.equal(before, torch.get_rng_state())


def test_numbers_in_messages_are_right():
    "The floor of a softmax before a cross-entropy, and where exp overflows."
    best = torch.nn.functional.cross_entropy(torch.eye(10), torch.arange(10)).item()
    said = find_exercise(6).mistakes["softmax before cross-entropy"].message
    assert f"ln(1 + 9/e) = {best:.2f}" in said
    assert "from logits of 89 on, in float16 from 12 on" in find_exercise(4).task
    for dtype, first in ((torch.float32, 89), (torch.float16, 12)):
        assert torch.tensor(float(first - 1), dtype=dtype).exp().isfinite() and torch.tensor(float(first), dtype=dtype).exp().isinf()


def test_source_without_a_part_is_refused(tmp_path):
    path = PROJECT / "exercises" / "source" / "04_log_partition.py"
    for part in ("# %% check", "minutes: 10"):
        copied = tmp_path / path.name
        copied.write_text(path.read_text().replace(part, "# nothing" if part.startswith("#") else ""))
        with refused("04_log_partition.py", part.split(":")[0].removeprefix("# %% ")): read_exercise(copied)


# --- a learner's folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path) -> Path:
    copy_exercises(tmp_path / "mine")
    return tmp_path / "mine"


def fill_in(folder: Path, number: int, code: str | None = None, cell: str = "answer") -> None:
    "Write an answer into a notebook, as a learner would; without `code`, the reference."
    exercise = find_exercise(number)
    notebook = json.loads((folder / exercise.file).read_text())
    next(c for c in notebook["cells"] if c["id"] == cell)["source"] = exercise.reference if code is None else code
    (folder / exercise.file).write_text(json.dumps(notebook))


def call(capsys, *arguments) -> tuple[int, str]:
    "Exit code and output of `ssgan-edu exercises` with these arguments."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ssgan-edu", "exercises", *map(str, arguments)])
        try: cli.main(); code = 0
        except SystemExit as end: code = end.code or 0
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_untouched_folder_has_nothing_passed(folder, capsys):
    code, said = call(capsys, "check", "--folder", folder)
    assert code == 1 and f"0 of {len(EXERCISES)} passed" in said and said.count("Not started") == len(EXERCISES)
    assert "0 of" in call(capsys, "progress", "--folder", folder)[1]


def test_all_solutions_pass_and_are_remembered(folder, capsys):
    for exercise in EXERCISES: fill_in(folder, exercise.number)
    code, said = call(capsys, "check", "--folder", folder)
    assert code == 0 and f"{len(EXERCISES)} of {len(EXERCISES)} passed" in said, said
    assert read_progress(folder)["passed"] == [e.number for e in EXERCISES] and next_exercise(folder) is None
    assert "All exercises are passed" in call(capsys, "next", "--folder", folder)[1]
    fill_in(folder, 9, "def fold(logits): return logits")
    code, said = call(capsys, "check", 9, "--folder", folder)
    assert code == 1 and "0 of 1 passed" in said and next_exercise(folder).number == 9
    code, said = call(capsys, "progress", "--folder", folder)
    assert f"{len(EXERCISES) - 1} of {len(EXERCISES)} passed; next: 09." in said


def test_bad_notebooks_fail_one_by_one_with_a_clear_message(folder):
    "Whatever one notebook does, those after it are checked."
    bad = {
        3: ("def perfect_game(p, q):\n    while True: pass", "stopped after 3 s, in perfect_game (line 2 of its cell)"),
        4: ("def log_partition(logits):\n    import os\n    os._exit(7)", "ended the process that ran it, with exit code 7"),
        5: ("def probability_real(logits:\n    return 0", "code cell 2 is not Python: '(' was never closed, in line 1"),
        6: ("raise SystemExit('stop')", "code cell 2 raised SystemExit: stop"),
        7: ("any(iter(int, 1))", "stopped after 3 s"),  # a loop inside C
        8: ("gradients = 3", "gradients is a int"),
        9: ("def folded(logits): return logits", "no cell defines fold"),
        10: ("x = 1 / 0\ndef feature_matching_loss(a, b): return 0", "raised ZeroDivisionError"),
        11: ("def conditional_entropy_loss(logits): return input()", "EOFError"),
    }
    for number, (code, _) in bad.items(): fill_in(folder, number, code)
    (folder / find_exercise(12).file).write_text("{not json")
    (folder / find_exercise(13).file).unlink()
    fill_in(folder, 14)
    fill_in(folder, 14, "%matplotlib inline\n!ls\nx = [\n]", cell="colab")
    results = {result.number: result for result in check_folder(folder, range(2, 15), seconds=3)}
    for number, (_, message) in bad.items(): assert results[number].status == "failed" and message in results[number].message, results[number]
    assert "reset 12" in results[12].message and "reset 13" in results[13].message
    assert results[2].status == "not started" and results[14].status == "passed", results[14].message


def test_pytest_in_the_folder_checks_too(folder):
    fill_in(folder, 4)
    fill_in(folder, 5, find_exercise(5).mistakes["naive quotient"].code)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "04 or 05", str(folder)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1 and "1 failed, 1 passed" in done.stdout and "inf / inf is not a number" in done.stdout, done.stdout + done.stderr
    assert read_progress(folder)["passed"] == [4]


def test_reset_keeps_every_answer(folder, capsys):
    for code in ("first = 1", "second = 2"):
        fill_in(folder, 4, code)
        assert call(capsys, "reset", 4, "--folder", folder)[0] == 0
        assert (folder / find_exercise(4).file).read_text(encoding="utf-8") == blank_notebook(find_exercise(4))
    kept = [path.read_text() for path in sorted((folder / "backups").iterdir())]
    assert ["first = 1" in kept[0], "second = 2" in kept[1]] == [True, True] and len(kept) == 2
    (folder / find_exercise(4).file).unlink()
    assert reset_exercise(folder, 4) is None and (folder / find_exercise(4).file).exists()


def test_copy_overwrites_nothing(folder, tmp_path, capsys):
    fill_in(folder, 4, "mine = 1")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, said = call(capsys, "copy", folder)
    assert code == 2 and "exists already" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / find_exercise(20).file).write_text("mine")
    with refused("20_broken_game.ipynb", "not touched"): copy_exercises(tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == [find_exercise(20).file]


def test_hints_come_one_after_another_and_are_remembered(folder, capsys):
    hints = find_exercise(4).hints
    assert [next_hint(folder, 4) for _ in range(2)] == [(1, hints[0]), (2, hints[1])]
    code, said = call(capsys, "hint", 4, "--folder", folder)
    assert code == 0 and said.strip() == f"Hint 3 of 3: {hints[2]}"
    assert next_hint(folder, 4) == (3, hints[2]) and next_hint(folder, 5)[0] == 1


def test_solution_is_shown_on_asking_twice_or_after_passing(folder, capsys):
    code, said = call(capsys, "solution", 4, "--folder", folder)
    assert code == 1 and "logsumexp" not in said
    code, said = call(capsys, "solution", 4, "--folder", folder)
    assert code == 0 and "from ssgan_edu.losses import log_partition" in said and "logits\").logsumexp(dim=1)" in said
    fill_in(folder, 9)
    [result] = check_folder(folder, [9])
    assert result.status == "passed", result.message
    assert solution(folder, 9) == find_exercise(9).reference


def test_in_a_notebook_check_and_hint_print_and_remember(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    check(variant(find_exercise(1), find_exercise(1).mistakes["with replacement"].code))
    said = capsys.readouterr().out
    assert said.startswith("Not yet: 01. Draw balanced labels\n") and "randint" in said and "hint(1)" in said
    check(variant(find_exercise(1), find_exercise(1).reference))
    assert capsys.readouterr().out == "Passed: 01. Draw balanced labels\nNext: 02. Labels by fraction, nested (02_labels_by_fraction.ipynb)\n"
    hint(2)
    assert capsys.readouterr().out.startswith("Hint 1 of 3: ")
    assert read_progress(folder) == {"passed": [1], "hints": {"2": 1}, "asked": []}
    with refused("'helper'", "check(balanced_labels)"): check(type("helper", (), {}))


@pytest.mark.parametrize("contents", ["{", "[]", '{"passed": ["x"], "hints": {}, "asked": []}', '{"passed": []}'])
def test_damaged_progress_is_an_error_that_says_what_to_do(folder, contents):
    (folder / PROGRESS).write_text(contents)
    with refused(PROGRESS, "Delete it"): read_progress(folder)


def test_folder_and_number_are_checked(tmp_path, folder, capsys, monkeypatch):
    assert call(capsys, "check", 99, "--folder", folder)[0] == 2
    code, said = call(capsys, "check", "--folder", tmp_path)
    assert code == 2 and "exercises copy DIR" in said
    monkeypatch.chdir(tmp_path)
    code, said = call(capsys, "list")
    assert code == 0 and "26. Open project" in said
    (tmp_path / "mine").rename(tmp_path / "exercises")
    code, said = call(capsys, "next")
    assert code == 0 and str(Path("exercises") / find_exercise(1).file) in said


def test_project_does_not_collect_the_blanks(tmp_path):
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "exercises"], cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout.count("test_answers.py::test_answer[") == len(EXERCISES) and ".ipynb::" not in done.stdout, done.stdout


def test_a_line_that_goes_on_with_a_remainder_is_python():
    cells = [{"cell_type": "code", "source": source} for source in ("def f(a, b):\n    return (a\n            % b)", "%matplotlib inline\nx = 1", "%%time\nx = 2")]
    assert exercises._sources(json.dumps({"cells": cells})) == [cells[0]["source"], "pass\nx = 1", ""]
