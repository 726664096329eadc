"""Networks: shapes of all families, weights fixed by a seed, noise from a generator or not at all, a start that looks at the data."""
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ssgan_edu.data import SSGANError, UnknownNameError, load_dataset, seeded
from ssgan_edu.networks import FAMILIES, Dropout, GaussianNoise, LongSequenceDiscriminator, SequenceDiscriminator, build_networks, default_family, initialize_from_data
from ssgan_edu.training import SSGAN, train

some = settings(deadline=None, derandomize=True, max_examples=20)

PAIRS = {
    "mlp, small images": ("mlp", (1, 8, 8), "image"), "mlp, large images": ("mlp", (1, 28, 28), "image"), "mlp, odd images": ("mlp", (2, 5, 7), "image"),
    "mlp, points": ("mlp", (2,), "points"), "mlp, sequences": ("mlp", (6, 5), "sequence"),
    "conv, smallest": ("conv", (1, 8, 8), "image"), "conv, grey": ("conv", (1, 28, 28), "image"), "conv, color": ("conv", (3, 32, 32), "image"),
    "conv, oblong": ("conv", (3, 8, 20), "image"), "sequence": ("sequence", (16, 30), "sequence"), "sequence, short": ("sequence", (1, 2), "sequence"),
    "gumbel": ("gumbel", (16, 30), "sequence"), "sequence, long": ("sequence", (32, 7), "sequence"), "gumbel, long": ("gumbel", (64, 39), "sequence"),
    "sequence, long, no multiple of 4": ("sequence", (34, 7), "sequence"),
}
every_pair = pytest.mark.parametrize("family, shape, kind", PAIRS.values(), ids=PAIRS)
one_of_each = pytest.mark.parametrize("family, shape, kind", [PAIRS[p] for p in ("mlp, small images", "mlp, points", "conv, smallest", "sequence", "gumbel")],
                                      ids=["mlp", "points", "conv", "sequence", "gumbel"])


def samples(n: int, shape, kind: str, seed: int = 0) -> torch.Tensor:
    rng = seeded(seed, "test")
    if kind == "sequence": return torch.eye(shape[1])[torch.randint(shape[1], (n, shape[0]), generator=rng)]
    return torch.randn(n, *shape, generator=rng) if kind == "points" else torch.rand(n, *shape, generator=rng)


def weight_normalized(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if hasattr(module, "parametrizations")]


# --- shapes ---------------------------------------------------------------------------------------------------------


@every_pair
@pytest.mark.parametrize("n_outputs", [1, 11])
def test_shapes(family, shape, kind, n_outputs):
    discriminator, generator = build_networks(family, shape, kind, n_outputs)
    rng = seeded(0)
    for n in (2, 5):
        logits, features = discriminator(samples(n, shape, kind), rng)
        assert logits.shape == (n, n_outputs) and features.ndim == 2 and len(features) == n
        x = generator(generator.draw(n, rng))
        assert x.shape == (n, *shape) and x.dtype == torch.float32
        assert discriminator(x)[0].shape == (n, n_outputs), "the discriminator takes what the generator makes"


@every_pair
def test_generated_samples_are_of_the_kind_of_the_data(family, shape, kind):
    _, generator = build_networks(family, shape, kind, 3)
    x = generator(generator.draw(50, seeded(0)))
    if kind == "image": assert 0 <= x.min() and x.max() <= 1
    if kind == "sequence": torch.testing.assert_close(x.sum(-1), torch.ones(50, shape[0]), atol=1e-5, rtol=0)
    if kind == "points": assert x.min() < 0


def test_sizes_of_the_networks_for_mnist_are_those_of_the_paper():
    discriminator, generator = build_networks("mlp", (1, 28, 28), "image", 10)
    assert [tuple(layer.weight.shape) for layer in weight_normalized(discriminator)] == [
        (1000, 784), (500, 1000), (250, 500), (250, 250), (250, 250), (10, 250)]
    assert [noise.std for noise in discriminator.noises] == [0.3] + [0.5] * 5
    assert [tuple(m.weight.shape) for m in generator.modules() if isinstance(m, nn.Linear)] == [(500, 100), (500, 500), (784, 500)]


