"""Claims of the article: what is in the results supports the verdict, each verdict can fail, and nothing is computed twice."""
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from ssgan_edu import claims, experiments
from ssgan_edu.claims import (AS_NOVEL, CLAIMS, FLUENT, PROVOKED, REMEDIES, Case, Claim, claim_file, claims_table, clearly_below, figures_of, paired, quality,
                              read_claim, run_claim, run_monitored, run_writer)
from ssgan_edu.data import DataError, TrainingError, carried, load_dataset
from ssgan_edu.experiments import Row, run_row
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, train
from support import refused
from test_cli import answer, call

LOW, HIGH = [0.10, 0.12, 0.11], [0.20, 0.23, 0.21]
TINY = Claim("C2", "It is tiny.", (Row("two-moons", 6, "supervised", 8), Row("two-moons", 6, "improved", 8)), (Row("two-moons", 6, "supervised", 4), Row("two-moons", 6, "improved", 4)),
             claims._classifies_better)


def made_up(claim: Claim, errors, quick: bool = False, **more) -> list[dict]:
    "Rows of a claim whose errors are `errors(row)`."
    rows = []
    for row in claim.quick if quick else claim.rows:
        figures = {"test_error": errors(row)} | {key: value(row) for key, value in more.items()}
        rows.append({**experiments.asdict(row), "weights": [list(pair) for pair in row.weights], "name": row.name, "seeds": [0, 1, 2], "figures": figures})
    return rows


def made_up_cases(claim: Claim, figures, quick: bool = False) -> list[dict]:
    "Cases of a claim whose figures are `figures(what)`."
    return [{**experiments.asdict(case), "name": case.name, "seeds": [0, 1, 2], "figures": figures(case.what)} for case in (claim.quick if quick else claim.rows)]


# --- the rule -------------------------------------------------------------------------------------------------------


def test_a_difference_is_taken_within_each_draw():
    difference, error = paired([0.1, 0.5, 0.3], [0.2, 0.6, 0.4])
    assert difference == pytest.approx(-0.1) and error == pytest.approx(0, abs=1e-12)
    assert clearly_below([0.1, 0.5, 0.3], [0.2, 0.61, 0.4]) and not clearly_below([0.2, 0.61, 0.4], [0.1, 0.5, 0.3])
    assert not clearly_below([0.1, 0.7, 0.3], [0.2, 0.6, 0.4]), "one draw goes the other way"
    for a, b in (([0.1], [0.2]), ([0.1, 0.2], [0.1, 0.2, 0.3])):
        with pytest.raises(ValueError): paired(a, b)


def test_one_row_is_picked_and_only_one():
    rows = [{"recipe": "a", "unlabeled": None, "figures": {"test_error": LOW}}, {"recipe": "b", "figures": {"test_error": HIGH}}]
    assert figures_of(rows, recipe="a") == LOW and figures_of(rows, recipe="b", unlabeled=None) == HIGH
    for wanted in ({"recipe": "c"}, {"unlabeled": None}):
        with refused("rows have", kind=DataError): figures_of(rows, **wanted)


# --- what travels with the library ----------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_the_figures_in_the_results_support_the_verdict(claim):
    found = read_claim(claim)
    assert found, f"results/{claim.name}.json is missing: ssgan-edu experiment {claim.name}"
    assert [row["name"] for row in found["rows"]] == [row.name for row in claim.rows] and claim.seeds >= 3
    for row in found["rows"]:
        assert row["seeds"] == list(range(claim.seeds)) and max(len(set(map(str, values))) for values in row["figures"].values()) == claim.seeds, "each draw is a run of its own"
        assert len(set(row["figures"].get("weights_sha256", row["seeds"]))) == claim.seeds
    assert claim.verdict(found["rows"]) == (found["verdict"], found["because"])
    assert found["says"] == claim.says and found["command"] == f"ssgan-edu experiment {claim.name}"


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_names_each_row_once_and_stands_beside_its_baselines(claim):
    for rows in (claim.rows, claim.quick): assert len({row.name for row in rows}) == len(rows)
    assert sum(row.steps for row in claim.quick) * claim.seeds <= 10_000, "quick is minutes"
    if claim.name in ("C2", "C5", "C6"): assert {"supervised", "article"} <= {row.recipe for row in claim.rows}


# --- verdicts that can go either way --------------------------------------------------------------------------------


ALL = {"digits": 1297, "mnist": 60_000}  # unlabeled samples


