"""Weight normalization, set from data

answer: initialize
lesson: 04_networks
difficulty: 2
minutes: 20
"""
# %% [markdown]
# A weight-normalized layer computes $y_i = g_i \, \frac{v_i \cdot x}{\|v_i\|} + b_i$. Its scale $g$ and bias $b$ are set once, before training, from a batch of data: so that each output has mean 0 and standard deviation 1 on that batch.
# (The library does this for whole networks: `initialize_from_data`.)
#
# Write `initialize(layer, x)`. The layer is an `nn.Linear` wrapped in PyTorch's `weight_norm`; its scale is `layer.parametrizations.weight.original0`, shape `(outputs, 1)`, its bias `layer.bias`, shape `(outputs,)`. Change both **in place**,
# without touching the directions $v$, and return nothing. Divide by N in the standard deviation (`correction=0`). The layer may have been used before: scale and bias can have any values.

# %% blank
import torch

@torch.no_grad()
def initialize(layer, x):
    scale, bias = layer.parametrizations.weight.original0, layer.bias
    raise NotImplementedError

# %% reference
import torch

@torch.no_grad()
def initialize(layer, x):
    scale, bias = layer.parametrizations.weight.original0, layer.bias
    y = layer(x)
    mean, std = y.mean(0), y.std(0, correction=0)
    scale.div_(std.unsqueeze(1))
    bias.sub_(mean).div_(std)

# %% also right
import torch

def initialize(layer, x):
    y = layer(x).detach()
    std = y.var(0, correction=0).sqrt()
    layer.parametrizations.weight.original0.data = layer.parametrizations.weight.original0.data / std[:, None]
    layer.bias.data.copy_((layer.bias.data - y.mean(0)) / std)

# %% check
import copy

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, inputs, outputs, dtype) in enumerate([(50, 4, 3, torch.float32), (200, 30, 10, torch.float32), (20, 2, 5, torch.float64)]):
        rng = torch.Generator().manual_seed(seed)
        layer, x = weight_norm(nn.Linear(inputs, outputs, dtype=dtype)), (3 * torch.randn(n, inputs, generator=rng) + 1).to(dtype)
        with torch.no_grad():
            for p in layer.parameters(): p.copy_(torch.randn(p.shape, generator=rng))
            layer.parametrizations.weight.original0.abs_().add_(0.5)
        before, correct = copy.deepcopy(layer), copy.deepcopy(layer)
        answer(layer, x.clone())
        reference(correct, x)
        on = {"x": x, "outputs": outputs}
        with torch.no_grad(): given = layer(x)
        expect(layer.parametrizations.weight.original1.detach(), before.parametrizations.weight.original1.detach(), on, "the directions v, which should stay as they are")
        expect(given.std(0, correction=0), torch.ones(outputs, dtype=dtype), on, "the standard deviation of each output", tolerance=1e-3)
        expect(given.mean(0), torch.zeros(outputs, dtype=dtype), on, "the mean of each output", tolerance=1e-3)
        expect(layer.parametrizations.weight.original0.detach(), correct.parametrizations.weight.original0.detach(), on, "the scales", tolerance=1e-3)
        expect(layer.bias.detach(), correct.bias.detach(), on, "the biases", tolerance=1e-3)

# %% hint
# Let the layer compute its outputs on `x` first, and take mean and standard deviation of each output over the batch (dimension 0).
# %% hint
# (y − mean)/std should come out. So the scale is divided by std; and the bias, which is part of y, becomes (bias − mean)/std.
# %% hint
# The scale has shape (outputs, 1), the deviation (outputs,): make the deviation a column first, or the division broadcasts to a matrix. In place: `div_`, `sub_`.

# %% wrong: bias not divided
# The bias was shifted by the mean and not divided by the deviation: the outputs are off by what is left. The whole of y is divided, and the bias is part of it.
import torch

@torch.no_grad()
def initialize(layer, x):
    y = layer(x)
    layer.parametrizations.weight.original0.div_(y.std(0, correction=0).view(-1, 1))
    layer.bias.sub_(y.mean(0))

# %% wrong: scale only
# The deviation is right, but the mean is not 0: the bias wasn't set.
import torch

@torch.no_grad()
def initialize(layer, x):
    layer.parametrizations.weight.original0.div_(layer(x).std(0, correction=0).view(-1, 1))

# %% wrong: one deviation for all outputs
# The deviation was computed over all outputs at once. Each output has its own scale, so each needs its own deviation: over dimension 0 only.
import torch

@torch.no_grad()
def initialize(layer, x):
    y = layer(x)
    layer.parametrizations.weight.original0.div_(y.std(correction=0))
    layer.bias.sub_(y.mean(0)).div_(y.std(correction=0))

# %% wrong: divided by the variance
# You divided by the variance. The standard deviation is its root.
import torch

@torch.no_grad()
def initialize(layer, x):
    y = layer(x)
    layer.parametrizations.weight.original0.div_(y.var(0, correction=0).view(-1, 1))
    layer.bias.sub_(y.mean(0)).div_(y.var(0, correction=0))

# %% wrong: directions changed
# The directions v were scaled. They are divided by their length anyway, so the outputs don't change at all: the size of a weight lives in g.
import torch

@torch.no_grad()
def initialize(layer, x):
    y = layer(x)
    layer.parametrizations.weight.original1.div_(y.std(0, correction=0).view(-1, 1))
    layer.bias.sub_(y.mean(0)).div_(y.std(0, correction=0))
