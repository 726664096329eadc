"""A recipe is a table: named terms with weights, who minimizes what, when, and with which settings."""
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan_edu import losses
from ssgan_edu.data import SSGANError
from ssgan_edu.recipes import OUTPUTS, RECIPES, TERMS, Output, Ramp, Recipe, Update, needs, updates_at
from support import refused

some = settings(deadline=None, derandomize=True, max_examples=50)
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
shares = st.floats(0, 1)

# What each recipe is, written down a second time: a change of the table has to be meant.
TABLE = {
    "supervised": ("classes", {"supervised": 1.0}, {}),
    "gan": ("real or not", {"unsupervised": 1.0}, {"non_saturating": 1.0}),
    "article": ("real or not", {"article_labeled": 1.0, "article_unlabeled": 1.0}, {"article_generator": 1.0}),
    "sgan": ("classes + generated", {"supervised_k_plus_1": 1.0, "unsupervised_k_plus_1": 1.0}, {"non_saturating_k_plus_1": 1.0}),
    "improved": ("classes", {"supervised": 1.0, "unsupervised": 1.0}, {"feature_matching": 1.0}),
    "badgan": ("classes", {"supervised": 1.0, "unsupervised": 1.0, "conditional_entropy": 0.1}, {"feature_matching": 1.0, "pull_away": 0.8}),
    "pseudo-label": ("classes", {"supervised": 1.0, "pseudo_label": Ramp(1.0, start=0.25)}, {}),
    "consistency": ("classes", {"supervised": 1.0, "consistency": 0.5}, {}),
    "mean-teacher": ("classes", {"supervised": 1.0, "teacher": Ramp(1.0, start=0.25)}, {}),
    "fixmatch": ("classes", {"supervised": 1.0, "fixmatch": 1.0}, {}),
}
DECIDED = {"consistency": 0.5, "conditional_entropy": 0.1, "class_balance": 1.0}


def terms_of(recipe: Recipe, player: str) -> dict:
    return {term: weight for update in recipe.updates if update.player == player for term, weight in update.terms.items()}


def test_the_names_of_the_recipes():
    assert list(RECIPES) == ["supervised", "gan", "article", "sgan", "improved", "badgan", "pseudo-label", "consistency", "mean-teacher", "fixmatch", "best", "best-without-gan", "best-augmented"]
    assert all(recipe.name == name and recipe.source for name, recipe in RECIPES.items())


@pytest.mark.parametrize("name", TABLE)
def test_the_recipes_are_the_published_ones(name):
    recipe = RECIPES[name]
    assert (recipe.outputs, terms_of(recipe, "discriminator"), terms_of(recipe, "generator")) == TABLE[name]


def test_best_and_its_twin_differ_in_the_gan_alone():
    "So their difference is what the GAN brings, and nothing else."
    best, twin, badgan = (RECIPES[name] for name in ("best", "best-without-gan", "badgan"))
    assert terms_of(best, "discriminator") == terms_of(badgan, "discriminator") | DECIDED
    assert terms_of(best, "generator") == terms_of(badgan, "generator")
    assert terms_of(twin, "discriminator") == {"supervised": 1.0} | DECIDED and terms_of(twin, "generator") == {}
    same = {"name": "", "source": "", "updates": best.updates}
    assert replace(best, **same) == replace(badgan, **same) == replace(twin, **same)


def test_only_two_recipes_augment():
    assert [name for name, recipe in RECIPES.items() if recipe.augment] == ["fixmatch", "best-augmented"]
    assert replace(RECIPES["best-augmented"], name="best", source=RECIPES["best"].source, augment=False) == RECIPES["best"]


def test_settings_of_the_optimizers():
    improved, article = RECIPES["improved"], RECIPES["article"]
    assert (improved.learning_rate, improved.betas, improved.eps, improved.batch_size) == (3e-3, (0.5, 0.999), 1e-4, 100)
    assert (article.learning_rate, article.generator_learning_rate, article.decay_from) == (2e-4, 2e-4, 1.0)


@every_recipe
def test_what_a_recipe_is_for(recipe):
    assert recipe.classifies == (recipe.name not in ("gan", "article"))
    assert recipe.generates == (recipe.name not in ("supervised", "pseudo-label", "consistency", "mean-teacher", "fixmatch", "best-without-gan"))
    assert OUTPUTS[recipe.outputs](10) == {"gan": 1, "article": 1, "sgan": 11}.get(recipe.name, 10)


@pytest.mark.parametrize("name", ["gan", "article"])
def test_recipes_without_classes_never_ask_for_labels(name):
    asked = {need for update in RECIPES[name].updates for term in update.terms for need in needs(term)}
    assert "labels" not in asked


def test_the_article_never_shows_its_discriminator_a_generated_sample():
    shown = {need for update in RECIPES["article"].updates if update.player == "discriminator" for term in update.terms for need in needs(term)}
    assert shown == {"labeled", "unlabeled"}


def test_only_terms_of_the_generator_can_reach_it():
    for recipe in RECIPES.values():
        for update in recipe.updates:
            if update.player == "generator": assert all("generated" in needs(term) for term in update.terms), recipe.name