@pytest.mark.parametrize("kind, shape, family", [("image", (1, 28, 28), "mlp"), ("image", (3, 32, 32), "conv"), ("points", (2,), "mlp"), ("sequence", (16, 30), "sequence")])
def test_default_family_suits_the_data(kind, shape, family):
    assert default_family(kind, shape) == family
    build_networks(default_family(kind, shape), shape, kind, 2)


@pytest.mark.parametrize("length, group", [(12, 1), (28, 1), (32, 4), (64, 4), (63, 1)])
def test_long_sequences_are_read_and_written_four_places_at_a_time(length, group):
    discriminator, generator = build_networks("sequence", (length, 7), "sequence", 3)
    assert isinstance(discriminator, LongSequenceDiscriminator if group == 4 else SequenceDiscriminator)
    assert generator.body[0].out_features == 64 * length // group


def test_a_long_sequence_is_known_by_how_often_and_by_where_in_the_group():
    "Both means and maxima: twice the same beat counts more; a symbol one place later is another beat."
    discriminator, _ = build_networks("sequence", (64, 5), "sequence", 3)
    codes = torch.zeros(3, 64, dtype=torch.long)
    codes[0, 24:28], codes[1, 20:24], codes[1, 40:44], codes[2, 25:29] = 2, 2, 2, 2
    once, twice, later = discriminator(torch.eye(5)[codes])[1]
    assert once.shape == (256,) and torch.allclose(once[:128], twice[:128], atol=1e-6), "the maxima say somewhere"
    assert not torch.allclose(once[128:], twice[128:], atol=1e-3) and not torch.allclose(once, later, atol=1e-3)


def test_noise_of_the_generator_is_uniform_on_0_1():
    _, generator = build_networks("mlp", (2,), "points", 2)
    z = generator.draw(1000, seeded(0))
    assert z.shape == (1000, 100) and 0 <= z.min() and z.max() < 1
    assert z.mean().item() == pytest.approx(0.5, abs=5 / math.sqrt(12 * 1e5)), "five standard errors"
    assert z.var().item() == pytest.approx(1 / 12, abs=5 / math.sqrt(180 * 1e5))
    assert torch.equal(z, generator.draw(1000, seeded(0))) and not torch.equal(z, generator.draw(1000, seeded(1)))


@pytest.mark.parametrize("family, shape, kind, words", [
    ("conv", (1, 30, 28), "image", ["multiples of 4", "(1, 30, 28)", "networks='mlp'"]), ("conv", (2, 8, 8), "image", ["1 or 3 channels", "(2, 8, 8)"]),
    ("conv", (1, 4, 4), "image", ["from 8 on", "(1, 4, 4)"]), ("conv", (2,), "points", ["points", "networks='mlp'"]), ("conv", (8, 8), "image", ["(8, 8)"]),
    ("conv", (1, 8), "image", ["(1, 8)"]), ("sequence", (1, 8, 8), "image", ["(L, V)", "image", "networks='mlp'"]), ("sequence", (5,), "sequence", ["(L, V)", "(5,)"]),
], ids=str)
def test_a_shape_that_the_networks_cannot_take_is_refused(family, shape, kind, words):
    with pytest.raises(SSGANError) as caught: build_networks(family, shape, kind, 2)
    message = str(caught.value)
    assert "\n" not in message and [word for word in words if word not in message] == [], message


def test_unknown_family_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="family of networks 'convs'. Did you mean 'conv'.*mlp, conv, sequence"): build_networks("convs", (1, 8, 8), "image", 2)
    with pytest.raises(UnknownNameError, match="kind of data 'point'. Did you mean 'points'"): build_networks("mlp", (2,), "point", 2)
    assert list(FAMILIES) == ["mlp", "conv", "sequence", "gumbel"]


# --- seeds and noise ------------------------------------------------------------------------------------------------


@one_of_each
def test_the_seed_fixes_the_weights(family, shape, kind):
    def weights(seed): return torch.cat([p.flatten() for net in build_networks(family, shape, kind, 4, seed) for p in net.parameters()])
    first = weights(7)
    torch.manual_seed(123)
    assert torch.equal(first, weights(7)) and not torch.equal(first, weights(8))


