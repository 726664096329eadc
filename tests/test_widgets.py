"""The widgets of lesson 07b: figures over all their settings, and the shells moved as a learner moves them."""
import asyncio
import base64
import html
import io
import math
import re
from itertools import product
from pathlib import Path
from string import Formatter

import ipywidgets
import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.figure import Figure
from support import refused

from ssgan_edu import widgets
from ssgan_edu.claims import CLAIMS, read_claim
from ssgan_edu.data import TOYS, DataError, Dataset, TrainingError, UnknownNameError, load_dataset
from ssgan_edu.evaluation import evaluate
from ssgan_edu.losses import supervised_loss
from ssgan_edu.plots import STYLE
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, train
from ssgan_edu.widgets import (CHINESE, FRACTIONS, LAYERS, PLAYERS, STEPS, Game, Shell, error_curves, few_labels, labeled_fraction, labeled_fraction_results,
                               loss_explorer, playground, plot_labeled_fraction, plot_labeled_fraction_results, plot_loss_explorer, plot_playground, points_recipe, say)

FEW_STEPS = 4
OF_POINTS = [recipe.name for recipe in RECIPES.values() if not recipe.augment]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def coarse():
    "Pictures of few pixels: what is drawn stays the same, and there are hundreds."
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STYLE, "figure.dpi", 30)
        yield


@pytest.fixture
def quick(monkeypatch):
    "Trainings of a few steps: these tests are about the widgets."
    monkeypatch.setattr(widgets, "STEPS", FEW_STEPS)


def texts(figure: Figure) -> str: return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


def sound(figure: Figure) -> None:
    "A figure that can be saved, is on nobody's list, and labels every axis that has ticks."
    assert isinstance(figure, Figure) and plt.get_fignums() == []
    figure.savefig(io.BytesIO(), format="png")
    for ax in figure.axes: assert not ax.axison or (ax.get_xlabel() or ax.get_ylabel()), "an axis without a label"


def shown(shell: Shell) -> tuple[str, bytes]:
    "The sentence and the PNG that a shell shows, once they are known to belong together."
    alt, png = re.fullmatch(r'<img style="max-width: 100%" alt="([^"]*)" src="data:image/png;base64,([^"]*)">', shell.picture.value).groups()
    assert html.unescape(alt) == html.unescape(shell.label.value)
    png = base64.b64decode(png)
    assert png.startswith(b"\x89PNG")
    return html.unescape(shell.label.value), png


def weights(network) -> torch.Tensor: return torch.cat([p.detach().flatten() for p in network.parameters()])


# --- the shell ------------------------------------------------------------------------------------------------------


def test_a_mistake_in_a_callback_is_raised_and_not_swallowed(monkeypatch):
    shell = loss_explorer()
    monkeypatch.setattr(widgets, "plot_loss_explorer", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError): shell.controls["logit 1"].value = 5.0


def test_what_the_learner_can_put_right_takes_the_place_of_the_picture(monkeypatch):
    shell = loss_explorer()
    def refuse(*_): raise DataError("Too few <points>. Add some.")
    monkeypatch.setattr(widgets, "plot_loss_explorer", refuse)
    shell.controls["logit 1"].value = 5.0
    assert shell.label.value == "This can't be drawn:" and shell.picture.value == "<p>Too few &lt;points&gt;. Add some.</p>"
    monkeypatch.undo()
    shell.controls["logit 1"].value = 6.0
    shown(shell)


def test_without_a_kernel_the_sentence_is_left():
    shell = loss_explorer()
    assert repr(shell) == f"Shell, which needs a running kernel: {shell.label.value}" and repr(playground()).startswith("Playground, which needs")


def test_the_sentence_wraps_and_is_text():
    "A Label would cut it off at the edge of the page; in a widget for HTML the text must be escaped."
    shell = Shell(lambda: [("a < b & <b>c</b>", plot_loss_explorer())], [], redraw=[])
    assert isinstance(shell.label, ipywidgets.HTML) and shell.label.layout.width == "100%"
    assert shell.label.value == "a &lt; b &amp; &lt;b&gt;c&lt;/b&gt;" and shown(shell)[0] == "a < b & <b>c</b>"
    assert repr(shell).endswith(": a < b & <b>c</b>")


