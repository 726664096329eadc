"""Feature matching

answer: feature_matching_loss
lesson: 03_losses
difficulty: 1
minutes: 10
"""
# %% [markdown]
# The generator of Salimans et al. doesn't try to fool D. It tries to produce samples whose features have, **on average**, the same values as those of real samples:
#
# $$\tfrac1F \left\| \, \mathbb{E}_x f(x) - \mathbb{E}_{\hat x} f(\hat x) \, \right\|^2 .$$
#
# Write `feature_matching_loss(features_real, features_generated)` for features of shape `(N_u, F)` and `(N, F)`. The batches may differ in size. Return a tensor without dimensions. (The paper sums over the F features; we average, so
# that one weight suits networks of every width.)

# %% blank
import torch

def feature_matching_loss(features_real, features_generated):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import feature_matching_loss

# %% also right
import torch.nn.functional as F

def feature_matching_loss(features_real, features_generated):
    return F.mse_loss(features_generated.mean(0), features_real.mean(0))

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n_u, n, f, dtype) in enumerate([(5, 5, 3, torch.float32), (8, 3, 6, torch.float32), (1, 4, 2, torch.float64), (3, 3, 1, torch.float32)]):
        rng = torch.Generator().manual_seed(seed)
        real, generated = torch.randn(n_u, f, generator=rng).to(dtype), (2 * torch.rand(n, f, generator=rng) + 1).to(dtype)
        on = {"features_real": real, "features_generated": generated}
        expect(answer(real.clone(), generated.clone()), reference(real, generated), on)
        generated.requires_grad_()
        gradients = [torch.autograd.grad(loss(real, generated), generated)[0] for loss in (answer, reference)]
        expect(*gradients, on, "the gradient with respect to the generated features")
    real = torch.randn(6, 4, generator=torch.Generator().manual_seed(9))
    expect(answer(real, real.flip(0)), torch.tensor(0.0), {"features_real": real, "features_generated": "the same rows in another order"})

# %% hint
# Two steps, in this order: an average over the samples for each batch, then a distance between the two averages.
# %% hint
# The mean over the samples is over dimension 0, and leaves one number per feature. Only then compare.
# %% hint
# The difference of the two means has shape (F,). Square its entries and average them.

# %% wrong: pairs compared
# Samples were compared pair by pair before averaging. There is no reason why the i-th generated sample should look like the i-th real one; this pulls all of them to the mean. Average over the batch first.
import torch

def feature_matching_loss(features_real, features_generated):
    n = min(len(features_real), len(features_generated))
    return (features_real[:n] - features_generated[:n]).square().mean()

# %% wrong: one mean over everything
# The mean ran over samples and features at once, so features may cancel each other out. Average over the samples only (`dim=0`), and compare each feature.
import torch

def feature_matching_loss(features_real, features_generated):
    return (features_real.mean() - features_generated.mean()).square()

# %% wrong: features summed
# This is the sum over the features, as in the paper. Here it is the average: divide by F, or its weight must change with the width of the network.
import torch

def feature_matching_loss(features_real, features_generated):
    return (features_real.mean(0) - features_generated.mean(0)).square().sum()

# %% wrong: root taken
# The root was taken: this is the distance, not its square. Its gradient doesn't get smaller near the goal.
import torch

def feature_matching_loss(features_real, features_generated):
    return (features_real.mean(0) - features_generated.mean(0)).square().mean().sqrt()

# %% wrong: absolute difference
# This is the L1 distance, which some recipes for color images use. Here the difference is squared.
import torch

def feature_matching_loss(features_real, features_generated):
    return (features_real.mean(0) - features_generated.mean(0)).abs().mean()