def among(recipes, low=LOW, high=HIGH): return lambda row: low if row.recipe in recipes else high


@pytest.mark.parametrize("quick", [False, True])
def test_c1_asks_for_samples_among_real_ones(quick):
    claim = CLAIMS["C1"]
    def verdict(precision, recall):
        return claim.verdict(made_up(claim, among(()), quick, precision=precision, recall=recall, frechet=lambda row: [30.0] * 3, frechet_floor=lambda row: [10.0] * 3))
    assert verdict(lambda row: [0.9] * 3, lambda row: [0.6] * 3).verdict == "holds"
    assert verdict(lambda row: [0.9] * 3, lambda row: [0.4] * 3).verdict == "does not hold", "realistic, but always the same"
    assert verdict(among(("gan",), [0.9] * 3, [0.1] * 3), lambda row: [0.9] * 3).verdict == "does not hold", "a plain GAN is none"
    assert "3.0 times" in verdict(lambda row: [0.9] * 3, lambda row: [0.6] * 3).because


@pytest.mark.parametrize("quick", [False, True])
def test_c2_looks_at_every_number_of_labels(quick):
    claim = CLAIMS["C2"]
    assert claim.verdict(made_up(claim, among(("improved",)), quick)).verdict == "holds"
    assert claim.verdict(made_up(claim, among(("supervised",)), quick)).verdict == "does not hold"
    assert claim.verdict(made_up(claim, among(("consistency",)), quick)).verdict == "does not hold", "no GAN"


@pytest.mark.parametrize("ahead, verdict", [({10}, "labels are few: digits with 10"), ({10, 50}, "labels are few: digits with 10, digits with 50"),
                                            ({10, 50, 100}, "labels are few: digits with 10, digits with 50, mnist with 100"), ({500}, "the number of labels is one of these: digits with 500"),
                                            ({10, 500, 100}, "the number of labels is one of these: digits with 10, digits with 500, mnist with 100")], ids=str)
def test_c2_says_few_only_where_the_smaller_numbers_are_ahead(ahead, verdict):
    claim = CLAIMS["C2"]
    found = claim.verdict(made_up(claim, lambda row: LOW if row.recipe == "best" and row.labels in ahead else HIGH))
    assert found.verdict == f"holds when {verdict}" and ("digits, 500 labels: none" in found.because or 500 in ahead)


@pytest.mark.parametrize("quick", [False, True])
def test_c5_has_two_halves(quick):
    claim = CLAIMS["C5"]
    def verdict(errors): return claim.verdict(made_up(claim, errors, quick)).verdict
    assert verdict(among(("improved",))) == "holds when labels are few"
    assert verdict(lambda row: LOW if (row.recipe == "improved") == (row.labels < 1000) else HIGH) == "holds"
    if not quick: assert verdict(lambda row: LOW if (row.recipe == "improved") == (row.labels < 1000 or row.dataset == "mnist") else HIGH) == "holds when labels are few", "with plenty on both"
    assert verdict(among(("gan",))) == verdict(lambda row: HIGH) == "does not hold"


@pytest.mark.parametrize("quick", [False, True])
def test_c6_asks_how_few_are_enough(quick):
    claim = CLAIMS["C6"]
    def verdict(least): return claim.verdict(made_up(claim, lambda row: LOW if row.recipe == "improved" and row.unlabeled >= least else HIGH, quick)).verdict
    assert verdict(1000) == "holds" and verdict(100) == "does not hold", "a hundred were enough"
    assert verdict(10_000) == ("does not hold" if quick else "holds when it is mnist"), "all digits were not enough"
    assert verdict(100_000) == "does not hold"


@pytest.mark.parametrize("quick", [False, True])
def test_c7_counts_no_kind_that_was_not_measured(quick):
    claim = CLAIMS["C7"]
    def verdict(errors, *more): return claim.verdict([*(row for row in made_up(claim, errors, quick) if row["dataset"] != "spoken-digits"), *more])
    def heard(low): return [{"dataset": "spoken-digits", "recipe": r, "figures": {"test_error": LOW if low and r == "improved" else HIGH}} for r in ("supervised", "improved", "best")]
    assert verdict(among(("best",)), *heard(True)).verdict == "holds"
    assert verdict(among(("best",)), *heard(False)).verdict == "holds when it is images or text"
    assert verdict(lambda row: LOW if row.dataset == "mnist" and row.recipe == "best" else HIGH, *heard(True)).verdict == "holds when it is images or audio"
    assert verdict(among(("supervised",)), *heard(False)).verdict == "does not hold"
    unheard = verdict(among(("best",)))
    assert unheard.verdict == "holds when it is images or text" and unheard.because.endswith("; not measured: audio")
    assert "not measured" not in verdict(among(("best",)), *heard(True)).because