# --- the language ---------------------------------------------------------------------------------------------------


@pytest.fixture
def in_chinese(monkeypatch): monkeypatch.setenv("SSGAN_EDU_LANGUAGE", "zh")


@pytest.mark.parametrize("make", [loss_explorer, playground, labeled_fraction, labeled_fraction_results])
def test_controls_and_sentence_are_chinese_and_the_figure_is_not(in_chinese, quick, monkeypatch, make):
    figures = []
    monkeypatch.setattr(widgets, "_img", lambda figure, text: figures.append(figure) or "")
    shell = make()
    assert [control.description for control in shell.controls.values() if re.search("[A-Za-z]{2}", control.description)] == []
    names = {*RECIPES, *TOYS, *widgets._EXPLORED, "digits", "mnist", "words", "tunes", "spoken-digits", "float32", "logit"}
    for k in range(1, 4):
        if f"logit {k}" in shell.controls: shell.controls[f"logit {k}"].value = -100.0
    left = shell.label.value
    for name in sorted(names, key=len, reverse=True): left = left.replace(name, "")
    assert re.findall("[A-Za-z]{2,}", left.replace("nan", "").replace("inf", "")) == [] and shell.label.value.endswith("。")
    assert figures and not any(re.search("[\u4e00-\u9fff]", texts(figure)) for figure in figures)


def test_few_labels_and_a_refusal_in_chinese(in_chinese, monkeypatch):
    assert few_labels(load_dataset("pinwheel"), 0.001)[1] == "1,000 个标签的 0.1 %：5 个（不是 1 个：5 个类别各需一个）。"
    shell = loss_explorer()
    def refuse(*_): raise DataError("Too few points.")
    monkeypatch.setattr(widgets, "plot_loss_explorer", refuse)
    shell.controls["logit 1"].value = 5.0
    assert shell.label.value == "无法绘制："


def test_every_translation_is_of_a_text_that_is_said_with_the_same_fields():
    code = Path(widgets.__file__).read_text(encoding="utf-8").split("def say", 1)[1]
    assert [text for text in CHINESE if f'"{text}"' not in code] == []
    def fields(text): return sorted((name, spec) for _, name, spec, _ in Formatter().parse(text) if name)
    assert [text for text, said in CHINESE.items() if fields(text) != fields(said)] == []


def test_another_language_is_refused(monkeypatch):
    monkeypatch.setenv("SSGAN_EDU_LANGUAGE", "fr")
    with refused("fr", "en, zh", kind=UnknownNameError): say("speed")


def test_only_core_widgets_of_the_oldest_version_are_used():
    in_7_7 = {"VBox", "HBox", "HTML", "FloatSlider", "IntSlider", "SelectionSlider", "SelectMultiple", "Dropdown", "Checkbox", "Button", "Play"}
    def names(widget): return {kind.__name__ for kind in type(widget).__mro__ if kind.__module__.startswith("ipywidgets")}
    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()): yield from walk(child)
    for make in (loss_explorer, playground):
        for widget in walk(make()): assert names(widget) & in_7_7, type(widget)


# --- the loss explorer ----------------------------------------------------------------------------------------------

GRID = (-100.0, -30.0, 0.0, 0.5, 17.5, 100.0)


@pytest.mark.parametrize("label", range(3))
def test_the_loss_explorer_draws_every_combination_of_logits(label):
    for logits in product((-100.0, 0.0, 100.0), repeat=3) if label == 0 else ((-100.0, 0.0, 17.5), (100.0, 100.0, -100.0)): sound(plot_loss_explorer(logits, label))


def test_the_losses_of_the_library_stay_finite_where_the_naive_ones_do_not():
    broken = set()
    for logits in product(GRID, repeat=3):
        for name, ((value, gradient), (naive, naive_gradient)) in widgets._explored(logits, 1)[1].items():
            assert all(map(math.isfinite, (value, *gradient))), (name, logits)
            if all(map(math.isfinite, (naive, *naive_gradient))) and max(map(abs, logits)) < 1:
                assert math.isclose(value, naive, rel_tol=1e-4, abs_tol=1e-6) and gradient == pytest.approx(naive_gradient, abs=1e-5)
            elif not math.isfinite(naive): broken.add(name)
    assert broken == set(widgets._EXPLORED)


