"""Noise in training, none in evaluation

answer: GaussianNoise
lesson: 04_networks
difficulty: 1
minutes: 15
"""
# %% [markdown]
# The discriminator for MNIST adds normal noise before each layer. It must not do so when it is tested. In this library a layer is told by an argument: with a `torch.Generator` it adds noise drawn from it, with `None` it does nothing.
#
# Write the class `GaussianNoise(std)`, an `nn.Module`, with `forward(x, noise=None)`. With a generator `noise` return `x` plus normal noise of standard deviation `std`, a new number for **every entry**, of the dtype of `x`. Without one return `x` as it is.
# `x` itself must not be changed, and the global random state not be used.

# %% blank
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x, noise=None):
        raise NotImplementedError

# %% reference
from ssgan_edu.networks import GaussianNoise

# %% also right
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x, noise=None):
        if noise is None: return x
        return x + torch.empty_like(x, requires_grad=False).normal_(0, self.std, generator=noise)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (shape, std, dtype) in enumerate([((200, 40), 0.3, torch.float32), ((50, 2, 8, 8), 0.5, torch.float64), ((400, 30), 2.0, torch.float16)]):
        x = (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) + 3).to(dtype)
        layer, on, kept = answer(std), {"std": std, "x": x}, x.clone()
        expect(layer(x), kept, on, "the output without a generator", why="noise in evaluation")
        def noisy(s): return layer(x, torch.Generator().manual_seed(s))
        y = noisy(seed)
        expect(torch.equal(x, kept), True, on, "whether x is unchanged", why="changed in place")
        expect(isinstance(y, torch.Tensor) and y.shape == x.shape and y.dtype == dtype, True, on, "whether the output has the shape and dtype of x")
        added = (y.double() - x.double()).flatten(1)
        expect(torch.equal(noisy(seed), y), True, on, "whether the same generator gives the same noise", why="generator unused")
        expect(torch.equal(noisy(seed + 1), y), False, on, "whether another seed gives the same noise")
        expect(float(added.std()), std, on, "the standard deviation of the noise", tolerance=0.08)
        expect(abs(float(added.mean())) < 0.1 * std, True, on, "whether the noise has mean 0", why="uniform noise")
        expect(float(added.std(0).mean()), std, on, "the standard deviation of the noise over the samples", tolerance=0.08, why="one draw for all samples")
        expect(float(added.std(1).mean()), std, on, "the standard deviation of the noise within a sample", tolerance=0.15, why="one number for each sample")
        expect(bool(added.abs().max() > 2.5 * std), True, on, "whether the noise has the tails of a normal distribution")
    ones = torch.ones(1000, 3)
    expect(float((answer(0.5)(3 * ones, torch.Generator().manual_seed(5)) - 3 * ones).std()), 0.5, {"std": 0.5, "x": 3 * ones}, "the noise on larger inputs", tolerance=0.1)
    z = torch.randn(4, 3, requires_grad=True)
    [gradient] = torch.autograd.grad(answer(0.3)(z, torch.Generator().manual_seed(1)).sum(), z)
    expect(gradient, torch.ones(4, 3), {"x": z}, "the gradient of the sum of the outputs")

# %% hint
# The generator is the switch: return early if there is none.
# %% hint
# `torch.randn` takes a shape, `generator=`, `dtype=` and `device=`; multiply it by the standard deviation.
# %% hint
# Add with `+` and not with `+=`: the latter writes into the batch that the caller gave you. The shape of the noise is the whole shape of x.

# %% wrong: noise in evaluation
# Noise was added without a generator. The trained network would be tested on noisy samples, and give another answer each time.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None): return x + self.std * torch.randn(x.shape, generator=noise, dtype=x.dtype)

# %% wrong: one draw for all samples
# All samples of the batch got the same noise. Then it isn't noise but a shift; draw a number for every entry.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None): return x if noise is None else x + self.std * torch.randn(x.shape[1:], generator=noise, dtype=x.dtype)

# %% wrong: one number for each sample
# All entries of a sample got the same number: the picture becomes brighter or darker, no more. Draw a number for every entry.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None):
        return x if noise is None else x + self.std * torch.randn((len(x),) + (1,) * (x.ndim - 1), generator=noise, dtype=x.dtype)

# %% wrong: changed in place
# The caller's batch was changed: `+=` and `add_` write into it, and the next use of the data starts from noisy samples.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None): return x if noise is None else x.add_(self.std * torch.randn(x.shape, generator=noise, dtype=x.dtype))

# %% wrong: generator unused
# The same generator gave other noise: the numbers came from the global state. A run could not be repeated or resumed.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None): return x if noise is None else x + self.std * torch.randn_like(x)

# %% wrong: uniform noise
# The noise is on one side only: `rand` gives numbers between 0 and 1. Normal numbers are drawn by `randn`.
import torch
from torch import nn

class GaussianNoise(nn.Module):
    def __init__(self, std): super().__init__(); self.std = std
    def forward(self, x, noise=None): return x if noise is None else x + self.std * 12 ** 0.5 * torch.rand(x.shape, generator=noise, dtype=x.dtype)