# --- terms ----------------------------------------------------------------------------------------------------------


def outputs(columns: int) -> dict:
    rng = torch.Generator().manual_seed(columns)
    names = ("labeled", "unlabeled", "unlabeled_again", "strong", "generated", "teacher")
    return {name: Output(torch.randn(6, columns, generator=rng), torch.randn(6, 7, generator=rng)) for name in names} | {
        "labels": torch.tensor([0, 1, 2, 0, 1, 2])}


MEANT = {
    "supervised": (4, lambda o: losses.supervised_loss(o["labeled"].logits, o["labels"])),
    "unsupervised": (4, lambda o: losses.unsupervised_loss(o["unlabeled"].logits, o["generated"].logits)),
    "supervised_k_plus_1": (4, lambda o: losses.supervised_loss_k_plus_1(o["labeled"].logits, o["labels"])),
    "unsupervised_k_plus_1": (4, lambda o: losses.real_loss_k_plus_1(o["unlabeled"].logits) + losses.generated_loss_k_plus_1(o["generated"].logits)),
    "conditional_entropy": (4, lambda o: losses.conditional_entropy_loss(o["unlabeled"].logits)),
    "class_balance": (4, lambda o: losses.class_balance_loss(o["unlabeled"].logits, o["labels"])),
    "consistency": (4, lambda o: losses.consistency_loss(o["unlabeled"].logits, o["unlabeled_again"].logits)),
    "teacher": (4, lambda o: losses.soft_target_loss(o["unlabeled"].logits, o["teacher"].logits)),
    "pseudo_label": (4, lambda o: losses.pseudo_label_loss(o["unlabeled"].logits, o["unlabeled"].logits)),
    "fixmatch": (4, lambda o: losses.pseudo_label_loss(o["strong"].logits, o["unlabeled"].logits)),
    "feature_matching": (4, lambda o: losses.feature_matching_loss(o["unlabeled"].features, o["generated"].features)),
    "pull_away": (4, lambda o: losses.pull_away_loss(o["generated"].features)),
    "non_saturating": (4, lambda o: losses.non_saturating_generator_loss(o["generated"].logits)),
    "non_saturating_k_plus_1": (4, lambda o: losses.non_saturating_generator_loss_k_plus_1(o["generated"].logits)),
    "article_labeled": (1, lambda o: losses.article_labeled_loss(o["labeled"].logits)),
    "article_unlabeled": (1, lambda o: losses.article_unlabeled_loss(o["unlabeled"].logits)),
    "article_generator": (1, lambda o: losses.article_generator_loss(o["generated"].logits, o["unlabeled"].logits)),
}


def test_every_term_is_tested():
    assert set(TERMS) == set(MEANT)
    assert {term for recipe in RECIPES.values() for update in recipe.updates for term in update.terms} <= set(TERMS)


@pytest.mark.parametrize("term", MEANT)
def test_a_term_is_the_loss_of_the_right_batches(term):
    columns, meant = MEANT[term]
    given = outputs(columns)
    assert set(needs(term)) <= set(given)
    assert TERMS[term](**{name: given[name] for name in needs(term)}) == meant(given)


# --- weights over the run -------------------------------------------------------------------------------------------


@given(st.floats(0.01, 10), shares, st.floats(0.01, 1), shares)
@some
def test_a_ramp_rises_linearly_between_two_shares_of_the_run(weight, start, length, progress):
    found = Ramp(weight, start, length).at(progress)
    if progress <= start: assert found == 0
    elif progress >= start + length: assert found == pytest.approx(weight, rel=1e-12)
    else: assert found == pytest.approx(weight * (progress - start) / length, rel=1e-9)


def test_a_ramp_of_no_length_is_a_step():
    assert [Ramp(2.0, start=0.5, length=0.0).at(p) for p in (0, 0.5, 0.51, 1)] == [0, 0, 2, 2]


def test_a_ramp_at_its_corners():
    ramp = Ramp(2.0, start=0.25, length=0.5)
    assert [ramp.at(p) for p in (0, 0.25, 0.5, 0.75, 1)] == [0, 0, 1, 2, 2]


def test_terms_without_weight_are_not_computed():
    update = Update("discriminator", {"supervised": 1.0, "unsupervised": 0.0, "teacher": Ramp(1.0, start=0.5, length=0.5)})
    assert update.weights(0.0) == update.weights(0.5) == {"supervised": 1.0}
    assert update.weights(0.75) == {"supervised": 1.0, "teacher": 0.5}


@given(st.floats(0, 0.95), shares)
@some
def test_the_learning_rate_falls_linearly_to_zero(decay_from, progress):
    recipe = replace(RECIPES["improved"], decay_from=decay_from)
    factor = recipe.learning_rate_factor(progress)
    assert factor == (1 if progress <= decay_from else pytest.approx((1 - progress) / (1 - decay_from)))
    assert recipe.learning_rate_factor(1.0) == 0