@pytest.mark.parametrize("quick", [False, True])
def test_c8_asks_for_the_balanced_one_to_be_ahead(quick):
    claim = CLAIMS["C8"]
    def verdict(errors): return claim.verdict(made_up(claim, errors, quick)).verdict
    data, batch = (" or ".join(f"the {part} of {name}" for name in (["digits"] if quick else ALL)) for part in ("data", "batch"))
    def full(row): return row.unlabeled == ALL[row.dataset]
    def balanced(row): return row.unlabeled == row.labels
    assert verdict(lambda row: LOW if row.labeled_batch is None and full(row) else HIGH) == f"holds when it is {batch}"
    assert verdict(lambda row: LOW if balanced(row) else HIGH) == f"holds when it is {data}"
    assert verdict(lambda row: LOW if row.labeled_batch is None and (balanced(row) or full(row)) or row.labeled_batch == 500 else HIGH) != "holds", "more is as good"
    assert verdict(lambda row: HIGH) == verdict(lambda row: HIGH if balanced(row) or row.labeled_batch is None else LOW) == "does not hold"
    if not quick: assert verdict(lambda row: LOW if balanced(row) and row.dataset == "mnist" else HIGH) == "holds when it is the data of mnist"


@pytest.mark.parametrize("quick", [False, True])
def test_c9_asks_for_a_weight_that_makes_it_worse(quick):
    claim = CLAIMS["C9"]
    assert claim.verdict(made_up(claim, lambda row: HIGH if ("unsupervised", 100.0) in row.weights else LOW, quick)).verdict == "holds"
    assert claim.verdict(made_up(claim, lambda row: LOW if row.weights else HIGH, quick)).verdict == "does not hold", "better is not worse"
    if not quick: assert claim.verdict(made_up(claim, lambda row: HIGH if ("unsupervised", 100.0) in row.weights and row.dataset == "mnist" else LOW)).verdict == "holds when it is mnist"


ALONE = ("soft one-hot", "Gumbel-softmax", "best", "REINFORCE from scratch")


def words(times: dict[str, float], novelty: dict[str, float] = {}):
    "Figures of writers: a multiple of the trigram model's divergence, and a novelty of 0.98 unless it is given."
    return lambda what: {claims._LETTERS: [0.2 * times.get(what, 9.0) + 0.001 * draw for draw in (0, 2, 1)], "novelty": [novelty.get(what, 0.98)] * 3}


@pytest.mark.parametrize("quick", [False, True])
def test_c3_asks_for_words_as_near_as_those_of_a_trigram_model_and_as_novel(quick):
    claim, likely = CLAIMS["C3"], {"3-grams": 1.0, "LSTM at 1.0": 1.0, "real words": 0.9}
    def verdict(times, novelty={}): return claim.verdict(made_up_cases(claim, words(likely | times, novelty), quick)).verdict
    assert verdict({}) == verdict({"REINFORCE": FLUENT + 0.1}) == "does not hold"
    assert verdict({"REINFORCE from scratch": 1.0, "Gumbel-softmax": 1.0}) == "holds when the generator is Gumbel-softmax or REINFORCE from scratch"
    assert verdict({"REINFORCE": FLUENT - 0.1}) == "holds when the generator was trained by likelihood before"
    for name in ALONE:
        assert verdict({name: FLUENT - 0.1}) == ("holds" if name == "best" else f"holds when the generator is {name}")
        assert verdict({name: 0.5}, {name: 0.98 - AS_NOVEL - 0.01}) == "does not hold", "copies"


