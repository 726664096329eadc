"""The training game: one step for all recipes, each player moves only itself, a seed fixes every bit, and what isn't finite stops it."""
import functools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from ssgan_edu import networks, training
from ssgan_edu.data import Dataset, SSGANError, TrainingError, UnknownNameError, load_dataset, seeded
from ssgan_edu.losses import probability_real
from ssgan_edu.networks import build_networks
from ssgan_edu.recipes import OUTPUTS, RECIPES, TERMS, Ramp, Recipe, Update, needs
from ssgan_edu.training import SSGAN, budget, from_bytes, pick_device, to_bytes, train, training_step, weights_sha256
import support

refused = functools.partial(support.refused, kind=TrainingError)


@pytest.fixture(scope="module")
def digits(): return load_dataset("digits")


@pytest.fixture(scope="module")
def split(digits): return digits.label(per_class=10)


@pytest.fixture(scope="module")
def moons(): return load_dataset("two-moons").label(per_class=3)


def sequences() -> Dataset:
    "Words of a language with many a's and one with many b's."
    rng = seeded(0, "words")
    y = torch.arange(60) % 2
    symbols = torch.where(torch.rand(60, 8, generator=rng) < 0.8, y[:, None], torch.randint(5, (60, 8), generator=rng))
    x = torch.eye(5)[symbols]
    return Dataset("words", x[:40], y[:40], x[40:], y[40:], ("A", "B"), "sequence")


def trained(split, recipe="improved", steps=5, seed=0, networks=None) -> SSGAN:
    model = SSGAN.for_split(split, recipe, networks, seed)
    for _ in train(model, split, steps): pass
    return model


def parameters(model: SSGAN, player: str | None = None) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for name, net in model.players.items() if player in (None, name) for p in net.parameters()])


# --- every recipe, every kind of data -------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_trains_on_digits(split, recipe):
    model = SSGAN.for_split(split, recipe)
    before = {player: parameters(model, player) for player in model.players}
    records = list(train(model, split, steps=30))
    assert [record["step"] for record in records] == list(range(1, 31)) and model.step == 30
    assert all(math.isfinite(value) for record in records for value in record.values())
    seen = {key for record in records for key in record} - {"step"}
    players = {update.player for update in RECIPES[recipe].updates}
    assert seen == {term for update in RECIPES[recipe].updates for term in update.terms} | {f"gradient of the {player}" for player in players}
    for player in model.players:
        assert torch.equal(parameters(model, player), before[player]) == (player not in players)
        assert torch.isfinite(parameters(model, player)).all()


@pytest.mark.parametrize("networks", ["mlp", "sequence"])
def test_sequences_are_learned(networks):
    split = sequences().label(per_class=5)
    model = trained(split, "improved", steps=60, networks=networks)
    assert (model.predict_logits(split.x_test).argmax(1) == split.y_test).float().mean() > 0.75
    assert model.sample(3).shape == (3, 8, 5)


def test_points_are_learned_by_the_default_networks():
    split = load_dataset("blobs").label(per_class=3)
    model = trained(split, steps=60)
    assert model.networks == "mlp" and (model.predict_logits(split.x_test).argmax(1) == split.y_test).float().mean() > 0.9
    assert model.sample(4).shape == (4, 2)


def test_convolutions_train_on_images(split):
    model = trained(split, steps=3, networks="conv")
    assert model.predict_logits(split.x_test[:7]).shape == (7, 10) and model.sample(3).shape == (3, 1, 8, 8)


def test_a_recipe_of_ones_own_needs_no_change_of_the_step(split):
    recipe = Recipe("mine", (Update("generator", {"pull_away": 0.5, "non_saturating": 1.0}),
                             Update("discriminator", {"supervised": 1.0, "consistency": Ramp(1.0, start=0.5), "conditional_entropy": 0.2, "unsupervised": 1.0})),
                    "this test", batch_size=7, ema=0.9)
    records = list(train(SSGAN.for_split(split, recipe), split, steps=4))
    assert [len(record) for record in records] == [8, 8, 8, 9] and "consistency" not in records[2]
    assert "mine" not in RECIPES