def test_the_figure_of_the_explorer_names_inf_and_nan():
    calm, sure, huge = (texts(plot_loss_explorer((logit, 1.0, -1.0), 0)) for logit in (2.0, 20.0, 100.0))
    assert "inf" not in calm and "nan" not in calm and "▸" not in calm
    assert sure.count("▸ inf\n") == 1 and sure.count("▸ nan, nan, nan\n") == 1
    assert huge.count("▸ nan\n") == len(widgets._EXPLORED) == huge.count("▸ nan, nan, nan\n")
    expected = supervised_loss(torch.tensor([[2.0, 1.0, -1.0]]), torch.tensor([0])).item()
    assert f"{expected:.3g}" in calm


@pytest.mark.parametrize("logits, label, words", [((1.0,), 0, ["logits=[1.0]", "2 to 5"]), ((1.0, math.nan), 0, ["nan", "finite"]), ((1.0, math.inf), 0, ["inf"]),
                                                  ((1.0, 2.0), 2, ["label=2", "0 to 1"]), ((1.0, 2.0), -1, ["label=-1"]), ((0.0,) * 6, 0, ["2 to 5"])])
def test_the_explorer_refuses(logits, label, words):
    with refused(*words): plot_loss_explorer(logits, label)


def test_dragging_logits_changes_sentence_and_picture():
    shell = loss_explorer()
    text, png = shown(shell)
    assert "s = 2.35" in text and "Z = 10.5" in text and "D(x) = 0.913" in text and text.endswith("Naive float32 is finite.")
    for k, value in product((1, 2, 3), (-100.0, 100.0)):
        shell.controls[f"logit {k}"].value = value
        assert shown(shell)[1] != png
    for label in (1, 2, 0):
        _, png = shown(shell)
        shell.controls["label"].value = label
        assert shown(shell)[1] != png
    assert "Naive float32 fails" in shell.label.value and "generated" in shell.label.value
    for k in (1, 2, 3): shell.controls[f"logit {k}"].value = -100.0
    assert "D(x) = 1.12e−43" in shell.label.value and "gradient nan" in shell.label.value  # e to the −100 has lost most of its digits, or all


# --- the playground -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", OF_POINTS)
def test_the_playground_draws_every_recipe_on_every_data_set(recipe):
    for dataset in TOYS if recipe in ("improved", "sgan", "gan") else ["two-moons"]:
        game = Game(dataset, recipe, per_class=2)
        for _ in range(3): game.step()
        before = {name: weights(network) for name, network in game.model.players.items()}
        buffers = [b.clone() for b in game.model.generator.buffers()]
        figure = plot_playground(game.model, game.split)
        sound(figure)
        assert f"{recipe}, step 3" in texts(figure) and "x₁" in texts(figure)
        assert ("generated" in texts(figure)) == game.model.recipe.generates
        assert all(torch.equal(weights(game.model.players[name]), old) for name, old in before.items()), "drawing trains nothing"
        assert all(torch.equal(a, b) for a, b in zip(buffers, game.model.generator.buffers())), "and leaves batch normalization alone"


def test_each_layer_can_be_shown_alone_or_not_at_all():
    game = Game()
    game.step()
    sound(plot_playground(game.model, game.split, ()))
    for name in LAYERS:
        figure = plot_playground(game.model, game.split, [name])
        sound(figure)
        artists = [artist for artist in (*figure.axes[0].collections, *figure.axes[0].lines) if artist.get_visible()]
        assert artists, name
    assert "G's wish" in texts(plot_playground(game.model, game.split, ["gradients"]))
    assert "G's wish" not in texts(plot_playground(game.model, game.split, ["generated"]))


