"""A choice with a gradient

answer: gumbel_softmax
lesson: 12_text
difficulty: 2
minutes: 15
"""
# %% [markdown]
# A generator of text must choose a symbol, and a choice has no gradient. The way around: if $u$ is uniform on (0, 1), then $g = -\ln(-\ln u)$ is a Gumbel variable, and the symbol with the largest $\ell_k + g_k$ (one $g$ for each symbol) is a draw from the softmax of the logits $\ell$. So choosing is
# taking a maximum, and a maximum can be softened:
#
# $$y = \mathrm{softmax}\big((\ell + g) / \tau\big) .$$
#
# At a low temperature τ this is nearly one-hot; at any temperature above 0 its gradient reaches the logits.
#
# Write `gumbel_softmax(logits, uniform, temperature)` for logits and uniform noise of shape `(N, V)`; all numbers of `uniform` lie strictly between 0 and 1. Return y, of the same shape. Take no noise from elsewhere.

# %% given
import torch
import torch.nn.functional as F

# %% blank
def gumbel_softmax(logits, uniform, temperature):
    raise NotImplementedError

# %% reference
def gumbel_softmax(logits, uniform, temperature):
    gumbel = -torch.log(-torch.log(uniform))
    return ((logits + gumbel) / temperature).softmax(dim=1)

# %% also right
def gumbel_softmax(logits, uniform, temperature):
    "With 1 − u for u, which is uniform as well."
    exponential = -torch.log1p(-uniform)
    return F.softmax((F.log_softmax(logits, 1) - exponential.log()) / temperature, dim=1)

# %% also right
from torch.distributions import Gumbel, TransformedDistribution

def gumbel_softmax(logits, uniform, temperature):
    scores = (logits + Gumbel(torch.zeros_like(logits), torch.ones_like(logits)).icdf(uniform)) / temperature
    return torch.exp(scores - scores.logsumexp(dim=1, keepdim=True))

# %% check
import torch
from ssgan_edu.exercises import expect


def inside(*shape, rng):
    "Uniform noise without 0 and 1."
    return torch.rand(*shape, generator=rng).clamp(1e-6, 1 - 1e-6)


def check(answer, reference):
    "Holds what defines the answer, and not its values: with 1 − u for u they are others, and as good."
    rng = torch.Generator().manual_seed(0)
    logits, uniform = 2 * torch.randn(3, 5, generator=rng), inside(3, 5, rng=rng)
    on = {"logits": logits, "uniform": uniform, "temperature": 1.0}
    y = answer(logits.clone(), uniform.clone(), 1.0)
    expect(isinstance(y, torch.Tensor) and y.shape == logits.shape, True, on, "whether the result is a tensor of the shape of the logits")
    expect(y.sum(1), torch.ones(3), on, "the sum of each row")
    expect(bool(((y > 0) & (y < 1)).all()), True, on, "whether every symbol has a share between 0 and 1 at temperature 1")

    for row in ([1.0, 0.0, -1.0, 2.0], [3.0, 3.0, 0.0, -2.0]):
        many, u = torch.tensor(row).repeat(50_000, 1), inside(50_000, 4, rng=rng)
        for temperature in (1.0, 0.4):
            on = {"each row of logits": row, "rows": len(many), "temperature": temperature}
            chosen = answer(many.clone(), u.clone(), temperature).argmax(1)
            expect(bool(((torch.bincount(chosen, minlength=4) / len(many) - many[0].softmax(0)).abs() < 0.01).all()), True,
                   on | {"frequencies of the largest": torch.bincount(chosen, minlength=4) / len(many), "softmax of the logits": many[0].softmax(0)},
                   "whether each symbol is the largest as often as the softmax of the logits says")

    on = {"logits": logits, "uniform": uniform, "temperatures": (1.0, 0.5)}
    ratios = [answer(logits.clone(), uniform.clone(), temperature).log().diff(dim=1) for temperature in (1.0, 0.5)]
    expect(ratios[1], 2 * ratios[0], on, "the logarithms of y between neighbors at half the temperature, which are twice as far apart", tolerance=1e-3)
    on = {"logits": logits, "uniform": uniform, "temperature": 0.01}
    expect(bool((answer(logits.clone(), uniform.clone(), 0.01).amax(1) > 0.99).all()), True, on, "whether each row is nearly one-hot at a low temperature")

    for temperature in (1.0, 0.5):
        on = {"logits": logits, "uniform": uniform, "temperature": temperature}
        free = logits.clone().requires_grad_()
        y = answer(free, uniform.clone(), temperature)
        expect(y.requires_grad, True, on, "whether a gradient reaches the logits")
        [gradient] = torch.autograd.grad(y[:, 0].sum(), free)
        y = y.detach()
        expect(gradient, y[:, :1] * (torch.eye(5)[0] - y) / temperature, on, "the gradient of y's first symbol", tolerance=1e-3)

# %% hint
# Three steps: noise from the uniform numbers, the noisy scores, and a softmax over the symbols of each row. No step needs a loop.
# %% hint
# The logarithm of a number between 0 and 1 is negative, so each of the two logarithms needs a minus sign in front. The noise is added to the logits, not to probabilities.
# %% hint
# The temperature divides the whole sum, logits and noise: then it changes how soft y is, but not which symbol is the largest. The dimension of the symbols is 1.

# %% wrong: outer minus forgotten
# The outer minus sign of −ln(−ln u) is missing. The noise then has its long tail to the wrong side, and the largest sum is no draw from the softmax.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits + torch.log(-torch.log(uniform))) / temperature).softmax(1)

# %% wrong: uniform noise
# The uniform numbers were added as they are. They spread too little: likely symbols are chosen too often. Turn them into Gumbel noise first.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits + uniform) / temperature).softmax(1)

# %% wrong: one logarithm
# This is −ln u, exponential noise: a logarithm is missing. Only with Gumbel noise is the largest sum distributed as the softmax of the logits.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits - torch.log(uniform)) / temperature).softmax(1)

# %% wrong: noise added to probabilities
# The noise was added to the probabilities. It belongs to the logits; probabilities differ by less than 1, so the noise drowns them and the choice is nearly even.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits.softmax(1) - torch.log(-torch.log(uniform))) / temperature).softmax(1)

# %% wrong: temperature of the logits only
# Only the logits were divided by the temperature. Then it changes which symbol is drawn, as in sampling from a language model; here it must divide the sum of logits and noise.
def gumbel_softmax(logits, uniform, temperature):
    return (logits / temperature - torch.log(-torch.log(uniform))).softmax(1)

# %% wrong: multiplied by the temperature
# The scores were multiplied by the temperature. A low temperature must make y harder, so divide by it.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits - torch.log(-torch.log(uniform))) * temperature).softmax(1)

# %% wrong: softmax over the batch
# The softmax runs down the batch, so samples compete with each other. The symbols of each row must add up to 1: dimension 1.
def gumbel_softmax(logits, uniform, temperature):
    return ((logits - torch.log(-torch.log(uniform))) / temperature).softmax(0)

# %% wrong: hard choice
# This is the draw itself, one-hot. The right symbol, but a maximum passes no gradient: soften it with a softmax at the temperature.
def gumbel_softmax(logits, uniform, temperature):
    return F.one_hot((logits - torch.log(-torch.log(uniform))).argmax(1), logits.shape[1]).float()

# %% wrong: cut from the graph
# The values are right, but no gradient reaches the logits: somewhere the scores were detached, or computed without gradients. The gradient is what all this is for.
def gumbel_softmax(logits, uniform, temperature):
    with torch.no_grad(): return ((logits - torch.log(-torch.log(uniform))) / temperature).softmax(1)
