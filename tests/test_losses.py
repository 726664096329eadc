"""The losses are what lesson 03 derives: every identity in value and gradient, in float32 and float64, and at logits of ±10,000."""
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ssgan_edu import losses
from ssgan_edu.data import SSGANError

some = settings(deadline=None, derandomize=True, max_examples=30)
both_precisions = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])

sizes = st.integers(1, 6)


def matrices(rows=sizes, columns=sizes, bound=20.0):
    "Random matrices whose entries are exact in float32, so both precisions get the same numbers."
    return st.tuples(rows, columns).flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(-bound, bound, width=32)))


def pairs(rows=sizes, columns=sizes, bound=20.0):
    "Two random matrices of the same shape."
    return st.tuples(rows, columns).flatmap(
        lambda shape: st.tuples(*[arrays(np.float64, shape, elements=st.floats(-bound, bound, width=32))] * 2))


seeds = st.integers(0, 2**31)


def some_labels(n: int, k: int, seed: int) -> torch.Tensor:
    return torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))


def value_and_gradients(function, *arguments, dtype=torch.float64):
    inputs = [torch.tensor(np.asarray(a), dtype=dtype, requires_grad=True) for a in arguments]
    value = function(*inputs)
    return [value.detach(), *torch.autograd.grad(value, inputs, allow_unused=True, materialize_grads=True)]


def assert_equal(found, expected, dtype=torch.float32, magnitude=1.0):
    """Equal up to rounding: a sum of at most a few dozen terms, each rounded relative to the largest number that enters.

    An absolute error of `eps * magnitude` in a logit is a relative one in its exponential, hence the factor for gradients too.
    """
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a.double(), b.double(), rtol=0, atol=32 * torch.finfo(dtype).eps * (1 + magnitude))


def assert_same_function(function, reference, *arguments, dtype):
    "`function` in `dtype` against `reference` in float64, in value and in gradient."
    found = value_and_gradients(function, *arguments, dtype=dtype)
    magnitude = max(np.abs(a).max() for a in arguments)
    assert_equal(found, value_and_gradients(reference, *arguments), dtype, magnitude)


def with_zero(logits):
    return torch.cat([logits, torch.zeros_like(logits[:, :1])], 1)


# --- K logits and K+1 classes (method 1) ----------------------------------------------------------------------------


@both_precisions
@given(matrices(), seeds)
@some
def test_k_logits_are_k_plus_1_classes_whose_last_logit_is_zero(dtype, logits, seed):
    labels = some_labels(*logits.shape, seed)
    for function, reference in [
        (lambda l: losses.supervised_loss(l, labels), lambda l: losses.supervised_loss_k_plus_1(with_zero(l), labels)),
        (losses.real_loss, lambda l: losses.real_loss_k_plus_1(with_zero(l))),
        (losses.generated_loss, lambda l: losses.generated_loss_k_plus_1(with_zero(l))),
        (losses.non_saturating_generator_loss, lambda l: losses.non_saturating_generator_loss_k_plus_1(with_zero(l))),
    ]:
        assert_same_function(function, reference, logits, dtype=dtype)


@both_precisions
@given(matrices(columns=st.integers(2, 6)), seeds)
@some
def test_k_plus_1_losses_are_the_softmax_written_out(dtype, logits, seed):
    labels = some_labels(len(logits), logits.shape[1] - 1, seed)
    def p(l): return l.exp() / l.exp().sum(1, keepdim=True)
    def p_real(l): return l[:, :-1].exp().sum(1) / l.exp().sum(1)
    for function, reference in [
        (lambda l: losses.supervised_loss_k_plus_1(l, labels), lambda l: -(p(l)[range(len(labels)), labels] / p_real(l)).log().mean()),
        (losses.real_loss_k_plus_1, lambda l: -0.5 * p_real(l).log().mean()),
        (losses.generated_loss_k_plus_1, lambda l: -0.5 * p(l)[:, -1].log().mean()),
        (losses.non_saturating_generator_loss_k_plus_1, lambda l: -p_real(l).log().mean()),
    ]:
        assert_same_function(function, reference, logits, dtype=dtype)