def test_the_playground_refuses():
    game = Game()
    with refused("'gradient'", "'gradients'", kind=UnknownNameError): plot_playground(game.model, game.split, ["gradient"])
    with refused("'two-moon'", "'two-moons'", kind=UnknownNameError): Game("two-moon")
    with refused("'digits'", kind=UnknownNameError): Game("digits")
    with refused("'imporved'", "'improved'", kind=UnknownNameError): Game(recipe="imporved")
    for make in (Game, playground):
        with refused("augment"): make(recipe="fixmatch")
    digits = load_dataset("digits").label(per_class=1)
    with refused("points of the plane", "image"): plot_playground(game.model, digits)
    space = Dataset("space", torch.zeros(4, 3), torch.arange(4) % 2, torch.zeros(2, 3), torch.arange(2), ("a", "b"), "points").label(per_class=1)
    with refused("points of the plane", "(3,)"): plot_playground(SSGAN.for_split(space), space)
    with refused("'supervised'", "generator"): Game(recipe="supervised").step(["generator"])


@pytest.mark.parametrize("recipe", ["improved", "sgan", "gan"])
def test_confidence_is_the_probability_of_being_real_whatever_the_outputs(recipe):
    game = Game(recipe=recipe)
    for _ in range(3): game.step()
    x = game.split.x_test[:50]
    with torch.no_grad(): logits = game.model.discriminator(x)[0].double()
    expected = {"improved": lambda: logits.exp().sum(1) / (1 + logits.exp().sum(1)), "sgan": lambda: 1 - logits.softmax(1)[:, -1], "gan": lambda: logits[:, 0].sigmoid()}[recipe]()
    torch.testing.assert_close(widgets._probability_real(game.model, x).double(), expected, rtol=1e-5, atol=1e-6)


def loss_of_g(game: Game, x: torch.Tensor) -> float:
    "What G minimizes, written out here a second time, without noise."
    D, unlabeled = game.model.discriminator, game.split.x_unlabeled
    with torch.no_grad():
        logits, features = (t.double() for t in D(x))
        real_logits, real_features = (t.double() for t in D(unlabeled))
        matching, softplus = (features.mean(0) - real_features.mean(0)).square().mean(), torch.nn.functional.softplus
        unit = features / features.norm(dim=1, keepdim=True)
        alike = ((unit @ unit.T) ** 2).fill_diagonal_(0).sum() / (len(x) * (len(x) - 1))
        return {"improved": lambda: matching, "badgan": lambda: matching + 0.8 * alike, "gan": lambda: softplus(-logits[:, 0]).mean(),
                "sgan": lambda: softplus(-(logits[:, :-1].logsumexp(1) - logits[:, -1])).mean(),
                "article": lambda: softplus(-logits[:, 0]).mean() + softplus(real_logits[:, 0]).mean()}[game.recipe.name]().item()


def test_the_arrows_lead_where_the_loss_of_g_falls():
    for recipe in ("improved", "badgan", "sgan", "gan", "article"):
        game = Game(recipe=recipe)
        for _ in range(10): game.step()
        x = widgets._now(game.model)
        pull = widgets._pull(game.model, game.split, x)
        step = 1e-3 / pull.norm(dim=1).max()
        assert torch.isfinite(pull).all() and loss_of_g(game, x + step * pull) < loss_of_g(game, x) < loss_of_g(game, x - step * pull), recipe


def test_a_player_moves_alone():
    game = Game(seed=3)
    for player, other in (PLAYERS, PLAYERS[::-1]):
        still, moving = weights(game.model.players[other]), weights(game.model.players[player])
        record = game.step([player])
        assert torch.equal(weights(game.model.players[other]), still) and not torch.equal(weights(game.model.players[player]), moving)
        assert f"gradient of the {player}" in record and f"gradient of the {other}" not in record
    assert game.moves == {"discriminator": 1, "generator": 1} and game.model.step == 2
    assert game.model.recipe == game.recipe, "the whole recipe is back"


@pytest.mark.parametrize("recipe", ["improved", "badgan", "article", "pseudo-label"])
def test_steps_of_both_are_the_training_of_the_library(recipe):
    game = Game(recipe=recipe)
    for _ in range(5): game.step()
    model = SSGAN.for_split(game.split, game.recipe, seed=0, device="cpu")
    records = train(model, game.split, STEPS)
    for _ in range(5): next(records)
    assert all(torch.equal(weights(game.model.players[name]), weights(model.players[name])) for name in PLAYERS)