@pytest.mark.parametrize("player, moves", [("discriminator", "generator"), ("generator", "discriminator")])
def test_a_player_whose_terms_have_no_weight_stands_still(split, player, moves):
    terms = {term: 0.0 for update in RECIPES["improved"].updates if update.player == player for term in update.terms}
    model = SSGAN.for_split(split, RECIPES["improved"].weighted(**terms), seed=0)
    before = {name: [p.clone() for p in net.parameters()] for name, net in model.players.items()}
    records = list(train(model, split, 2))
    still = {name: all(map(torch.equal, before[name], net.parameters())) for name, net in model.players.items()}
    assert still == {player: True, moves: False} and terms.keys().isdisjoint(records[0])


@pytest.mark.parametrize("size", [0, 1, -5])
def test_a_batch_has_at_least_two_samples(size):
    with refused(f"batch_size={size}", "at least 2", kind=SSGANError): replace(RECIPES["improved"], batch_size=size)


def test_a_recipe_may_move_a_player_twice(split):
    moves = (Update("generator", {"non_saturating": 1.0}), Update("discriminator", {"unsupervised": 1.0}), Update("generator", {"feature_matching": 1.0}))
    records = list(train(SSGAN.for_split(split, Recipe("mine", moves, "this test")), split, steps=2))
    assert set(records[1]) == {"step", "non_saturating", "unsupervised", "feature_matching", "gradient of the discriminator", "gradient of the generator"}


def test_augmented_recipes_show_views_of_the_real_images_alone(split, monkeypatch):
    shown = []
    monkeypatch.setattr(training, "augment", lambda x, rng, strong=False: shown.append((strong, x)) or x)
    for name, views in (("best", []), ("best-augmented", [False] * 4), ("fixmatch", [False, False, True])):
        model = SSGAN.for_split(split, name)
        training_step(model, split, 1, 2)
        assert [strong for strong, _ in shown] == views, name
        real = torch.cat([split.x_labeled, split.x_unlabeled]).flatten(1)
        for _, x in shown: assert (torch.cdist(x.flatten(1), real).amin(1) < 1e-3).all()
        shown.clear()


@pytest.mark.parametrize("name", ["fixmatch", "best-augmented"])
def test_only_images_are_augmented(moons, name):
    with refused(name, "points", "'improved'", kind=SSGANError): SSGAN.for_split(moons, name)


def test_improved_learns_from_few_labels(split):
    "400 steps with 10 labels per class: far better than chance (10 %), and D has not won."
    model = trained(split, steps=400)
    logits = model.predict_logits(split.x_test)
    assert (logits.argmax(1) == split.y_test).float().mean() > 0.8
    assert 0.05 < probability_real(logits).mean() < 0.999
    x = model.sample(200)
    assert probability_real(model.predict_logits(x)).mean() < probability_real(logits).mean(), "real samples look more real"
    assert x.std(0).mean() > 0.02, "the generator has not collapsed to one picture"
    assert (x.mean(0) - split.x_test.mean(0)).abs().mean() < (0.5 - split.x_test.mean(0)).abs().mean() / 2, "and draws where digits are drawn"


# --- the seed fixes the run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["best", "article"])
def test_the_same_seed_gives_the_same_bits(split, recipe):
    torch.manual_seed(1)
    first = trained(split, recipe, seed=3)
    torch.manual_seed(2)
    second, other = trained(split, recipe, seed=3), trained(split, recipe, seed=4)
    assert weights_sha256(first) == weights_sha256(second) != weights_sha256(other)
    assert torch.equal(parameters(first), parameters(second)) and torch.equal(first.sample(5), second.sample(5))
    assert not torch.equal(first.sample(5), first.sample(5, seed=1))


