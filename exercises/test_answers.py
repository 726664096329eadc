"""`pytest` in this folder checks every answer, as `ssgan-edu exercises check` does."""
from pathlib import Path

import pytest

from ssgan_edu.exercises import check_folder, load_exercises, report

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def results(request) -> dict:
    "One process for all the notebooks that were asked for: starting one takes longer than most checks."
    numbers = [item.callspec.params["number"] for item in request.session.items if item.path.parent == FOLDER]
    return {result.number: result for result in check_folder(FOLDER, numbers)}


@pytest.mark.parametrize("number", load_exercises(), ids=[exercise.name for exercise in load_exercises().values()])
def test_answer(number, results):
    if results[number].status != "passed": pytest.fail(report(results[number]), pytrace=False)