def test_a_failed_step_leaves_the_recipe_whole():
    game = Game()
    with torch.no_grad():
        for p in game.model.discriminator.parameters(): p.fill_(math.nan)
    with refused("nan", kind=TrainingError): game.step(["generator"])
    assert game.model.recipe == game.recipe and game.moves == {"discriminator": 0, "generator": 0} and game.model.step == 0


def test_buttons_play_and_reset():
    shell = playground()
    text, first = shown(shell)
    assert text.startswith("Step 0 (D moved 0 times, G 0), 6 labels: ")
    for name, moves in (("one D step", (1, 0)), ("one G step", (1, 1)), ("one step", (2, 2))):
        shell.buttons[name].click()
        assert shown(shell)[0].startswith(f"Step {shell.game.model.step} (D moved {moves[0]} times, G {moves[1]})"), name
    assert shown(shell)[1] != first
    shell.speed.value = 10
    shell.play.value = 1
    assert shell.game.moves == {"discriminator": 12, "generator": 12}
    shell.play.value = 4  # messages that the browser merged are one tick
    assert shell.game.moves["generator"] == 22
    shell.play.value = 0  # the stop button
    assert shell.game.moves["generator"] == 22
    shell.buttons["reset"].click()
    assert shown(shell) == (text, first), "reset begins again with the same weights"


def test_play_works_while_a_loop_runs_as_in_a_kernel():
    async def kernel():
        shell = playground()
        for value in range(1, 4):
            shell.play.value = value
            await asyncio.sleep(0)
        return shell
    shell = asyncio.run(kernel())
    assert shell.game.model.step == 3 * shell.speed.value


def test_the_settings_of_the_playground_begin_a_new_game():
    shell = playground()
    for name, control in (("data", shell.dataset), ("recipe", shell.recipe)):
        for value in control.options:
            shell.buttons["one step"].click()
            control.value = value
            assert shown(shell)[0].startswith("Step ")
            assert shell.game.recipe.name == shell.recipe.value and shell.game.split.dataset == shell.dataset.value
            assert shell.buttons["one G step"].disabled == (not RECIPES[shell.recipe.value].generates)
    shell.per_class.value = 20
    assert shell.game.split.n_labeled == 20 * shell.game.split.n_classes and shell.game.model.step == 0


def test_layers_are_switched_by_their_boxes():
    shell = playground()
    shell.buttons["one step"].click()
    step = shell.game.model.step
    for box in shell.layers.values():
        _, before = shown(shell)
        box.value = False
        assert shown(shell)[1] != before
    assert shell.game.model.step == step


def test_a_step_that_cannot_be_made_is_said():
    shell = playground()
    shell.recipe.value = "supervised"
    # the button is disabled in the browser; a click that comes through all the same is answered
    shell.buttons["one G step"].click()
    assert "&#x27;supervised&#x27; has no update for generator" in shell.picture.value


# --- the labeled fraction -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", TOYS)
def test_every_fraction_can_be_drawn(dataset, quick):
    for fraction in FRACTIONS:
        split, text = few_labels(load_dataset(dataset), fraction)
        assert split.n_labeled == max(round(1000 * fraction), split.n_classes) and f"{split.n_labeled:,} labels" in text
        assert len(split.y_labeled.unique()) == split.n_classes
    for fraction, seed in ((FRACTIONS[0], 0), (0.05, 3), (1.0, 1)): sound(plot_labeled_fraction(dataset, fraction, seed, steps=FEW_STEPS))


@pytest.mark.parametrize("recipe", OF_POINTS)
def test_every_recipe_can_be_compared(recipe):
    figure = plot_labeled_fraction(recipes=("supervised", recipe), steps=FEW_STEPS)
    sound(figure)
    assert f"{recipe}, {FEW_STEPS} steps" in texts(figure)