@pytest.mark.parametrize("quick", [False, True])
def test_c4_asks_for_tones_and_rhythms_as_near_as_those_of_a_markov_chain(quick):
    claim = CLAIMS["C4"]
    def verdict(tones, rhythms, novelty=1.0):
        def figures(what): return {**{key: [0.2 * times.get(what, 1.0 if what in ("chain of 5", "real tunes") else 9.0) + 0.001 * draw for draw in (0, 2, 1)]
                                      for key, times in (("transition divergence", tones), ("rhythm divergence", rhythms))}, "novelty": [novelty if what in tones else 1.0] * 3}
        return claim.verdict(made_up_cases(claim, figures, quick)).verdict
    near, far = FLUENT - 0.1, FLUENT + 0.1
    assert verdict({"best": near}, {"best": near}) == "holds"
    assert verdict({"best": near}, {"best": far}) == verdict({"best": far}, {"best": near}) == "does not hold", "both are asked for"
    assert verdict({"best": near}, {"best": near}, novelty=1 - AS_NOVEL - 0.01) == "does not hold", "copies"
    assert verdict({"Gumbel-softmax": near}, {"Gumbel-softmax": near}) == "holds when the generator is Gumbel-softmax"


@pytest.mark.parametrize("quick", [False, True])
def test_c11_holds_reinforce_against_gumbel_softmax(quick):
    claim = CLAIMS["C11"]
    def verdict(scratch, after, gumbel=3.0, likely=1.0):
        return claim.verdict(made_up_cases(claim, words({"REINFORCE from scratch": scratch, "REINFORCE": after, "Gumbel-softmax": gumbel, "LSTM at 1.0": likely}), quick))
    assert verdict(2.0, 1.2).verdict == "holds" and verdict(4.0, 4.0).verdict == "does not hold"
    assert verdict(3.0, 1.2).verdict == "holds when the generator was trained by likelihood before", "a tie is not ahead"
    assert [verdict(4.0, after).because.split(" made it ")[1] for after in (0.9, 1.0, 1.1)] == ["clearly better", "neither clearly better nor worse", "clearly worse"]


@pytest.mark.parametrize("quick", [False, True])
def test_c10_asks_for_the_name_for_silence_and_for_a_gain(quick):
    claim = CLAIMS["C10"]
    def verdict(right=lambda what: [1, 1, 1], answered=lambda what: LOW):
        figures = lambda what: {"right": right(what), "step": [None if "healthy" in what else 100] * 3, "test_error": HIGH, "answered_error": answered(what)}
        return claim.verdict(made_up_cases(claim, figures, quick)).verdict
    assert verdict() == "holds"
    assert verdict(right=lambda what: [0, 1, 1] if what == "improved, sign flipped" else [1, 1, 1]) == ("does not hold" if quick else "holds"), "one of 9, one of 18"
    assert verdict(right=lambda what: [1, 1, 0] if what == "improved, healthy" else [1, 1, 1]) == ("does not hold" if quick else "holds"), "one of 3, one of 12"
    assert verdict(right=lambda what: [1, 0, 0] if what == "improved, healthy" else [1, 1, 1]) == "does not hold"
    assert verdict(answered=lambda what: HIGH) == "does not hold"
    assert verdict(answered=lambda what: LOW if what == "improved, steps too long" else HIGH) == "holds when it is one of these: improved, steps too long"


# --- cases: words and failures --------------------------------------------------------------------------------------


def test_words_are_measured_and_rows_of_another_claim_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "run_row", lambda row, *others: calls.append(row.name) or run_row(row, *others))
    calls, cases = [], (Case("real words", 0, "C3"), Case("2-grams", 0, "C3"))
    def verdict(rows): return claims.Verdict("holds", f"{figures_of(rows, 'novelty', what='2-grams')}")
    one, other = (Claim(name, "Words.", cases, cases, verdict, seeds=2, run=run_writer, figure=claims._LETTERS) for name in ("C3", "C11"))
    monkeypatch.setattr(claims, "CLAIMS", {"C2": TINY, "C3": one, "C11": other})
    rows = list(run_claim(one, False, tmp_path, tmp_path / "work"))
    assert calls == ["real-words-0", "2-grams-0"] and [row["command"] for row in rows] == ["ssgan-edu experiment C3"] * 2
    assert list(run_claim(other, False, tmp_path, tmp_path / "elsewhere")) == rows and len(calls) == 2
    travels = {row["name"]: row["figures"] for row in read_claim(CLAIMS["C3"])["rows"]}
    for row in rows: assert {key: values[:2] for key, values in travels[row["name"]].items()} == row["figures"], "the file that travels is made by this code"