@both_precisions
@given(matrices(columns=st.integers(2, 6)), st.floats(-50, 50, width=32), seeds)
@some
def test_a_shift_of_all_k_plus_1_logits_changes_nothing(dtype, logits, shift, seed):
    labels = some_labels(len(logits), logits.shape[1] - 1, seed)
    for function in [lambda l: losses.supervised_loss_k_plus_1(l, labels), losses.real_loss_k_plus_1,
                     losses.generated_loss_k_plus_1, losses.non_saturating_generator_loss_k_plus_1]:
        found, shifted = (value_and_gradients(function, x, dtype=dtype) for x in (logits, logits + shift))
        assert_equal(shifted, found, dtype, 70)


@both_precisions
@given(pairs(), st.floats(-50, 50, width=32), seeds)
@some
def test_a_shift_of_k_logits_changes_what_is_real_but_no_class(dtype, pair, shift, seed):
    logits, other = pair
    labels = some_labels(*logits.shape, seed)
    for function in [lambda l: losses.supervised_loss(l, labels), losses.conditional_entropy_loss,
                     lambda l: losses.consistency_loss(l, torch.tensor(other, dtype=dtype)),
                     lambda l: losses.soft_target_loss(l, torch.tensor(other, dtype=dtype) + shift)]:
        found, shifted = (value_and_gradients(function, x, dtype=dtype) for x in (logits, logits + shift))
        assert_equal(shifted, found, dtype, 70)
    s, s_shifted = (losses.log_partition(torch.tensor(x, dtype=dtype)) for x in (logits, logits + shift))
    assert_equal([s_shifted], [s + shift], dtype, 70)


# --- the factorization (method 2) -----------------------------------------------------------------------------------


@both_precisions
@given(matrices(), seeds)
@some
def test_k_plus_1_cross_entropy_is_class_plus_real(dtype, logits, seed):
    "-log p(y, real | x) = -log p(y | x, real) - log D(x); the ½ of `real_loss` is undone by the 2."
    labels = some_labels(*logits.shape, seed)
    assert_same_function(lambda l: losses.supervised_loss(l, labels) + 2 * losses.real_loss(l),
                         lambda l: F.cross_entropy(with_zero(l), labels), logits, dtype=dtype)


@both_precisions
@given(matrices())
@some
def test_k_plus_1_cross_entropy_of_generated_samples(dtype, logits):
    last = torch.full((len(logits),), logits.shape[1])
    assert_same_function(lambda l: 2 * losses.generated_loss(l), lambda l: F.cross_entropy(with_zero(l), last), logits, dtype=dtype)


# --- stable forms (method 3) ----------------------------------------------------------------------------------------


@both_precisions
@given(matrices(bound=12), seeds)
@some
def test_stable_forms_equal_the_naive_ones_where_those_are_exact(dtype, logits, seed):
    labels = some_labels(*logits.shape, seed)
    z = lambda l: l.exp().sum(1)
    for function, naive in [
        (lambda l: losses.log_partition(l).sum(), lambda l: z(l).log().sum()),
        (lambda l: losses.probability_real(l).sum(), lambda l: (z(l) / (z(l) + 1)).sum()),
        (lambda l: losses.supervised_loss(l, labels), lambda l: -(l.exp()[range(len(labels)), labels] / z(l)).log().mean()),
        (losses.real_loss, lambda l: -0.5 * (z(l) / (z(l) + 1)).log().mean()),
        (losses.generated_loss, lambda l: -0.5 * (1 / (z(l) + 1)).log().mean()),
        (losses.minimax_generator_loss, lambda l: (1 / (z(l) + 1)).log().mean()),
        (losses.non_saturating_generator_loss, lambda l: -(z(l) / (z(l) + 1)).log().mean()),
    ]:
        assert_same_function(function, naive, logits, dtype=dtype)