def test_networks_compiled_in_place_make_the_same_moves(moons, recwarn):
    "Without PyTorch's code generator, which needs a C++ compiler and rounds differently; the graphs are the same."
    shas, graphs = [], []
    for compiled in (False, True):
        model = SSGAN.for_split(moons, "improved", device="cpu")
        if compiled:
            for network in model.players.values(): network.compile(backend=lambda graph, _: graphs.append(graph) or graph.forward)
        list(train(model, moons, 3))
        shas.append(weights_sha256(model))
    torch.compiler.reset()
    assert graphs and shas[0] == shas[1] == weights_sha256(from_bytes(to_bytes(model)))
    assert not [str(warning.message) for warning in recwarn if "Dynamo" in str(warning.message)]


def test_training_leaves_the_global_random_state_alone(split):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(split, steps=2).sample(3)
    assert torch.equal(torch.rand(3), expected)


def test_a_break_changes_nothing(split):
    model = SSGAN.for_split(split, "best")
    for record in train(model, split, steps=8):
        if record["step"] == 3: break
    assert [record["step"] for record in train(model, split, steps=8)] == [4, 5, 6, 7, 8]
    assert weights_sha256(model) == weights_sha256(trained(split, "best", steps=8))
    assert list(train(model, split, steps=8)) == [], "it is finished"


def test_nothing_but_the_training_part_has_an_influence(split):
    "Test and validation parts may be poisoned: training can't know."
    poisoned = replace(split, x_test=torch.full_like(split.x_test, float("nan")), y_test=torch.full_like(split.y_test, 99),
                       x_validation=torch.full((3, 1, 8, 8), float("inf")), y_validation=torch.full((3,), -7))
    assert weights_sha256(trained(poisoned, "best")) == weights_sha256(trained(split, "best"))


def test_labels_have_an_influence_only_where_a_recipe_asks_for_them(split):
    wrong = replace(split, y_labeled=split.y_labeled.roll(1))
    for recipe in ("gan", "article"): assert weights_sha256(trained(wrong, recipe, 3)) == weights_sha256(trained(split, recipe, 3))
    for recipe in ("supervised", "improved"): assert weights_sha256(trained(wrong, recipe, 3)) != weights_sha256(trained(split, recipe, 3))


def test_the_baseline_does_not_look_at_unlabeled_samples_while_it_trains(split):
    "They set the scales once; the steps of `supervised` are those of the labeled samples."
    def after(x_unlabeled):
        model = SSGAN.for_split(split, "supervised")
        for _ in train(model, replace(split, x_unlabeled=x_unlabeled), steps=3): pass
        return weights_sha256(model)
    assert after(split.x_unlabeled) == after(torch.zeros_like(split.x_unlabeled))


# --- who moves ------------------------------------------------------------------------------------------------------


def watch(model: SSGAN) -> list:
    "Notes, for each move of an optimizer, whose weights it changed and which weights have a gradient."
    moves = []
    for player, optimizer in model.optimizers.items():
        def step(player=player, make=optimizer.step):
            before = {name: parameters(model, name) for name in model.players}
            has_gradient = {name for name, net in model.players.items() if any(p.grad is not None for p in net.parameters())}
            make()
            moves.append((player, {name for name in before if not torch.equal(before[name], parameters(model, name))}, has_gradient))
        optimizer.step = step
    return moves


@pytest.mark.parametrize("recipe", ["gan", "sgan", "improved", "badgan", "best"])
def test_each_player_moves_only_itself(split, recipe):
    model = SSGAN.for_split(split, recipe)
    moves = watch(model)
    training_step(model, split, 0, 10)
    assert moves == [("discriminator", {"discriminator"}, {"discriminator"}), ("generator", {"generator"}, {"discriminator", "generator"})]