@pytest.mark.parametrize("what, says", [("improved, healthy", "nothing"), ("improved, generator asleep", "the discriminator has won"), ("sgan, steps too long", "diverging")])
def test_a_draw_of_a_failure(what, says, tmp_path):
    found = run_monitored(Case(what, 100, "C10"), 0, tmp_path)
    assert found["said"] == says and found["right"] == 1 and found["step"] == (100 if says != "nothing" else None)
    assert found["answers"] == [says] * (says != "nothing") and found["answered_error"] == found["test_error"], "the last step has no time for an answer"


def test_what_is_spoilt_and_what_an_answer_changes():
    for name in ("improved", "sgan"):
        recipes = {what: spoil(RECIPES[name]) for what, (_, spoil) in PROVOKED.items()}
        assert recipes["healthy"] == RECIPES[name] and len(set(map(str, recipes.values()))) == 4
        assert dict(recipes["sign flipped"].updates[1].terms) == {**RECIPES[name].updates[1].terms, "pull_away": -3.0}
        mended = REMEDIES["collapse"](recipes["sign flipped"])
        assert mended.updates[0] == RECIPES[name].updates[0] and dict(mended.updates[1].terms) == {"feature_matching": 1.0}
        assert REMEDIES["the discriminator has won"](recipes["generator asleep"]).generator_learning_rate == pytest.approx(1e-5)
        assert REMEDIES["diverging"](recipes["steps too long"]) == replace(RECIPES[name], learning_rate=1.0)
    assert set(REMEDIES) == {says for says, _ in PROVOKED.values()} - {"nothing"}


def test_an_answer_begins_again_with_the_updates_that_are_left(tmp_path, monkeypatch):
    begun = []
    def counted(model, split, steps): begun.append((model.recipe.learning_rate, steps)); return train(model, split, steps)
    monkeypatch.setattr(claims, "train", counted)
    found = run_monitored(Case("improved, steps too long", 200, "C10"), 0, tmp_path)
    assert begun == [(10.0, 200), (10.0, 200), (1.0, 100)] and found["answers"][0] == "diverging" and found["answered_error"] != found["test_error"]


def test_training_that_stops_itself_has_named_the_divergence(tmp_path, monkeypatch):
    def stops(*_): raise TrainingError("'supervised' became inf")
    monkeypatch.setattr(claims, "train", stops)
    found = run_monitored(Case("improved, steps too long", 3, "C10"), 0, tmp_path)
    assert found["said"] == "diverging" and found["right"] == 1 and found["answers"] == ["diverging"] * 3


# --- the table ------------------------------------------------------------------------------------------------------


SHORT = ("claim", "verdict", "command")  # the columns of the README


def cells_of(table: str) -> dict[str, list[str]]: return {row[1]: row[2:-1] for line in table.splitlines()[2:] if (row := [part.strip() for part in line.split("|")])}


def test_the_table_has_a_line_for_each_claim_of_the_article(tmp_path):
    lines = cells_of(claims_table())
    assert list(lines) == [f"C{n}" for n in range(1, 12)] and {len(line) for line in lines.values()} == {4}
    for name, line in lines.items():
        path = carried("results") / f"{name}.json"
        found = json.loads(path.read_text())
        assert line == [found["says"], f"**{found['verdict']}**", found["because"], f"`{found['command']}`"]
    short = cells_of(claims_table(columns=SHORT))
    assert short == {name: line[:2] + line[3:] for name, line in lines.items()}
    unmeasured = cells_of(claims_table(tmp_path))
    assert unmeasured == {name: [line[0], "**not measured yet**", "", line[3]] for name, line in lines.items()}


def test_the_table_on_the_pages_is_that_of_the_files():
    project = Path(__file__).resolve().parent.parent
    for page in ("README.md", "README.zh.md"): assert claims_table(columns=SHORT) in (project / page).read_text(encoding="utf-8"), f"{page}: run the index notebook again, then make export"
    shown = [output.data.get("text/markdown") for cell in nbformat.read(project / "nbs" / "14_claims.ipynb", as_version=4).cells if cell.cell_type == "code"
             for output in cell.outputs if output.output_type in ("display_data", "execute_result")]
    assert claims_table() in shown, "run the notebook again"


# --- running --------------------------------------------------------------------------------------------------------