def test_the_naive_form_fails_where_the_stable_one_does_not():
    logits = torch.full((1, 10), 88.0, requires_grad=True)
    z = logits.exp().sum(1)
    naive, = torch.autograd.grad(-(z / (z + 1)).log().mean(), logits)
    stable, = torch.autograd.grad(losses.real_loss(logits), logits)
    assert not torch.isfinite(naive).all() and torch.isfinite(stable).all()


@both_precisions
@given(pairs())
@some
def test_unsupervised_loss_is_the_sum_of_its_parts(dtype, pair):
    found = value_and_gradients(losses.unsupervised_loss, *pair, dtype=dtype)
    real, real_gradient = value_and_gradients(losses.real_loss, pair[0], dtype=dtype)
    generated, generated_gradient = value_and_gradients(losses.generated_loss, pair[1], dtype=dtype)
    assert_equal(found, [real + generated, real_gradient, generated_gradient], dtype, 0)


BINARY, PAIR, LABELS = ["one"], ["one", "other"], ["one", "labels"]
EVERY_LOSS = {
    "supervised_loss": LABELS, "supervised_loss_k_plus_1": LABELS, "real_loss": BINARY, "real_loss_k_plus_1": BINARY,
    "generated_loss": BINARY, "generated_loss_k_plus_1": BINARY, "unsupervised_loss": PAIR, "minimax_generator_loss": BINARY,
    "non_saturating_generator_loss": BINARY, "non_saturating_generator_loss_k_plus_1": BINARY, "feature_matching_loss": PAIR,
    "pull_away_loss": BINARY, "conditional_entropy_loss": BINARY, "class_balance_loss": LABELS, "consistency_loss": PAIR, "soft_target_loss": PAIR, "pseudo_label_loss": PAIR,
    "article_labeled_loss": BINARY, "article_unlabeled_loss": BINARY, "article_generator_loss": PAIR,
}
every_loss = pytest.mark.parametrize("name", EVERY_LOSS)


def test_every_public_loss_is_tested():
    assert set(EVERY_LOSS) == {name for name in losses.__all__ if name.endswith(("loss", "loss_k_plus_1"))}


def call(name: str, one, other, labels):
    "A loss with the arguments that it takes; an article's discriminator has one output."
    given = {"one": one, "other": other, "labels": labels}
    if name.startswith("article"): given = {"one": one[:, 0], "other": other[:, :1]}
    return getattr(losses, name)(*(given[argument] for argument in EVERY_LOSS[name]))


HALF, FULL = [torch.float16, torch.bfloat16], [torch.float32, torch.float64]


@every_loss
@pytest.mark.parametrize("dtype", HALF + FULL, ids=str)
def test_extreme_logits_give_finite_values_and_gradients(name, dtype):
    rng = torch.Generator().manual_seed(0)
    bound, labels = torch.tensor(1e4), torch.arange(8) % 3
    corners = [-bound, bound, torch.tensor(0.0)]
    rows = [torch.stack([corners[i], corners[j], corners[k], corners[(i + j + k) % 3]]) for i in range(3) for j in range(3) for k in range(3)]
    one, other = (torch.stack([rows[i] for i in torch.randperm(27, generator=rng)[:8]]).to(dtype).requires_grad_() for _ in range(2))
    for x in (one, torch.full((8, 4), 1e4, dtype=dtype), torch.full((8, 4), -1e4, dtype=dtype)):
        x = x.detach().requires_grad_()
        value = call(name, x, other, labels)
        assert value.ndim == 0 and torch.isfinite(value)
        assert value.dtype == (torch.float32 if dtype in HALF else dtype)
        gradient, other_gradient = torch.autograd.grad(value, [x, other], allow_unused=True, materialize_grads=True)
        assert torch.isfinite(gradient).all() and torch.isfinite(other_gradient).all()
        assert gradient.dtype == dtype