def test_gradients_of_one_update_do_not_leak_into_the_next(split):
    "D's gradient is that of D's update alone, before and after G's; and the update of D leaves none in G."
    model, found = SSGAN.for_split(split, "improved"), []
    for player, optimizer in model.optimizers.items():
        def step(make=optimizer.step):
            found.append({name: None if all(p.grad is None for p in net.parameters()) else torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])
                          for name, net in model.players.items()})
            make()
        optimizer.step = step
    training_step(model, split, 0, 10)
    of_d, of_g = found
    assert of_d["generator"] is None and torch.equal(of_d["discriminator"], of_g["discriminator"])
    training_step(model, split, 1, 10)
    assert torch.equal(found[2]["generator"], of_g["generator"]), "untouched by D's second update"
    assert not torch.equal(found[3]["generator"], of_g["generator"]) and not torch.equal(found[2]["discriminator"], of_d["discriminator"])


def test_gradient_norms_are_those_of_the_player(split):
    model = SSGAN.for_split(split, "supervised")
    record = training_step(model, split, 0, 10)
    norm = torch.cat([p.grad.flatten() for p in model.discriminator.parameters() if p.grad is not None]).norm().item()
    assert record["gradient of the discriminator"] == pytest.approx(norm, rel=1e-5)


def test_weights_of_the_terms_scale_the_gradient(split):
    def norm(weight):
        recipe = Recipe("mine", (Update("discriminator", {"supervised": weight}),), "this test")
        record = training_step(SSGAN.for_split(split, recipe), split, 0, 10)
        return record["gradient of the discriminator"], record["supervised"]
    (one, value), (three, same_value) = norm(1.0), norm(3.0)
    assert three == pytest.approx(3 * one, rel=1e-5) and value == same_value, "the record has the term without its weight"


def passes(model: SSGAN, split) -> tuple[dict, list]:
    "The record of a step, and for each forward pass of D what goes in and the features that come out, batch by batch, named after where the samples are from."
    found, real = [], {sample.numpy().tobytes(): name for name, part in (("unlabeled", split.x_unlabeled), ("labeled", split.x_labeled)) for sample in part}

    def note(_, inputs, output):
        parts = [(x.detach().clone(), features.detach().clone()) for x, features in zip(inputs[0].split(100), output[1].split(100))]
        names = [{real.get(sample.numpy().tobytes(), "generated") for sample in x} for x, _ in parts]
        found.append({"labeled" if name == {"labeled"} else "generated" if name == {"generated"} else "unlabeled": part for name, part in zip(names, parts)})
    hook = model.discriminator.register_forward_hook(note)
    record = training_step(model, split, 0, 10)
    hook.remove()
    return record, found


def test_one_forward_pass_over_all_batches_that_need_a_gradient(split):
    _, found = passes(SSGAN.for_split(split, "improved"), split)
    assert [set(batches) for batches in found] == [{"labeled", "unlabeled", "generated"}, {"unlabeled"}, {"generated"}]


def test_feature_matching_compares_unlabeled_with_generated_samples_of_the_same_update(split):
    record, found = passes(SSGAN.for_split(split, "improved"), split)
    assert record["feature_matching"] == pytest.approx(((found[1]["unlabeled"][1].mean(0) - found[2]["generated"][1].mean(0)) ** 2).mean().item(), rel=1e-5)
    for name in ("unlabeled", "generated"):
        assert not torch.equal(found[0][name][0], found[1 if name == "unlabeled" else 2][name][0]), "each update draws for itself"


# --- the average of the weights -------------------------------------------------------------------------------------


def test_the_average_is_the_bias_corrected_exponential_one(moons):
    "After t steps: the sum of decay^(t-i) w_i over the sum of decay^(t-i), for weights and for buffers."
    decay, history = 0.8, []
    model = SSGAN.for_split(moons, replace(RECIPES["improved"], ema=decay))
    for _ in train(model, moons, steps=12):
        history.append({f"{name}.{key}": t.clone() for name, net in model.players.items() for key, t in net.state_dict().items()})
        factors = torch.tensor([decay ** (len(history) - 1 - i) for i in range(len(history))], dtype=torch.float64)
        averages = {f"{name}.{key.removeprefix('module.')}": t for name, net in model.averages.items() for key, t in net.state_dict().items()}
        for key, last in history[-1].items():
            stack = torch.stack([weights[key].double() for weights in history])
            expected = torch.tensordot(factors / factors.sum(), stack, 1) if last.is_floating_point() else last.double()
            scale = 1 + stack.abs().max()
            assert (averages[key] - expected).abs().max() < 24 * torch.finfo(torch.float32).eps * scale, key