def test_a_claim_is_measured_once_and_written_whole(tmp_path, monkeypatch):
    calls = []
    def counted(row, *others, **more): calls.append(row.name); return run_row(row, *others, **more)
    monkeypatch.setattr(claims, "run_row", counted)
    folders = (False, tmp_path / "results", tmp_path / "work")
    rows = list(run_claim(TINY, *folders))
    assert calls == [row.name for row in TINY.rows] and read_claim(TINY, tmp_path / "results")["rows"] == rows
    written = claim_file(TINY, tmp_path / "results").read_bytes()
    assert list(run_claim(TINY, *folders)) == rows and len(calls) == 2 and claim_file(TINY, tmp_path / "results").read_bytes() == written
    list(run_claim(TINY, True, *folders[1:]))
    assert calls[2:] == [row.name for row in TINY.quick] and claim_file(TINY, tmp_path / "results").read_bytes() == written, "quick has a file of its own"
    more = replace(TINY, seeds=4)
    assert [row["seeds"] for row in run_claim(more, *folders)] == [[0, 1, 2, 3]] * 2, "another draw is asked for"


def test_an_interrupted_claim_keeps_the_rows_it_has(tmp_path, monkeypatch):
    real, made = run_row, []
    def stops(row, *others, **more):
        if row.recipe == "improved" and not made: raise KeyboardInterrupt
        made.append(row.name); return real(row, *others, **more)
    monkeypatch.setattr(claims, "run_row", stops)
    with pytest.raises(KeyboardInterrupt): made.clear(); list(run_claim(replace(TINY, rows=TINY.rows[::-1]), False, tmp_path, tmp_path / "work"))
    assert not claim_file(TINY, tmp_path).exists()
    list(run_claim(TINY, False, tmp_path, tmp_path / "work"))
    seconds = [row["figures"]["seconds"] for row in read_claim(TINY, tmp_path)["rows"]]
    claim_file(TINY, tmp_path).unlink()
    list(run_claim(TINY, False, tmp_path, tmp_path / "work"))
    assert [row["figures"]["seconds"] for row in read_claim(TINY, tmp_path)["rows"]] == seconds, "rows were kept in the work folder"


def test_a_row_of_the_results_is_taken_as_it_is(tmp_path):
    list(run_row(TINY.rows[0], 4, tmp_path / "results", tmp_path / "elsewhere"))
    rows = list(run_claim(TINY, False, tmp_path / "results", tmp_path / "work"))
    kept = json.loads((tmp_path / "results" / f"{TINY.rows[0].name}.json").read_text())["figures"]["weights_sha256"]
    assert rows[0]["figures"]["weights_sha256"] == kept[:3] and not (tmp_path / "work" / TINY.rows[0].name).exists()


@pytest.mark.parametrize("contents", [b"", b'{"rows"', b"[]", b'{"rows": [{"seeds": [0], "figures": {"test_error": [0.1, 0.2]}}]}', b'{"rows": 3}', b"\xff\xfe"])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path, contents):
    claim_file(TINY, tmp_path).write_bytes(contents)
    with refused("run the claim again", kind=DataError): read_claim(TINY, tmp_path)
    with refused("run the claim again", kind=DataError): list(run_claim(TINY, False, tmp_path, tmp_path / "work"))
    assert claim_file(TINY, tmp_path).read_bytes() == contents


def test_quality_measures_samples_and_classification():
    split = load_dataset("two-moons").label(per_class=3)
    model = SSGAN.for_split(split, "improved")
    for _ in train(model, split, 5): pass
    found = quality(model, split)
    assert found.keys() == {"frechet", "frechet_floor", "precision", "recall", "test_error", "test_errors"} and 0 <= found["precision"] <= 1


# --- the command line -----------------------------------------------------------------------------------------------


def test_the_command_lists_and_runs_claims(tmp_path, monkeypatch):
    monkeypatch.setitem(claims.CLAIMS, "C2", TINY)
    listed = call("experiment", "--list")
    assert listed.code == 0 and all(name in listed.out for name in CLAIMS)
    found = answer("experiment", "c2", "--quick", "--results", tmp_path, "--work", tmp_path / "work")
    assert found["name"] == "C2" and found == json.loads((tmp_path / "C2.quick.json").read_text())


@pytest.mark.parametrize("given, words", [(("experiment",), "Nothing was named"), (("experiment", "digits", "--quick"), "'digits' is none"),
                                          (("experiment", "digits", "--weight", "unsupervised"), "Give a term and a factor"), (("experiment", "digits", "--weight", "pull_away=2"), "has no term")])
def test_what_the_command_cannot_run_is_one_line(given, words):
    done = call(*given)
    assert done.code == 2 and words in done.err and done.err.count("\n") == 1