@pytest.mark.parametrize("dtype", HALF + FULL, ids=str)
@pytest.mark.parametrize("logit, real, generated", [(1e4, 0.0, 0.5e4), (-1e4, 0.5e4, 0.0)])
def test_extreme_logits_give_the_right_limits(dtype, logit, real, generated):
    "With one class s is the logit itself, so the limits are exact: half of 10,000 on the wrong side, 0 on the right one."
    logits = torch.full((3, 1), logit, dtype=dtype)
    rounded = abs(logits[0, 0].item()) / 1e4  # 10,000 is no bfloat16
    assert losses.real_loss(logits).item() == real * rounded and losses.generated_loss(logits).item() == generated * rounded
    assert losses.probability_real(logits).tolist() == [float(logit > 0)] * 3


@pytest.mark.parametrize("dtype", HALF + FULL, ids=str)
def test_half_precision_is_computed_in_float32(dtype):
    "Sums of 600 float16 numbers of 200 overflow; means of them don't have to."
    ones = torch.full((600, 2), 200.0, dtype=dtype)
    assert losses.feature_matching_loss(ones, -ones).item() == pytest.approx(400.0**2, rel=1e-6)
    assert losses.log_partition(ones).dtype == (torch.float32 if dtype in HALF else dtype)


# --- gradients (method 4) -------------------------------------------------------------------------------------------


@both_precisions
@given(matrices(bound=100), seeds)
@example(np.full((2, 3), 1e4), 0)
@example(np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]]), 1)
@some
def test_gradients_are_the_derived_ones(dtype, logits, seed):
    l, n = torch.tensor(logits), len(logits)
    labels = some_labels(*logits.shape, seed)
    p, d = l.softmax(1), torch.sigmoid(l.logsumexp(1, keepdim=True))
    one_minus_d = torch.sigmoid(-l.logsumexp(1, keepdim=True))
    for function, derived in [
        (lambda x: losses.supervised_loss(x, labels), p - F.one_hot(labels, l.shape[1])),
        (losses.real_loss, -0.5 * one_minus_d * p),
        (losses.generated_loss, 0.5 * d * p),
        (losses.non_saturating_generator_loss, -one_minus_d * p),
        (losses.minimax_generator_loss, -d * p),
    ]:
        _, gradient = value_and_gradients(function, logits, dtype=dtype)
        assert_equal([gradient], [derived / n], dtype, min(np.abs(logits).max(), 100))


@given(matrices(), seeds)
@some
def test_supervised_gradient_cannot_see_the_partition(logits, seed):
    labels = some_labels(*logits.shape, seed)
    _, gradient = value_and_gradients(lambda l: losses.supervised_loss(l, labels), logits)
    assert_equal([gradient.sum(1)], [torch.zeros(len(logits), dtype=torch.float64)], torch.float64)


# --- optimum and equilibrium (method 5) -----------------------------------------------------------------------------

counts = st.tuples(st.integers(1, 4), st.integers(2, 4)).flatmap(
    lambda shape: st.tuples(arrays(np.int64, shape, elements=st.integers(1, 4)), arrays(np.int64, shape[0], elements=st.integers(1, 6))))


@given(counts)
@some
def test_at_the_optimum_the_exponentials_are_ratios_of_densities(table):
    "Samples that take few values, `real[x, k]` times and `generated[x]` times: exp ℓ_k = p(k, x) / p_G(x) has gradient 0."
    real, generated = (torch.from_numpy(t) for t in table)
    best = (real.double() / real.sum() / (generated / generated.sum().double())[:, None]).log().requires_grad_()
    x, k = real.nonzero().repeat_interleave(real.flatten(), 0).T
    x_generated = torch.arange(len(generated)).repeat_interleave(generated)

    def loss(logits):
        return losses.supervised_loss(logits[x], k) + losses.unsupervised_loss(logits[x], logits[x_generated])
    gradient, = torch.autograd.grad(loss(best), best)
    assert_equal([gradient], [torch.zeros_like(gradient)], torch.float64, len(x))
    rng = torch.Generator().manual_seed(0)
    elsewhere = best.detach() + torch.randn(best.shape, generator=rng, dtype=torch.float64)
    assert loss(elsewhere) > loss(best)


