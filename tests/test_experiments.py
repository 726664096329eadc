"""Rows of results: each draw of labels is computed once, kept as soon as it ends, gone on with where it broke, and the same however many run at a time."""
import functools
import json
import os
import shlex
from dataclasses import FrozenInstanceError
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from PIL import Image

from ssgan_edu import experiments
from ssgan_edu.claims import CLAIMS
from ssgan_edu.data import CheckpointError, DataError, SSGANError, TrainingError, UnknownNameError, carried, load_dataset
from ssgan_edu.evaluation import evaluate
from ssgan_edu.experiments import Row, all_rows, read_row, run_row, run_seed, summarize, where_it_ran
from ssgan_edu.recipes import RECIPES, TERMS
from ssgan_edu.training import SSGAN, train, weights_sha256
from support import refused
from test_cli import answer

ROW = Row("two-moons", 6, "improved", 12)
SAME = ("seed", "test_error", "test_errors", "threads", "weights_sha256")  # all but the time


@pytest.fixture(autouse=True)
def one_thread():
    "The bits of a run depend on how many threads add up."
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[dict]:
    "What the first three draws give without any break."
    torch.set_num_threads(1)
    return list(run_row(ROW, 3, *folders(tmp_path_factory.mktemp("whole"))))


def folders(root: Path) -> tuple[Path, Path]: return root / "results", root / "work"


def timeless(runs: list[dict]) -> list[dict]:
    return [{key: run[key] for key in SAME} for run in sorted(runs, key=lambda run: run["seed"])]


def table_of(root: Path, row: Row = ROW) -> dict: return json.loads((root / "results" / f"{row.name}.json").read_text())


# --- a row ----------------------------------------------------------------------------------------------------------


CHANGED = Row("two-moons", 6, "improved", 12, unlabeled=40, labeled_batch=5, weights=(("unsupervised", 0.1), ("feature_matching", 2.0)))


def test_what_a_row_changes_is_in_its_name_its_command_and_its_recipe():
    assert CHANGED.name == "two-moons-6-improved-12-unlabeled-40-labeled-batch-5-weight-unsupervised=0.1-weight-feature_matching=2"
    assert CHANGED.command.endswith("--steps 12 --unlabeled 40 --labeled-batch 5 --weight unsupervised=0.1 --weight feature_matching=2")
    made = CHANGED.made_recipe()
    assert [dict(update.terms) for update in made.updates] == [{"supervised": 1.0, "unsupervised": 0.1}, {"feature_matching": 2.0}] and made.labeled_batch_size == 5
    assert ROW.made_recipe() == RECIPES["improved"]


def test_a_changed_row_is_run_as_changed(tmp_path, monkeypatch):
    drawn, supervised = [], TERMS["supervised"]
    monkeypatch.setitem(TERMS, "supervised", lambda labeled, labels: drawn.append(len(labels)) or supervised(labeled, labels))
    found = run_seed(CHANGED, 0, tmp_path)
    assert drawn == [5] * 12 and found["weights_sha256"] != run_seed(ROW, 0, tmp_path)["weights_sha256"]
    split = load_dataset("two-moons").label(n=6, seed=0, unlabeled=40)
    model = SSGAN.for_split(split, CHANGED.made_recipe(), seed=0)
    for _ in train(model, split, 12): pass
    assert weights_sha256(model) == found["weights_sha256"]
    settings = json.loads((tmp_path / CHANGED.name / "seed-0" / "run.json").read_text())
    assert settings["changes"] == ["unlabeled 40", "labeled-batch 5", "weight unsupervised=0.1", "weight feature_matching=2"]


def test_a_row_has_a_name_and_the_command_that_makes_it():
    row = Row("mnist", 100, "improved", 6000)
    assert row.name == "mnist-100-improved-6000" and row.command == "ssgan-edu experiment mnist --labels 100 --recipe improved --steps 6000"
    assert row == Row(dataset="mnist", labels=100, recipe="improved", steps=6000) and len({row, Row("mnist", 100, "improved", 6001)}) == 2
    with pytest.raises(FrozenInstanceError): row.steps = 1


@pytest.mark.parametrize("given, kind, words", [
    (("mnist", 100, "improvd", 10), UnknownNameError, ["'improvd'", "Did you mean 'improved'?"]), (("mnist", 100, "", 10), UnknownNameError, ["recipe ''"]),
    (("mnist", 100, "improved", 0), SSGANError, ["steps=0", "at least 1"]), (("mnist", 100, "improved", -5), SSGANError, ["steps=-5"])], ids=str)