@one_of_each
def test_the_global_random_state_is_left_alone(family, shape, kind):
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    discriminator, generator = build_networks(family, shape, kind, 4, seed=1)
    initialize_from_data(discriminator, samples(20, shape, kind), seeded(0))
    discriminator(generator(generator.draw(3, seeded(0))), seeded(0))
    assert torch.equal(torch.rand(4), expected)


@one_of_each
def test_without_noise_a_discriminator_is_a_function(family, shape, kind):
    discriminator, _ = build_networks(family, shape, kind, 4)
    x = samples(6, shape, kind)
    for mode in (True, False):
        discriminator.train(mode)
        for once, again in zip(discriminator(x), discriminator(x, None)): assert torch.equal(once, again)
    together, alone = discriminator(x)[0], torch.cat([discriminator(part)[0] for part in x.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5), "no sample depends on the others of its batch"


@one_of_each
def test_noise_comes_from_the_generator_alone(family, shape, kind):
    discriminator, _ = build_networks(family, shape, kind, 4)
    initialize_from_data(discriminator, samples(50, shape, kind))
    x = samples(6, shape, kind)
    clean, first, again, other = (discriminator(x, noise)[0] for noise in (None, seeded(1), seeded(1), seeded(2)))
    assert torch.equal(first, again) and not torch.equal(first, other) and not torch.equal(first, clean)
    rng = seeded(1)
    assert torch.equal(discriminator(x, rng)[0], first) and not torch.equal(discriminator(x, rng)[0], first), "the generator moves on"


def test_head_noise_does_not_enter_the_features():
    "Features are matched, so they must be those before the last noise."
    discriminator, _ = build_networks("mlp", (2,), "points", 3)
    for noise in discriminator.noises[:-1]: noise.std = 0.0
    x = samples(5, (2,), "points")
    (clean_logits, clean), (logits, noisy) = discriminator(x), discriminator(x, seeded(0))
    assert torch.equal(clean, noisy) and not torch.equal(clean_logits, logits)


@given(st.floats(0.1, 2))
@some
def test_gaussian_noise_has_its_deviation(std):
    noise = GaussianNoise(std)(torch.full((200, 200), 3.0), seeded(0)) - 3
    assert noise.mean().item() == pytest.approx(0, abs=5 * std / 200), "five standard errors of 40,000 draws"
    assert noise.std().item() == pytest.approx(std, rel=5 / math.sqrt(2 * 40_000))


def test_noise_is_new_at_every_call_and_fixed_by_its_seed():
    x, noise = torch.zeros(100, 50), GaussianNoise(1.0)
    rng = seeded(0)
    first, second = noise(x, rng), noise(x, rng)
    assert torch.equal(first, noise(x, seeded(0))) and not torch.equal(first, noise(x, seeded(1)))
    assert abs(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) < 5 / math.sqrt(5000), "five standard errors"


def test_noise_of_other_types_and_sizes_is_as_normal():
    "Only float32 of ordinary size is cut from the table; the rest is drawn."
    for x in (torch.zeros(200, 200, dtype=torch.float64), torch.zeros(1100, 1000)):
        noise = GaussianNoise(2.0)(x, seeded(0))
        assert noise.dtype == x.dtype and noise.std().item() == pytest.approx(2, rel=5 / math.sqrt(2 * x.numel()))
        assert (noise / 2).pow(4).mean().item() == pytest.approx(3, rel=0.1), "the fourth moment of a normal distribution"


@given(st.floats(0.05, 0.9))
@some
def test_dropout_keeps_the_mean(p):
    x = Dropout(p)(torch.ones(200, 200), seeded(0))
    assert sorted(x.unique().tolist()) == pytest.approx([0, 1 / (1 - p)], rel=1e-6)
    assert (x == 0).float().mean().item() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p)) / 200)
    assert torch.equal(Dropout(p)(x), x), "without a generator nothing is dropped"


# --- weight normalization and the start from data -------------------------------------------------------------------