@both_precisions
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 6))
@some
def test_where_d_cannot_tell_the_unsupervised_loss_is_ln_2(dtype, k, n, m):
    undecided = torch.full((max(n, m), k), -math.log(k), dtype=dtype)
    assert_equal([losses.unsupervised_loss(undecided[:n], undecided[:m])], [torch.tensor(math.log(2), dtype=torch.float64)], dtype, math.log(k))
    assert_equal([losses.probability_real(undecided)], [torch.full((max(n, m),), 0.5)], dtype, math.log(k))


@given(matrices())
@some
def test_same_samples_on_both_sides_never_beat_ln_2(logits):
    "½ softplus(-s) + ½ softplus(s) is smallest at s = 0: no discriminator does better against a perfect generator."
    l = torch.tensor(logits)
    assert losses.unsupervised_loss(l, l) >= math.log(2) - 1e-15


def test_a_winning_discriminator_has_no_loss_and_the_generator_a_large_one():
    real, generated = torch.full((4, 3), 20.0), torch.full((4, 3), -20.0)
    assert losses.unsupervised_loss(real, generated) < 1e-8
    assert losses.non_saturating_generator_loss(generated) > 15


# --- feature matching (method 6) ------------------------------------------------------------------------------------


@both_precisions
@given(st.integers(1, 5).flatmap(lambda f: st.tuples(matrices(columns=st.just(f)), matrices(columns=st.just(f)))))
@some
def test_feature_matching_is_the_squared_difference_of_batch_means(dtype, pair):
    real, generated = pair
    difference = torch.from_numpy(real.mean(0) - generated.mean(0))
    f = len(difference)
    found = value_and_gradients(losses.feature_matching_loss, real, generated, dtype=dtype)
    expected = [(difference**2).mean(), (2 * difference / (f * len(real))).expand(real.shape), (-2 * difference / (f * len(generated))).expand(generated.shape)]
    assert_equal(found, expected, dtype, 40**2)


def test_feature_matching_uses_batch_means_and_not_pairs():
    "The same features in another order are matched perfectly; sample against sample they are far apart."
    features = torch.tensor([[0.0, 1.0], [10.0, -1.0], [-4.0, 6.0]])
    assert losses.feature_matching_loss(features, features.roll(1, 0)) < 1e-12
    assert losses.feature_matching_loss(features, torch.full((2, 2), 2.0)) < 1e-12
    assert (features - features.roll(1, 0)).square().mean() > 40


# --- pull-away and conditional entropy (method 8) -------------------------------------------------------------------


def double_loop(features):
    n, total = len(features), 0
    for i in range(n):
        for j in range(n):
            if i != j: total = total + (features[i] @ features[j] / features[i].norm() / features[j].norm()) ** 2
    return total / (n * (n - 1))


# Rows shorter than 1 are kept away: there the gradient, 1 / length, is as large as one likes.
directions = matrices(rows=st.integers(2, 6)).map(lambda m: np.concatenate([m, np.ones((len(m), 1))], 1))


@both_precisions
@given(directions)
@some
def test_pull_away_is_the_double_loop_over_pairs(dtype, features):
    assert_same_function(losses.pull_away_loss, double_loop, features, dtype=dtype)


@given(directions, st.floats(0.01, 100))
@some
def test_pull_away_sees_directions_only_and_lies_in_0_1(features, scale):
    features = torch.from_numpy(features)
    loss = losses.pull_away_loss(features)
    assert 0 <= loss <= 1 + 1e-12
    scales = torch.linspace(scale, 2 * scale, len(features), dtype=torch.float64)[:, None]
    assert_equal([losses.pull_away_loss(features * scales)], [loss], torch.float64)