def test_a_fraction_below_one_label_a_class_is_raised_and_said():
    split, text = few_labels(load_dataset("pinwheel"), 0.001)
    assert split.n_labeled == 5 and text == "0.1 % of 1,000 labels: 5 labels (not 1: each of the 5 classes needs one)."
    assert few_labels(load_dataset("pinwheel"), 0.005)[1] == "0.5 % of 1,000 labels: 5 labels."
    assert few_labels(load_dataset("two-moons"), 1e-9)[0].n_labeled == 2


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, math.nan])
def test_a_fraction_outside_is_refused(fraction):
    with refused("fraction=", "(0, 1]", kind=DataError): plot_labeled_fraction(fraction=fraction)


def test_the_labeled_fraction_refuses_unknown_names():
    with refused("'two-moon'", "'two-moons'", kind=UnknownNameError): plot_labeled_fraction("two-moon")
    with refused("'mnist'", kind=UnknownNameError): plot_labeled_fraction("mnist")
    with refused("'imporved'", "'improved'", kind=UnknownNameError): plot_labeled_fraction(recipes=["imporved"])
    with refused("'imporved'", kind=UnknownNameError): points_recipe("imporved")
    with refused("at least one recipe"): plot_labeled_fraction(recipes=[])
    with refused("steps=0"): plot_labeled_fraction(steps=0)


def test_the_sentence_holds_the_accuracies_that_evaluation_finds(quick):
    shell = labeled_fraction()
    split, text = few_labels(load_dataset("pinwheel"), 0.005)
    rights = []
    for name in ("supervised", "improved"):
        model = SSGAN.for_split(split, points_recipe(name), seed=0, device="cpu")
        for _ in train(model, split, FEW_STEPS): pass
        rights.append(f"{name} {1 - evaluate(model, split)['test_error']:.1%}")
    assert shown(shell)[0] == f"{text} Test points right: {', '.join(rights)}."


def test_the_slider_retrains_in_frames(quick, monkeypatch):
    shell = labeled_fraction()
    frames = []
    shell.label.observe(lambda change: frames.append(change["new"]), names="value")
    fractions = FRACTIONS[::9]
    for fraction in fractions:
        shell.controls["fraction"].value = fraction
        text, _ = shown(shell)
        assert text.startswith(f"{100 * fraction:g} % of 1,000 labels: {max(round(1000 * fraction), 5):,} labels")
    assert len(frames) > 2 * len(fractions), "pictures come while it trains"
    for name in ("data", "recipe"):
        for value in shell.controls[name].options:
            shell.controls[name].value = value
            shown(shell)
    assert shell.controls["recipe"].value in shell.label.value
    shell.controls["seed"].value = 9
    shown(shell)


def test_a_thousand_labels_are_drawn_small_enough_to_see_the_points():
    def size(fraction):
        figure = plot_labeled_fraction("two-moons", fraction, steps=1, recipes=["supervised"])
        return max(line.get_markersize() for line in figure.axes[0].lines if line.get_label().startswith("labeled"))
    assert size(0.005) == 10 and size(1.0) < 5


def test_more_labels_do_not_change_what_unlabeled_points_there_are():
    for fraction in FRACTIONS: assert few_labels(load_dataset("rings"), fraction)[0].n_unlabeled == 1000


def test_unlabeled_points_help_on_draws_that_chose_nothing():
    "The settings of the points were chosen on seeds from 10 on; here are others."
    gains = []
    for seed in range(3):
        split, _ = few_labels(load_dataset("pinwheel"), 0.005, seed)
        right = {}
        for name in ("supervised", "improved"):
            model = SSGAN.for_split(split, points_recipe(name), seed=seed, device="cpu")
            for _ in train(model, split, STEPS): pass
            right[name] = 1 - evaluate(model, split)["test_error"]
        gains.append(right["improved"] - right["supervised"])
    assert sum(gains) / len(gains) > 0.02, gains


# --- results --------------------------------------------------------------------------------------------------------


def row(dataset="digits", labels=100, recipe="improved", steps=1000, errors=(0.1, 0.2)) -> dict:
    return {"dataset": dataset, "labels": labels, "recipe": recipe, "steps": steps, "seeds": list(range(len(errors))), "figures": {"test_error": list(errors)}}