def outputs_of_layers(network, x, noise) -> list[torch.Tensor]:
    found = []
    hooks = [layer.register_forward_hook(lambda _, __, output: found.append(output.detach())) for layer in weight_normalized(network)]
    network(x, noise)
    for hook in hooks: hook.remove()
    return [output.transpose(0, 1).flatten(1) for output in found]


@one_of_each
@pytest.mark.parametrize("noisy", [True, False])
def test_data_dependent_start_standardizes_every_layer(family, shape, kind, noisy):
    "Every output of every layer has mean 0 and deviation 1 on that batch: to rounding, 1e-3 after six layers of sums of up to 1,000 terms."
    discriminator, _ = build_networks(family, shape, kind, 4)
    x = samples(100, shape, kind)
    before = outputs_of_layers(discriminator, x, seeded(3) if noisy else None)
    assert max((output.mean(1).abs().max()).item() for output in before) > 0.01
    initialize_from_data(discriminator, x, seeded(3) if noisy else None)
    after = outputs_of_layers(discriminator, x, seeded(3) if noisy else None)
    assert len(after) == len(weight_normalized(discriminator)) == len(before) >= 4
    for output in after:
        alive = output.std(1, correction=0) > 1e-3
        assert alive.float().mean() > 0.9 and output.mean(1).abs().max() < 1e-3
        assert (output.std(1, correction=0)[alive] - 1).abs().max() < 1e-3


@one_of_each
def test_data_dependent_start_leaves_ordinary_layers_behind(family, shape, kind):
    discriminator, _ = build_networks(family, shape, kind, 4)
    directions = [layer.parametrizations.weight.original1.clone() for layer in weight_normalized(discriminator)]
    initialize_from_data(discriminator, samples(100, shape, kind))
    x = samples(3, shape, kind, seed=1)
    assert torch.equal(discriminator(x)[0], discriminator(x)[0]) and not any(m._forward_hooks for m in discriminator.modules())
    assert abs(discriminator(x)[0].mean().item()) > 1e-3, "another batch is not standardized any more"
    for layer, direction in zip(weight_normalized(discriminator), directions):
        assert torch.equal(layer.parametrizations.weight.original1, direction), "scales and biases are set, directions stay random"
    assert all(p.grad is None for p in discriminator.parameters())


@pytest.mark.parametrize("shape, kind", [((1, 8, 8), "image"), ((2,), "points")])
def test_frozen_scales_stay_frozen_in_training_and_the_rest_moves(shape, kind):
    split = load_dataset("digits" if kind == "image" else "two-moons").label(per_class=2)
    model = SSGAN.for_split(split, networks="mlp")
    *hidden, head = weight_normalized(model.discriminator)
    norms = [m for m in model.generator.modules() if isinstance(m, nn.BatchNorm1d)]

    def scales(layers): return [layer.parametrizations.weight.original0.detach().clone() for layer in layers]
    before, head_before = scales(hidden), scales([head])[0]
    directions = [layer.parametrizations.weight.original1.detach().clone() for layer in hidden]
    biases = [layer.bias.detach().clone() for layer in hidden]
    for _ in train(model, split, steps=3): pass
    assert all(torch.equal(a, b) for a, b in zip(scales(hidden), before)) and len(before) >= 3
    assert not torch.equal(scales([head])[0], head_before), "the last scale is trained"
    assert not any(torch.equal(layer.parametrizations.weight.original1, d) for layer, d in zip(hidden, directions))
    assert not any(torch.equal(layer.bias, b) for layer, b in zip(hidden, biases))
    assert len(norms) == 2 and all((norm.weight == 1).all() and norm.bias.abs().max() > 0 for norm in norms), "shift only"


def test_the_temperature_of_gumbel_noise_ends_at_a_fifth():
    _, G = build_networks("gumbel", (12, 5), "sequence", 2)
    temperatures = []
    for passes in (0, 1000, 10**6):
        G.passes.fill_(passes)
        temperatures.append(G.temperature().item())
    assert temperatures == pytest.approx([1.0, 0.9997**1000, 0.2], rel=1e-4)