def test_pull_away_at_its_ends():
    assert losses.pull_away_loss(torch.eye(4)) == 0
    assert losses.pull_away_loss(torch.tensor([[3.0, 4.0]] * 3)).item() == pytest.approx(1)
    assert losses.pull_away_loss(torch.tensor([[3.0, 4.0], [-6.0, -8.0]])).item() == pytest.approx(1)
    zero = torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    loss = losses.pull_away_loss(zero)
    assert loss.item() == pytest.approx(1 / 3) and torch.isfinite(torch.autograd.grad(loss, zero)[0]).all()


@both_precisions
@given(matrices())
@some
def test_conditional_entropy_is_the_entropy_within_its_bounds(dtype, logits):
    def entropy(l): return -(l.softmax(1) * l.log_softmax(1)).sum(1).mean()
    assert_same_function(losses.conditional_entropy_loss, entropy, logits, dtype=dtype)
    found = losses.conditional_entropy_loss(torch.tensor(logits, dtype=dtype))
    assert 0 <= found <= math.log(logits.shape[1]) + 16 * torch.finfo(dtype).eps


def test_conditional_entropy_at_its_bounds():
    assert losses.conditional_entropy_loss(torch.zeros(5, 7)).item() == pytest.approx(math.log(7))
    assert losses.conditional_entropy_loss(1e4 * torch.eye(7)).item() == 0


@both_precisions
@given(matrices(), seeds)
@some
def test_class_balance_is_the_divergence_of_the_mean_prediction_from_the_labels(dtype, logits, seed):
    labels = some_labels(7, logits.shape[1], seed)
    shares = F.one_hot(labels, logits.shape[1]).double().mean(0)
    def divergence(l): return F.kl_div(l.softmax(1).mean(0).log(), shares, reduction="sum")
    assert_same_function(lambda l: losses.class_balance_loss(l, labels), divergence, logits, dtype=dtype)
    assert losses.class_balance_loss(torch.tensor(logits), labels) > -1e-12


def test_class_balance_raises_the_logits_of_a_class_that_is_too_rare():
    logits = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    _, gradient = value_and_gradients(lambda l: losses.class_balance_loss(l, torch.arange(3)), logits)
    assert gradient.sum(0)[0] > 0.01 and gradient.sum(0)[2] < -0.01  # class 0 has more than its third, class 2 less
    assert losses.class_balance_loss(50 * torch.eye(3), torch.arange(3)).item() == pytest.approx(0, abs=1e-6)


# --- consistency and soft targets (method 9) ------------------------------------------------------------------------


@both_precisions
@given(pairs())
@some
def test_consistency_is_the_squared_difference_of_the_predictions(dtype, pair):
    def brier(l, m): return ((l.softmax(1) - m.softmax(1)) ** 2).sum() / len(l)
    assert_same_function(losses.consistency_loss, brier, *pair, dtype=dtype)
    one, other = (torch.tensor(p) for p in pair)
    assert losses.consistency_loss(one, one) == 0
    assert losses.consistency_loss(one, other) == losses.consistency_loss(other, one)
    assert 0 <= losses.consistency_loss(one, other) <= 2


@both_precisions
@given(pairs())
@some
def test_soft_targets_pull_predictions_towards_the_teacher_and_leave_the_teacher(dtype, pair):
    student, teacher = (torch.tensor(p) for p in pair)
    q = teacher.softmax(1)
    value, gradient, teacher_gradient = value_and_gradients(losses.soft_target_loss, *pair, dtype=dtype)
    expected = [-(q * student.log_softmax(1)).sum(1).mean(), (student.softmax(1) - q) / len(q), torch.zeros_like(q)]
    assert_equal([value, gradient, teacher_gradient], expected, dtype, 40)