ROWS = [row(labels=n, recipe=r) for r in ("improved", "supervised") for n in (500, 10, 100)] + [row("mnist", 100, "best", 6000, [0.05]), row("mnist", 100, "supervised", 6000), row("mnist", 20, "best", 6000)]


def test_curves_are_sorted_by_recipe_and_labels():
    curves = error_curves(ROWS, "digits", 1000)
    assert list(curves) == ["supervised", "improved"] and [list(points) for points in curves.values()] == [[10, 100, 500]] * 2
    assert error_curves(ROWS, "mnist", 6000) == {"supervised": {100: [0.1, 0.2]}, "best": {20: [0.1, 0.2], 100: [0.05]}}
    assert error_curves(ROWS, "mnist", 1) == {}
    for change in ({"unlabeled": 20}, {"labeled_batch": 5}, {"weights": [["unsupervised", 10.0]]}): assert error_curves([row() | change], "digits", 1000) == {}, "another experiment"


def test_the_curve_shows_mean_spread_and_draws():
    figure = plot_labeled_fraction_results({"improved": {10: [0.1, 0.2], 100: [0.05]}, "mine": {10: [0.3]}}, labels=10, title="here")
    sound(figure)
    ax = figure.axes[0]
    means, _, bars = ax.containers[0]
    assert means.get_ydata().tolist() == pytest.approx([15.0, 5.0])
    assert bars[0].get_segments()[0][:, 1].tolist() == pytest.approx([15 - 7.0711, 15 + 7.0711], abs=1e-3)
    assert {"here", "improved", "mine", "number of labels", "test error (%)"} <= set(texts(figure).split("\n"))


@pytest.mark.parametrize("numbers", [(10, 20, 50, 100, 200, 500, 1290), (100,)], ids=str)
@pytest.mark.parametrize("names", [("supervised", "improved"), ("supervised", "improved", "LabelSpreading")], ids=len)
def test_equal_errors_do_not_cover_each_other(names, numbers):
    figure = plot_labeled_fraction_results({name: {n: [0.1] for n in numbers} for name in names})
    figure.canvas.draw()
    ax, size = figure.axes[0], 6 / 72 * figure.dpi
    places = [ax.transData.transform(bars[0].get_xydata())[:, 0] for bars in ax.containers]
    for left, right in zip(places, places[1:]): assert (right - left > size).all(), "a marker's width apart"
    assert (places[-1][:-1] < places[0][1:]).all(), "and nearer to their own number than to the next"


@pytest.mark.parametrize("curves", [{}, {"improved": {}}, {"improved": {10: []}}])
def test_no_result_is_said(curves):
    with refused("no result", "ssgan-edu experiment"): plot_labeled_fraction_results(curves)


def test_the_results_widget_over_all_its_settings():
    shell = labeled_fraction_results(ROWS)
    assert shown(shell)[0] == "digits, 1,000 updates, 10 labels: supervised 15.00 ± 7.07 % wrong; improved 15.00 ± 7.07 % wrong."
    for _, run in shell.controls["run"].options:
        shell.controls["run"].value = run
        for n in shell.controls["labels"].options:
            shell.controls["labels"].value = n
            text, _ = shown(shell)
            assert f" {n:,} labels: " in text and text.startswith(run[0])
    shell.controls["run"].value = ("mnist", 6000)
    shell.controls["labels"].value = 20
    shell.controls["recipes"].value = ["supervised"]
    assert shown(shell)[0] == "mnist, 6,000 updates, 20 labels: nothing measured."
    shell.controls["recipes"].value = []
    assert "no result to draw" in shell.picture.value
    with refused("no results"): labeled_fraction_results([])


def test_the_results_that_travel_with_the_library_can_be_shown():
    shell = labeled_fraction_results()
    for claimed in read_claim(CLAIMS["C5"])["rows"]: assert (claimed["dataset"], claimed["steps"]) in [run for _, run in shell.controls["run"].options]
    for _, run in shell.controls["run"].options:
        shell.controls["run"].value = run
        shown(shell)