def test_predictions_are_those_of_the_average_without_noise(split):
    model = trained(split, steps=5)
    x = split.x_test[:6]
    logits, features, made = model.predict_logits(x), model.features(x), model.sample(4)
    for net in model.players.values():
        for p in net.parameters(): p.data.add_(1.0)
    assert torch.equal(model.predict_logits(x), logits) and torch.equal(model.features(x), features) and torch.equal(model.sample(4), made)
    with torch.no_grad(): next(iter(model.averages["discriminator"].parameters())).add_(1.0)
    assert not torch.equal(model.predict_logits(x), logits)


# --- schedules ------------------------------------------------------------------------------------------------------


def test_learning_rates_follow_the_schedule_of_the_recipe(moons):
    recipe = replace(RECIPES["improved"], learning_rate=2e-3, generator_learning_rate=5e-4, decay_from=0.5)
    model, rates = SSGAN.for_split(moons, recipe), []
    for _ in train(model, moons, steps=8): rates.append([model.optimizers[player].param_groups[0]["lr"] for player in ("discriminator", "generator")])
    expected = [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert rates == [pytest.approx([2e-3 * f, 5e-4 * f]) for f in expected]


def test_the_rate_reaches_the_weights(moons):
    "A first Adam step moves every weight by the learning rate at most; ε makes it a bit less."
    recipe = replace(RECIPES["supervised"], learning_rate=1e-3, eps=1e-12)
    model = SSGAN.for_split(moons, recipe)
    before = parameters(model, "discriminator")
    training_step(model, moons, 0, 10)
    assert (parameters(model, "discriminator") - before).abs().max().item() == pytest.approx(1e-3, rel=1e-3)


def test_the_teacher_enters_after_a_quarter_of_the_run(moons):
    records = list(train(SSGAN.for_split(moons, "mean-teacher"), moons, steps=12))
    assert ["teacher" in record for record in records] == [False] * 4 + [True] * 8


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "article"])  # it makes one update a step
def test_every_weight_of_every_player_moves(recipe, split):
    model = SSGAN.for_split(split, recipe)
    players = {update.player for update in model.recipe.updates}
    before = {(player, name): p.detach().clone() for player in players for name, p in model.players[player].named_parameters()}
    training_step(model, split, 50, 100)
    still = [key for key, p in before.items() if torch.equal(p, (now := dict(model.players[key[0]].named_parameters())[key[1]])) and now.requires_grad]
    assert still == []


def test_teacher_and_student_answer_with_their_own_weights(moons):
    "A copy shares PyTorch's cache of parametrizations with its original: within `cached` the one that comes second would get the weights of the first."
    model = SSGAN.for_split(moons, "mean-teacher")
    with torch.no_grad():
        for p in model.averages["discriminator"].parameters(): p.mul_(0.5)
    x = {"unlabeled": moons.x_unlabeled[:5]}
    outputs = training._outputs(model, {"unlabeled", "teacher"}, x, "discriminator", None)
    torch.testing.assert_close(outputs["teacher"].logits, model._averaged_output(x["unlabeled"]).logits)
    torch.testing.assert_close(outputs["unlabeled"].logits, model.discriminator(x["unlabeled"])[0])


def test_the_article_trains_in_three_passes(digits):
    "250 labeled and 1,297 unlabeled samples in batches of 100: 2, 12 and 2 steps, then from the start."
    split = digits.label(n=250)
    records = list(train(SSGAN.for_split(split, "article"), split, steps=18))
    expected = ["article_labeled"] * 2 + ["article_unlabeled"] * 12 + ["article_generator"] * 2 + ["article_labeled"] * 2
    assert [[key for key in record if key.startswith("article")] for record in records] == [[term] for term in expected]