@given(pairs())
@some
def test_soft_targets_cost_at_least_the_entropy_of_the_teacher(pair):
    student, teacher = (torch.tensor(p) for p in pair)
    entropy = losses.conditional_entropy_loss(teacher)
    assert_equal([losses.soft_target_loss(teacher, teacher)], [entropy], torch.float64, 20)
    assert losses.soft_target_loss(student, teacher) >= entropy - 1e-13


def test_a_teacher_without_doubt_is_a_label():
    logits, labels = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3, 3, 0])
    sure = 1e4 * F.one_hot(labels, 4).float()
    torch.testing.assert_close(losses.soft_target_loss(logits, sure), losses.supervised_loss(logits, labels))


@given(pairs(), st.floats(0.2, 0.99))
@some
def test_pseudo_labels_are_the_classes_of_the_sure_targets_and_nothing_else(pair, threshold):
    student, target = (torch.tensor(p) for p in pair)
    p = target.softmax(1)
    sure = p.amax(1) >= threshold
    expected = (-student.log_softmax(1).gather(1, p.argmax(1, keepdim=True))[:, 0] * sure).sum() / len(p)
    one_hot = F.one_hot(p.argmax(1), p.shape[1])
    slope = (student.softmax(1) - one_hot) * sure[:, None] / len(p)
    found = value_and_gradients(lambda a, b: losses.pseudo_label_loss(a, b, threshold), *pair, dtype=torch.float64)
    assert_equal(found, [expected, slope, torch.zeros_like(p)], torch.float64, 40)


def test_an_unsure_target_is_no_pseudo_label():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert losses.pseudo_label_loss(logits, torch.zeros(6, 4)) == 0 < losses.pseudo_label_loss(logits, torch.zeros(6, 4), threshold=0.25)


# --- one logit: the article's losses and the plain GAN --------------------------------------------------------------

vectors = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-20, 20, width=32)))


@both_precisions
@given(vectors, vectors)
@some
def test_article_losses_are_the_sigmoid_cross_entropies_it_prints(dtype, one, other):
    def ce(x, target): return F.binary_cross_entropy_with_logits(x, torch.full_like(x, target))
    assert_same_function(losses.article_labeled_loss, lambda x: ce(x, 1.0), one, dtype=dtype)
    assert_same_function(losses.article_unlabeled_loss, lambda x: ce(x, 0.0), one, dtype=dtype)
    assert_same_function(losses.article_generator_loss, lambda g, u: ce(g, 1.0) + ce(u, 0.0), one, other, dtype=dtype)
    _, gradient, _ = value_and_gradients(losses.article_generator_loss, one, other)
    _, without_second_term = value_and_gradients(losses.article_labeled_loss, one)
    assert torch.equal(gradient, without_second_term), "the article's second term gives the generator nothing"


@both_precisions
@given(vectors, vectors)
@some
def test_with_one_logit_the_losses_are_those_of_a_plain_gan(dtype, real, generated):
    def ce(x, target): return F.binary_cross_entropy_with_logits(x, torch.full_like(x, target))
    assert_same_function(lambda r, g: losses.unsupervised_loss(r[:, None], g[:, None]),
                         lambda r, g: (ce(r, 1.0) + ce(g, 0.0)) / 2, real, generated, dtype=dtype)
    assert_same_function(lambda g: losses.non_saturating_generator_loss(g[:, None]), lambda g: ce(g, 1.0), generated, dtype=dtype)
    assert_same_function(lambda g: losses.minimax_generator_loss(g[:, None]), lambda g: -ce(g, 0.0), generated, dtype=dtype)


# --- order doesn't matter -------------------------------------------------------------------------------------------


@every_loss
@given(pairs(rows=st.integers(2, 6), columns=st.integers(2, 5)), seeds)
@settings(some, max_examples=10)
def test_the_order_of_the_samples_does_not_matter(name, pair, seed):
    one, other = (torch.tensor(p) for p in pair)
    labels = some_labels(len(one), one.shape[1] - 1, seed)
    order = torch.randperm(len(one), generator=torch.Generator().manual_seed(seed))
    assert_equal([call(name, one[order], other[order], labels[order])], [call(name, one, other, labels)], torch.float64, 40**2)