def test_a_row_that_cannot_be_run_is_refused_at_once(given, kind, words):
    with refused(*words, kind=kind): Row(*given)


@pytest.mark.parametrize("row, kind, words", [
    (Row("two-moons", 5, "improved", 3), DataError, ["labels=5", "2 classes", "multiple of 2"]), (Row("two-moons", 0, "improved", 3), DataError, ["n=0"]),
    (Row("two-moons", -2, "improved", 3), DataError, ["n=-2"]), (Row("two-moons", 10**6, "improved", 3), DataError, ["1000000 labeled", "Ask for fewer"]),
    (Row("two-mons", 6, "improved", 3), UnknownNameError, ["'two-moons'"]), (Row("two-moons", 6, "fixmatch", 3), SSGANError, ["augments images"])], ids=str)
def test_what_only_the_data_forbid_is_refused_before_a_file_is_written(tmp_path, row, kind, words):
    with refused(*words, kind=kind): list(run_row(row, 1, *folders(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_a_row_is_what_the_library_does(tmp_path):
    "Labels, weights and noise follow the seed; the figures are those of the last averaged model."
    found = run_seed(ROW, 4, tmp_path)
    split = load_dataset("two-moons").label(n=6, seed=4)
    model = SSGAN.for_split(split, "improved", seed=4)
    for _ in train(model, split, 12): pass
    result = evaluate(model, split)
    assert found.keys() == {*SAME, "seconds"} and found["seconds"] >= 0 and found["seed"] == 4 and found["threads"] == 1
    assert found["weights_sha256"] == weights_sha256(model) and (found["test_error"], found["test_errors"]) == (result["test_error"], result["test_errors"])
    assert sorted(path.name for path in (tmp_path / ROW.name / "seed-4").iterdir()) == [".lock", "checkpoint.safetensors", "log.jsonl", "run.json"]
    assert timeless([run_seed(ROW, 4, tmp_path)]) == timeless([found]), "an ended run is only reported"


def test_the_command_in_the_results_makes_them_again(tmp_path, whole):
    assert timeless(run_row(ROW, 2, *folders(tmp_path / "one"))) == timeless(whole[:2])
    table = table_of(tmp_path / "one")
    program, *arguments = shlex.split(table["command"])
    again = answer(*arguments, "--results", tmp_path / "again" / "results", "--work", tmp_path / "again" / "work")
    assert program == "ssgan-edu" and again["name"] == ROW.name and timeless(again["runs"]) == timeless(whole[:2])
    for key in ("test_error", "weights_sha256"): assert table_of(tmp_path / "again")["figures"][key] == table["figures"][key]


def test_a_folder_of_pictures_keeps_its_results_in_their_folder(tmp_path):
    "Its path must not lead the results and runs to where the pictures are, and its name must survive the shell."
    for i in range(12):
        path = tmp_path / "my pets" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 200 * (i % 2)).save(path)
    row = Row(str(tmp_path / "my pets"), 4, "supervised", 3)
    found = list(run_row(row, 1, *folders(tmp_path / "here")))
    assert len(found) == 1 and {path.name for path in tmp_path.iterdir()} == {"my pets", "here"}
    assert [path.parent for path in (tmp_path / "here").rglob("*.json") if path.name != "run.json"] == [tmp_path / "here" / "results"]
    assert list(run_row(row, 1, *folders(tmp_path / "here"))) == found
    assert shlex.split(row.command)[2] == str(tmp_path / "my pets")


# --- results --------------------------------------------------------------------------------------------------------


def test_the_results_are_whole(tmp_path, whole):
    results, work = folders(tmp_path)
    assert timeless(run_row(ROW, 3, results, work)) == timeless(whole)
    assert [path.name for path in results.iterdir()] == [f"{ROW.name}.json"] and (results / f"{ROW.name}.json").read_text().endswith("}\n")
    table = table_of(tmp_path)
    assert {"name": ROW.name, "dataset": "two-moons", "labels": 6, "recipe": "improved", "steps": 12, "command": f"{ROW.command} --seeds 3", "seeds": [0, 1, 2],
            **where_it_ran()}.items() <= table.items()
    assert table["figures"].keys() == {*SAME, "seconds"} - {"seed"} and {len(values) for values in table["figures"].values()} == {3}
    assert timeless(read_row(ROW, results).values()) == timeless(whole) and list(read_row(ROW, results)) == [0, 1, 2]
    assert len(set(table["figures"]["weights_sha256"])) == 3, "each seed is a run of its own"


def drawn(row, seed, *where): return {"seed": seed, "test_error": seed / 10}


def test_results_of_another_row_with_this_name_are_not_taken(tmp_path):
    mine, other = Row("a/pictures", 4, "improved", 5), Row("b/pictures", 4, "improved", 5)
    list(run_row(mine, 1, tmp_path, tmp_path, run=drawn))
    with refused("a/pictures", "b/pictures", mine.name, kind=DataError): list(run_row(other, 1, tmp_path, tmp_path, run=drawn))
    assert len(read_row(mine, tmp_path)) == 1
    one, two = (Row("digits", 10, "improved", 5, weights=(("unsupervised", factor),)) for factor in (0.12345671, 0.12345674))
    assert one.name != two.name


def test_draws_that_another_process_has_added_meanwhile_are_kept(tmp_path):
    def slow(row, seed, *more):
        list(run_row(row, 3, tmp_path, tmp_path, run=drawn))
        return drawn(row, seed)
    list(run_row(ROW, 1, tmp_path, tmp_path, run=slow))
    assert sorted(read_row(ROW, tmp_path)) == [0, 1, 2]


def test_draws_that_another_process_adds_while_a_row_is_written_are_kept(tmp_path, monkeypatch):
    write, others = experiments._write_row, []
    def slow(*row):
        if not others:
            others.append(Thread(target=lambda: list(run_row(ROW, 3, tmp_path, tmp_path, run=drawn))))
            others[0].start()
            others[0].join(0.5)  # time enough to write, if nothing holds it up
        write(*row)
    monkeypatch.setattr(experiments, "_write_row", slow)
    list(run_row(ROW, 1, tmp_path, tmp_path, run=drawn))
    others[0].join()
    assert sorted(read_row(ROW, tmp_path)) == [0, 1, 2]


def test_a_term_has_one_factor():
    with refused("term twice"): Row("digits", 10, "improved", 5, weights=(("unsupervised", 2.0), ("unsupervised", 3.0)))


def test_where_it_ran_names_the_versions_and_the_machine():
    found = where_it_ran()
    assert found["versions"].keys() == {"python", "torch", "ssgan_edu"} and found["versions"]["torch"] == torch.__version__ and "cores" in found["machine"]
    json.dumps(found)


@pytest.fixture
def computed(monkeypatch) -> list[int]:
    "Which seeds were computed, in figures made up from the row and the seed."
    seeds = []

    def made_up(row, seed, *others):
        seeds.append(seed)
        return {"seed": seed, "test_error": seed / 10, "test_errors": seed, "seconds": 1.0, "threads": 1, "weights_sha256": f"{row.name} {seed}"}
    monkeypatch.setattr(experiments, "run_seed", made_up)
    return seeds


def test_only_what_is_missing_is_computed(tmp_path, computed):
    places = folders(tmp_path)
    assert [run["seed"] for run in run_row(ROW, 2, *places)] == [0, 1] == computed
    assert [run["seed"] for run in run_row(ROW, 4, *places)] == [0, 1, 2, 3] and computed == [0, 1, 2, 3]
    assert [run["seed"] for run in run_row(ROW, 1, *places)] == [0], "fewer seeds than there are: the first"
    assert list(run_row(ROW, 4, *places)) == list(read_row(ROW, places[0]).values()) and computed == [0, 1, 2, 3]
    assert table_of(tmp_path)["seeds"] == [0, 1, 2, 3] and table_of(tmp_path)["command"].endswith("--seeds 4")
    assert [run["seed"] for run in run_row(Row("two-moons", 6, "improved", 13), 1, *places)] == [0] and computed[4:] == [0], "another row has its own results"


def test_a_gap_is_filled_and_the_seeds_are_in_order(tmp_path, computed):
    results, work = folders(tmp_path)
    experiments._write_row(ROW, {seed: experiments.run_seed(ROW, seed) for seed in (3, 1)}, results)
    computed.clear()
    assert sorted(run["seed"] for run in run_row(ROW, 4, results, work)) == [0, 1, 2, 3] and computed == [0, 2]
    table = table_of(tmp_path)
    assert table["seeds"] == [0, 1, 2, 3] and table["figures"]["test_errors"] == [0, 1, 2, 3], "figures stay with their seed"


def test_each_run_is_in_the_results_before_the_next_begins(tmp_path, computed):
    results, work = folders(tmp_path)
    for n, found in enumerate(run_row(ROW, 3, results, work), 1):
        assert read_row(ROW, results)[found["seed"]] == found and len(read_row(ROW, results)) == n
        assert [path.name for path in results.iterdir()] == [f"{ROW.name}.json"]


def test_more_jobs_than_runs_start_no_idle_process(tmp_path, monkeypatch, computed):
    "joblib starts as many processes as it is told."
    asked, meant = [], experiments.Parallel
    monkeypatch.setattr(experiments, "Parallel", lambda n_jobs, **options: asked.append(n_jobs) or meant(1, **options))
    assert len(list(run_row(ROW, 2, *folders(tmp_path), jobs=10**6))) == 2 and len(list(run_row(ROW, 3, *folders(tmp_path), jobs=10**6))) == 3
    assert max(asked) <= 2


# --- broken and interrupted -----------------------------------------------------------------------------------------


def stops(monkeypatch, call: int, error: BaseException) -> None:
    "The supervised loss raises `error` when it is computed for the `call`-th time, and once only."
    calls, meant = [], TERMS["supervised"]

    def loss(**batches):
        calls.append(1)
        if len(calls) == call: raise error
        return meant(**batches)
    monkeypatch.setitem(TERMS, "supervised", functools.wraps(meant)(loss))
    monkeypatch.setattr(experiments, "Run", functools.partial(experiments.Run, checkpoint_every=5))


def test_a_broken_run_leaves_the_earlier_ones_in_the_results(tmp_path, monkeypatch, whole):
    results, work = folders(tmp_path)
    stops(monkeypatch, 12 + 12 + 8, TrainingError("Not finite."))
    found = []
    with refused("Not finite", kind=TrainingError):
        for run in run_row(ROW, 3, results, work): found.append(run)
    assert timeless(found) == timeless(read_row(ROW, results).values()) == timeless(whole[:2])
    assert [path.name for path in results.iterdir()] == [f"{ROW.name}.json"]


@pytest.mark.parametrize("call, made, goes_on_at", [(8, 0, 6), (12 + 3, 1, 1), (12 + 12, 1, 11)])
def test_an_interrupted_row_goes_on_to_the_same_figures(tmp_path, monkeypatch, whole, call, made, goes_on_at):
    results, work = folders(tmp_path)
    stops(monkeypatch, call, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt): list(run_row(ROW, 3, results, work))
    assert list(read_row(ROW, results)) == list(range(made))
    steps, meant = [], experiments.Run.func.__iter__
    monkeypatch.setattr(experiments.Run.func, "__iter__", lambda run: (steps.append(record["step"]) or record for record in meant(run)))
    assert timeless(run_row(ROW, 3, results, work)) == timeless(whole)
    assert steps == [*range(goes_on_at, 13), *list(range(1, 13)) * (2 - made)], "from the last checkpoint"
    assert timeless(read_row(ROW, results).values()) == timeless(whole) and table_of(tmp_path)["seeds"] == [0, 1, 2]


def test_an_interrupted_write_of_the_results_loses_nothing(tmp_path, monkeypatch, whole):
    results, work = folders(tmp_path)
    assert len(list(run_row(ROW, 1, results, work))) == 1
    before = (results / f"{ROW.name}.json").read_bytes()

    def interrupted(path, contents, meant=os.replace):
        if path.name.startswith(f".{ROW.name}"): raise KeyboardInterrupt
        return meant(path, contents)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt): list(run_row(ROW, 2, results, work))
    assert (results / f"{ROW.name}.json").read_bytes() == before and [path.name for path in results.iterdir()] == [f"{ROW.name}.json"]
    assert timeless(run_row(ROW, 2, results, work)) == timeless(whole[:2])


def test_two_at_a_time_give_the_figures_of_one_after_the_other(tmp_path, monkeypatch, whole):
    "In processes of their own, with one thread each."
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    found = list(run_row(ROW, 3, *folders(tmp_path), jobs=2))
    get_reusable_executor().shutdown()
    assert timeless(found) == timeless(whole) and {run["threads"] for run in found} == {1}
    assert timeless(read_row(ROW, tmp_path / "results").values()) == timeless(whole)


# --- what cannot be read --------------------------------------------------------------------------------------------

DAMAGED = {
    "nothing": b"", "half": b'{"name": "two-moons', "no text": b"\xff\xfe\x00", "a list": b"[]", "a number": b"3", "no seeds": b'{"figures": {"test_error": [0.1]}}',
    "no figures": b'{"seeds": [0]}', "figures in a list": b'{"seeds": [0], "figures": [0.1]}', "fewer figures than seeds": b'{"seeds": [0, 1], "figures": {"test_error": [0.1], "seconds": [1, 2]}}',
}


@pytest.mark.parametrize("read", [lambda results: read_row(ROW, results), lambda results: list(run_row(ROW, 1, results, results / "work")), all_rows], ids=["read_row", "run_row", "all_rows"])
@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_results_are_named_and_left_alone(tmp_path, computed, damage, read):
    path = tmp_path / f"{ROW.name}.json"
    path.write_bytes(DAMAGED[damage])
    with pytest.raises(SSGANError) as caught: read(tmp_path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert path.read_bytes() == DAMAGED[damage] and computed == []


def test_no_results_are_no_error(tmp_path):
    assert read_row(ROW, tmp_path) == read_row(ROW, tmp_path / "nowhere") == {} and all_rows(tmp_path) == all_rows(tmp_path / "nowhere") == []


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("errors, text", [([0.0123], "1.23"), ([0.01, 0.03], "2.00 ± 1.41"), ([0.5, 0.5, 0.5], "50.00 ± 0.00"), ([0.0], "0.00"), ([0.00846, 0.00939, 0.01], "0.93 ± 0.08")], ids=str)
def test_errors_are_summarized_in_percent(errors, text): assert summarize(errors) == text


def test_all_rows_are_read_by_name(tmp_path, computed):
    for steps in (30, 20): list(run_row(Row("two-moons", 6, "improved", steps), 1, *folders(tmp_path)))
    (tmp_path / "results" / "README.md").write_text("no row")
    rows = all_rows(tmp_path / "results")
    assert [row["name"] for row in rows] == ["two-moons-6-improved-20", "two-moons-6-improved-30"] and rows[0] == table_of(tmp_path, Row("two-moons", 6, "improved", 20))


def test_the_rows_that_travel_with_the_library_are_sound():
    of_claims = {f"{name}.json" for name in CLAIMS}
    rows = all_rows()
    assert [f"{row['name']}.json" for row in rows] == sorted(path.name for path in carried("results").glob("*.json") if path.name not in of_claims)
    for table in rows:
        row = Row(table["dataset"], table["labels"], table["recipe"], table["steps"])
        runs = read_row(row, carried("results"))
        assert table["name"] == row.name and table["recipe"] in RECIPES and list(runs) == table["seeds"] == sorted(set(table["seeds"]))
        assert table["command"] == f"{row.command} --seeds {max(runs) + 1}" and all(0 <= run["test_error"] <= 1 and len(run["weights_sha256"]) == 64 for run in runs.values())


def test_a_row_is_completed_only_with_the_versions_that_began_it(tmp_path, computed):
    results, work = folders(tmp_path)
    list(run_row(ROW, 1, results, work))
    path = results / f"{ROW.name}.json"
    table = json.loads(path.read_text())
    path.write_text(json.dumps(table | {"versions": table["versions"] | {"torch": "2.0"}}))
    assert len(list(run_row(ROW, 1, results, work))) == 1, "nothing is added"
    before = path.read_bytes()
    with refused("'torch': '2.0'", "another folder", kind=DataError): list(run_row(ROW, 2, results, work))
    assert path.read_bytes() == before and computed == [0]


def test_a_row_whose_file_has_other_figures_is_kept(tmp_path, computed):
    results, work = folders(tmp_path)
    list(run_row(ROW, 1, results, work))
    path = results / f"{ROW.name}.json"
    table = json.loads(path.read_text())
    path.write_text(json.dumps(table | {"figures": table["figures"] | {"old": [1.0]}}))
    before = path.read_bytes()
    with refused("other figures", kind=DataError): list(run_row(ROW, 2, results, work))
    assert path.read_bytes() == before


def test_a_row_does_not_go_on_with_other_pictures(tmp_path, monkeypatch):
    for name in "xy":
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for k in range(12): Image.fromarray(np.full((8, 8), 20 * k + 5 * (name == "y"), np.uint8)).save(tmp_path / "pictures" / name / f"{k}.png")
    row = Row(str(tmp_path / "pictures"), 4, "supervised", 30)
    stops(monkeypatch, 20, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt): list(run_row(row, 1, *folders(tmp_path)))
    monkeypatch.undo()
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(tmp_path / "pictures" / "x" / "12.png")
    with refused("data_sha256", kind=CheckpointError): list(run_row(row, 1, *folders(tmp_path)))