def test_the_learning_rate_can_be_kept():
    assert {replace(RECIPES["improved"], decay_from=1.0).learning_rate_factor(p / 10) for p in range(11)} == {1.0}
    assert RECIPES["improved"].learning_rate_factor(0.5) == 1 and RECIPES["improved"].learning_rate_factor(5 / 6) == pytest.approx(0.5)


# --- the order of the updates ---------------------------------------------------------------------------------------


@every_recipe
@given(st.integers(0, 10_000))
@settings(some, max_examples=10)
def test_all_other_recipes_make_all_updates_in_each_step(recipe, step):
    updates = updates_at(recipe, step, 100, 60_000)
    assert updates == recipe.updates if recipe.name != "article" else len(updates) == 1


@given(st.integers(1, 900), st.integers(1, 3000), st.integers(0, 20))
@some
def test_the_article_passes_over_labeled_then_unlabeled_then_generator(n_labeled, n_unlabeled, epoch):
    "Three passes an epoch, one after another, each as long as there are batches (at least one)."
    labeled, unlabeled = max(1, n_labeled // 100), max(1, n_unlabeled // 100)
    length = 2 * labeled + unlabeled
    steps = range(epoch * length, (epoch + 1) * length)
    found = [term for step in steps for update in updates_at(RECIPES["article"], step, n_labeled, n_unlabeled) for term in update.terms]
    assert found == ["article_labeled"] * labeled + ["article_unlabeled"] * unlabeled + ["article_generator"] * labeled


# --- a recipe of one's own ------------------------------------------------------------------------------------------


@every_recipe
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize("changed, words", [
    (dict(outputs="logits"), ["'logits'", "classes + generated"]),
    (dict(updates=(Update("teacher", {"supervised": 1.0}),)), ["'teacher'", "discriminator, generator"]),
    (dict(updates=(Update("generator", {"feature_machting": 1.0}),)), ["'feature_machting'", "feature_matching", "'improved'"]),
    (dict(updates=()), ["updates=()", "at least one"]),
    (dict(updates=Update("discriminator", {"supervised": 1.0})), ["needs a comma"]),
    (dict(labeled_batch_size=0), ["labeled_batch_size=0", "at least 1"]),
    (dict(labeled_batch_size=-3), ["labeled_batch_size=-3"]),
    (dict(outputs="classes + generated"), ["'supervised'", "_k_plus_1"]),
    (dict(updates=RECIPES["sgan"].updates), ["'supervised_k_plus_1'", "outputs='classes'"]),
], ids=["outputs", "player", "term", "no move", "no tuple", "no labels in a batch", "less than none", "terms of K", "terms of K + 1"])
def test_a_recipe_that_cannot_be_played_is_refused(changed, words):
    with pytest.raises(SSGANError) as caught: replace(RECIPES["improved"], **changed)
    message = str(caught.value)
    assert "\n" not in message and [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("weight", ["1", None, float("nan"), float("inf"), [1.0]])
def test_a_weight_is_a_finite_number(weight):
    with refused("'supervised'", repr(weight), "finite"): Update("discriminator", {"supervised": weight})
    with refused("weight", repr(weight), "finite"): Ramp(weight)


def test_numbers_of_numpy_are_taken_as_numbers():
    recipe = replace(RECIPES["improved"], updates=(Update("discriminator", {"supervised": np.float32(0.5), "teacher": Ramp(np.float64(1.0), start=np.float32(0.25))}),))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize("terms", [{}, ["supervised"], None])
def test_a_move_has_terms(terms):
    with refused("terms=", "dict"): Update("discriminator", terms)


@pytest.mark.parametrize("start, length", [(-0.1, 0.1), (1.0, 0.1), (0.2, -0.2), (20, 5)])
def test_a_ramp_lies_within_the_run(start, length):
    with refused("start", "length", "shares"): Ramp(1.0, start, length)


# --- other weights --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_weights_are_multiplied_and_all_else_stays(name):
    recipe = RECIPES[name]
    term = next(iter(recipe.updates[0].terms))
    changed = recipe.weighted(**{term: 3.0})
    for before, after in zip(recipe.updates, changed.updates, strict=True):
        assert after.player == before.player
        for progress in (0.0, 0.3, 1.0):
            factors = {key: weight / before.weights(progress)[key] for key, weight in after.weights(progress).items()}
            assert factors == pytest.approx({key: 3.0 if key == term else 1.0 for key in before.weights(progress)})
    assert changed.weighted(**{term: 1 / 3}).updates[0].weights(1.0) == pytest.approx(recipe.updates[0].weights(1.0)) and recipe.weighted() == recipe


def test_a_term_that_a_recipe_lacks_has_no_weight():
    with refused("'pull_away'", "feature_matching"): RECIPES["improved"].weighted(pull_away=2.0)


def test_what_cannot_be_played_is_refused_when_it_is_written():
    with refused("'nobody'", "'supervised'", "generator"): Recipe("nobody", (Update("generator", {"supervised": 1.0}),), "a test")
    for decay in (1.0, -0.1):
        with refused(f"ema={decay}"): replace(RECIPES["improved"], ema=decay)