@every_loss
@given(pairs(rows=st.integers(2, 6), columns=st.integers(3, 5)), seeds)
@settings(some, max_examples=10)
def test_the_order_of_the_classes_does_not_matter(name, pair, seed):
    "Classes, or features, may be renamed; the last of K+1, and the only logit of an article's discriminator, stay in place."
    one, other = (torch.tensor(p) for p in pair)
    n_free = one.shape[1] - (1 if "k_plus_1" in name else 0)
    if name.startswith("article"): one, other, n_free = one[:, :1], other[:, :1], 1
    labels = some_labels(len(one), n_free, seed)
    order = torch.cat([torch.randperm(n_free, generator=torch.Generator().manual_seed(seed)), torch.arange(n_free, one.shape[1])])
    renamed = order.argsort()[labels]
    assert_equal([call(name, one[:, order], other[:, order], renamed)], [call(name, one, other, labels)], torch.float64, 40**2)


# --- what is refused ------------------------------------------------------------------------------------------------

ok, labels3 = torch.zeros(3, 4), torch.tensor([0, 1, 2])
REFUSED = {
    "one dimension": (lambda: losses.real_loss(torch.zeros(3)), ["logits", "(N, K)", "(3,)"]),
    "integers": (lambda: losses.generated_loss(torch.zeros(3, 4, dtype=torch.int64)), ["floating-point", "int64"]),
    "no tensor": (lambda: losses.log_partition([[1.0]]), ["list"]),
    "no sample": (lambda: losses.real_loss(torch.zeros(0, 4)), ["(0, 4)"]),
    "no class": (lambda: losses.conditional_entropy_loss(torch.zeros(4, 0)), ["(4, 0)"]),
    "float labels": (lambda: losses.supervised_loss(ok, labels3.float()), ["labels", "int64", "float32"]),
    "column of labels": (lambda: losses.supervised_loss(ok, labels3[:, None]), ["(3,)", "(3, 1)"]),
    "fewer labels": (lambda: losses.supervised_loss(ok, labels3[:2]), ["(3,)", "(2,)"]),
    "label too large": (lambda: losses.supervised_loss(ok, labels3 + 2), ["0 … 3", "from 2 to 4"]),
    "no label": (lambda: losses.supervised_loss(ok, labels3 - 1), ["-1", "labels >= 0"]),
    "label of the class generated": (lambda: losses.supervised_loss_k_plus_1(ok, labels3 + 1), ["0 … 2", "from 1 to 3"]),
    "K+1 with one column": (lambda: losses.real_loss_k_plus_1(torch.zeros(3, 1)), ["(N, K+1)", "(3, 1)"]),
    "balance without labels": (lambda: losses.class_balance_loss(ok, labels3[:0]), ["labels", "(0,)"]),
    "balance with one label": (lambda: losses.class_balance_loss(ok, labels3[0]), ["labels", "()"]),
    "features of two widths": (lambda: losses.feature_matching_loss(ok, torch.zeros(3, 5)), ["(3, 4)", "(3, 5)", "columns"]),
    "pull-away of one sample": (lambda: losses.pull_away_loss(ok[:1]), ["features", "2", "(1, 4)"]),
    "consistency of two sizes": (lambda: losses.consistency_loss(ok, ok[:2]), ["rows", "(2, 4)"]),
    "pseudo-labels of two sizes": (lambda: losses.pseudo_label_loss(ok, ok[:, :2]), ["(3, 2)"]),
    "targets of two sizes": (lambda: losses.soft_target_loss(ok, ok[:, :2]), ["(3, 2)"]),
    "article with classes": (lambda: losses.article_labeled_loss(ok), ["one logit", "(3, 4)"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_input_is_refused_in_one_line(case):
    wrong, words = REFUSED[case]
    with pytest.raises(SSGANError) as caught: wrong()
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    assert [word for word in words if word not in message] == [], message