def test_only_players_of_the_step_are_averaged(digits):
    split = digits.label(n=250)
    model = SSGAN.for_split(split, "article")
    for _ in train(model, split, steps=16): pass
    assert {name: int(average.n_averaged) for name, average in model.averages.items()} == {"discriminator": 14, "generator": 2}


# --- what stops it --------------------------------------------------------------------------------------------------


def spoil(monkeypatch, term: str, how) -> None:
    meant = TERMS[term]
    monkeypatch.setitem(TERMS, term, functools.wraps(meant)(lambda **batches: how(meant(**batches))))


@pytest.mark.parametrize("term", ["supervised", "unsupervised", "feature_matching"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
def test_a_loss_that_is_not_finite_stops_and_is_named(split, monkeypatch, term, value):
    "The message promises that the player whose update failed was not changed, nor the averages."
    player = "generator" if term == "feature_matching" else "discriminator"
    model = trained(split, steps=3)
    model.steps = 6
    before, digest = parameters(model, player), weights_sha256(model)
    with monkeypatch.context() as patch:
        spoil(patch, term, lambda loss: loss * 0 + value)
        with refused(f"{term!r} became {value}", "step 4", "'improved'", "lower the learning rate"): list(train(model, split, steps=6))
    assert model.step == 3 and weights_sha256(model) == digest
    assert torch.equal(parameters(model, player), before), "no weight moved"
    assert [record["step"] for record in train(model, split, steps=6)] == [4, 5, 6], "and training can go on"


@pytest.mark.parametrize("term, player", [("supervised", "discriminator"), ("feature_matching", "generator")])
def test_a_gradient_that_is_not_finite_stops_and_is_named(split, monkeypatch, term, player):
    model = SSGAN.for_split(split)
    before = parameters(model, player)
    spoil(monkeypatch, term, lambda loss: loss + (loss - loss.detach()).sqrt())
    with refused(f"'gradient of the {player}' became", "step 1"): next(train(model, split, steps=5))
    assert torch.equal(parameters(model, player), before) and model.step == 0


def test_extreme_samples_stop_before_a_weight_is_spoiled(moons):
    model = SSGAN.for_split(moons)
    far = replace(moons, x_labeled=moons.x_labeled * 1e38 * 10)
    with refused("supervised"): list(train(model, far, steps=3))
    assert torch.isfinite(parameters(model)).all()


@pytest.mark.parametrize("steps", [0, -3])
def test_too_few_steps_are_refused(moons, steps):
    with refused(f"steps={steps}", "at least 1"): next(train(SSGAN.for_split(moons), moons, steps=steps))


def test_data_that_the_model_was_not_made_for_are_refused(split, moons):
    model = SSGAN.for_split(moons)
    others = {"shape": split, "classes": load_dataset("blobs").label(per_class=2), "kind": replace(moons, kind="sequence")}
    for other in others.values():
        with refused("points of shape (2,) in 2 classes", f"{other.kind} of shape", f"in {other.n_classes}", "SSGAN.for_split(split)"): next(train(model, other, steps=3))
    assert model.step == 0 and model.steps is None


def test_a_run_keeps_its_number_of_steps(moons):
    model = SSGAN.for_split(moons)
    next(train(model, moons, steps=10))
    with refused("10 steps", "steps=10"): next(train(model, moons, steps=20))
    assert model.step == 1 and next(train(model, moons, steps=10))["step"] == 2


# --- the model ------------------------------------------------------------------------------------------------------


def test_the_start_looks_at_the_unlabeled_data_only(split):
    other_labels = replace(split, x_labeled=split.x_labeled * 0, y_labeled=split.y_labeled * 0)
    darker = replace(split, x_unlabeled=split.x_unlabeled * 0.1)
    made, same, different = (parameters(SSGAN.for_split(s)) for s in (split, other_labels, darker))
    assert torch.equal(made, same) and not torch.equal(made, different)


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_a_model_of_each_recipe_can_do(split, recipe):
    model = SSGAN.for_split(split, recipe)
    x = split.x_test[:3]
    assert model.features(x).shape == (3, 250)
    if RECIPES[recipe].classifies: assert model.predict_logits(x).shape == (3, 10)
    else:
        with refused(repr(recipe), "no class outputs", "model.features(x)", kind=SSGANError): model.predict_logits(x)
    if RECIPES[recipe].generates: assert model.sample(2).shape == (2, 1, 8, 8)
    else:
        with refused(repr(recipe), "no generator", "'improved'", kind=SSGANError): model.sample(2)


@pytest.mark.parametrize("unlabeled", [1, 2, 3])
def test_a_few_unlabeled_samples_set_sound_scales(digits, unlabeled):
    split = digits.label(per_class=10, unlabeled=unlabeled)
    model = SSGAN.for_split(split, "supervised", device="cpu")
    assert model._averaged_output(split.x_test).logits.abs().max() < 50
    list(train(model, split, 20))
    assert (model.predict_logits(split.x_test).argmax(1) != split.y_test).float().mean() < 0.5


def test_noise_is_float32_whatever_the_default():
    networks._normal_table.cache_clear()
    torch.set_default_dtype(torch.float64)
    try: assert networks._normal_table().dtype == torch.float32
    finally: torch.set_default_dtype(torch.float32)


def test_predictions_need_no_gradient_and_come_in_batches(split):
    model = SSGAN.for_split(split)
    x = split.x_unlabeled[:1100]
    logits = model.predict_logits(x)
    assert not logits.requires_grad and logits.device == x.device
    torch.testing.assert_close(logits, torch.cat([model.predict_logits(part) for part in x.split(300)]), rtol=1e-4, atol=1e-5)


def test_samples_that_are_no_tensor_are_refused(split):
    model = SSGAN.for_split(split, "improved")
    with refused("ndarray", "float32 tensor", kind=SSGANError): model.predict_logits(split.x_test.numpy())


def test_samples_of_another_shape_are_refused(split):
    model = SSGAN.for_split(split)
    with refused("(1, 28, 28)", "(1, 8, 8)", "(N, 1, 8, 8)", kind=SSGANError): model.predict_logits(torch.zeros(2, 1, 28, 28))


def test_a_sample_does_not_depend_on_the_others(split):
    "The averaged generator normalizes with what it learned, not with the batch."
    model = trained(split, steps=2)
    average, z = model.averages["generator"], model.generator.draw(8, seeded(0))
    assert not any(m.training for m in average.modules() if isinstance(m, nn.BatchNorm1d))
    with torch.no_grad(): torch.testing.assert_close(average(z)[:2], average(z[:2]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("given, kind, words", [
    (dict(recipe="improvd"), UnknownNameError, ["recipe 'improvd'", "Did you mean 'improved'?"]),
    (dict(networks="cnv"), UnknownNameError, ["'cnv'", "'conv'"]),
    (dict(networks="sequence"), SSGANError, ["one-hot", "(1, 8, 8)"]),
    (dict(device="tpu9"), TrainingError, ["'tpu9'", "'cpu'"]),
], ids=["recipe", "networks", "shape", "device"])
def test_a_model_that_cannot_be_made_is_refused(split, given, kind, words):
    with refused(*words, kind=kind): SSGAN.for_split(split, **given)


def test_the_device():
    assert pick_device("cpu") == torch.device("cpu") and isinstance(pick_device(), torch.device)
    with refused("device='cuda:99'", "'cpu'"): pick_device("cuda:99")


def test_repr_says_what_it_is(split):
    assert repr(trained(split, steps=2)) == "SSGAN(recipe='improved', networks='mlp', shape=(1, 8, 8), n_classes=10, step=2)"


@pytest.mark.parametrize("said, chosen", [(None, 1000), ("full", 1000), ("small", 20)])
def test_budget_is_what_the_environment_says(monkeypatch, said, chosen):
    monkeypatch.delenv("SSGAN_EDU_BUDGET", raising=False)
    if said: monkeypatch.setenv("SSGAN_EDU_BUDGET", said)
    assert budget(1000, small=20) == chosen


def test_budget_refuses_what_it_does_not_know(monkeypatch):
    monkeypatch.setenv("SSGAN_EDU_BUDGET", "smal")
    with refused("SSGAN_EDU_BUDGET", "'smal'", "'small'", kind=UnknownNameError): budget(1000, small=20)


# --- threads, devices, the very first step --------------------------------------------------------------------------


def test_each_step_has_noise_of_its_own(moons, monkeypatch):
    model, seen = SSGAN.for_split(moons), []
    forward = model.generator.forward
    monkeypatch.setattr(model.generator, "forward", lambda z: seen.append(z.clone()) or forward(z))
    for _ in train(model, moons, 3): pass
    assert len(seen) == 6 and all(not torch.equal(a, b) for a, b in combinations(seen, 2))


def test_models_in_two_threads_are_what_they_are_alone(moons):
    def made(seed): return weights_sha256(trained(moons, "best", 60, seed))
    alone = [*map(made, range(4))]
    with ThreadPoolExecutor(4) as pool: assert [*pool.map(made, range(4))] == alone


@pytest.mark.parametrize("recipe", RECIPES)
def test_batches_and_indices_meet_on_the_device(split, recipe, monkeypatch):
    "With tensors that have a device and a shape, but no memory: it needs no GPU."
    rows = training.batch_indices
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        monkeypatch.setattr(training, "batch_indices", lambda *batch: fake.from_tensor(rows(*batch)))
        monkeypatch.setattr(training, "augment", lambda x, rng, strong=False: x)
        data = replace_all(split, lambda t: torch.empty(t.shape, dtype=t.dtype, device="cuda"))
        with torch.device("cuda"): D, G = build_networks("mlp", split.shape, split.kind, OUTPUTS[RECIPES[recipe].outputs](split.n_classes))
        G.draw = lambda n, rng: torch.empty(n, G.latent_size, device="cuda")
        model = SimpleNamespace(recipe=RECIPES[recipe], seed=0, device=torch.device("cuda"), discriminator=D, generator=G, averages={"discriminator": D})
        for i, update in enumerate(model.recipe.updates):
            wanted = {name for term in update.terms for name in needs(term)}
            outputs = training._outputs(model, wanted, training._draw(model, data, i, update.player, wanted, 0, None), update.player, None)
            for name in wanted: assert {t.device.type for t in (outputs[name] if isinstance(outputs[name], tuple) else [outputs[name]])} == {"cuda"}, name


def replace_all(split, made): return SimpleNamespace(**{name: made(getattr(split, name)) for name in ("x_labeled", "y_labeled", "x_unlabeled")}, n_labeled=split.n_labeled, n_unlabeled=split.n_unlabeled)


def test_before_the_first_step_the_average_is_the_network(moons):
    model = SSGAN.for_split(moons)
    torch.testing.assert_close(model.predict_logits(moons.x_test), model.discriminator(moons.x_test)[0])


def test_terms_that_need_labels_and_no_labeled_samples_get_them(moons):
    recipe = Recipe("classes", (Update("discriminator", {"unsupervised": 1.0, "class_balance": 1.0}),), "a test")
    assert {"unsupervised", "class_balance"} <= next(train(SSGAN.for_split(moons, recipe), moons, 1)).keys()


@pytest.mark.parametrize("x", [np.zeros((3, 2), np.float32), torch.zeros(3, 2, dtype=torch.float64)], ids=["NumPy", "float64"])
def test_samples_of_another_type_are_refused(moons, x):
    with support.refused("float32", "torch.as_tensor"): SSGAN.for_split(moons).predict_logits(x)
