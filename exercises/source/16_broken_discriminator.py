"""Find the bugs: a discriminator

answer: Discriminator
lesson: 04_networks
difficulty: 2
minutes: 25
"""
# %% [markdown]
# Each mistake in this discriminator was found in public code. It runs, it trains, and its losses look like losses. **Three things are wrong with it.** Find and repair them; keep the layers' sizes and the noise.
#
# What a discriminator should do: return the K **raw logits** and the features of the last hidden layer. What it says of a sample must not depend on which other samples are in the batch: in training and in testing it meets different company.
# And features are compared by their batch means in feature matching: noise of their own would only blur that comparison.
#
# The check calls `Discriminator(inputs, classes)` and then `D(x, noise)` in training mode, with a `torch.Generator` or None as `noise`.

# %% given
import torch
import torch.nn.functional as F
from torch import nn
from ssgan_edu.networks import GaussianNoise

# %% blank
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.norm = nn.BatchNorm1d(32)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        hidden = F.relu(self.norm(self.first(self.input_noise(x, noise))))
        features = self.feature_noise(hidden, noise)
        return self.last(features).softmax(dim=1), features

# %% reference
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = F.relu(self.first(self.input_noise(x, noise)))
        return self.last(self.feature_noise(features, noise)), features

# %% also right
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.norm = nn.LayerNorm(32)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = F.relu(self.norm(self.first(self.input_noise(x, noise))))
        logits = self.last(self.feature_noise(features, noise))
        return logits, features

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, inputs, classes) in enumerate([(6, 4, 3), (9, 20, 10), (4, 2, 2)]):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            D, x = answer(inputs, classes), 3 * torch.randn(n, inputs)
        on = {"inputs": inputs, "classes": classes, "x": x}
        def rng(s=seed): return torch.Generator().manual_seed(s)
        logits, features = D(x)
        expect(tuple(logits.shape), (n, classes), on, "the shape of the logits")
        expect(tuple(features.shape), (n, 32), on, "the shape of the features")
        alone = D(x[:3])
        expect(features[:3].detach(), alone[1].detach(), on, "the features of three samples without and with others in the batch (no noise)", why="the batch talks")
        sums = [D(100 * x)[0].detach().sum(1).std().item(), logits.detach().sum(1).std().item()]
        expect(min(sums) > 1e-3, True, on, "whether the sum of a row's outputs is free", why="a softmax inside")
        expect(logits.min().item() < 0 or D(-x)[0].min().item() < 0, True, on, "whether a logit can be negative", why="squashed logits")
        noisy_logits, noisy_features = D(x, rng())
        expect(torch.equal(noisy_features, features), False, on, "whether the noise at the input is gone", why="noise taken out")
        with_zero = torch.zeros(n, inputs)
        zeros = (D(with_zero, rng())[1] < 0).float().mean().item()
        expect(zeros, 0.0, on, "the share of negative entries in the features after a ReLU, with noise", why="features after the noise")
        last = [m for m in D.modules() if isinstance(m, torch.nn.Linear)][-1]
        clean = last(noisy_features)
        expect(torch.allclose(clean, noisy_logits, atol=1e-4), False, on, "whether the noise before the last layer is gone", why="noise taken out")
        expect(last(features), logits, on, "the logits without noise, computed from the features by the last layer", why="squashed logits")

# %% hint
# Give the network the same three samples alone and in a larger batch, without noise. Which layer makes the answers differ?
# %% hint
# The losses apply softmax and log-sum-exp themselves. What do they get here? The row sums of the outputs tell.
# %% hint
# Remove the batch normalization, return the last layer's outputs as they are, and return the features from *before* the second noise, which only the last layer should see.

# %% wrong: the batch talks
# What the network says of a sample depends on the others in its batch, so a layer must take statistics from the batch. Real and generated batches have different ones, and D can tell them by that alone: take the layer out.
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.norm = nn.BatchNorm1d(32)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = F.relu(self.norm(self.first(self.input_noise(x, noise))))
        return self.last(self.feature_noise(features, noise)), features

# %% wrong: a softmax inside
# The outputs of each row have the same sum: a softmax is inside. It throws away log Z, which is what D knows about "real", and the cross-entropy applies it a second time.
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = F.relu(self.first(self.input_noise(x, noise)))
        return self.last(self.feature_noise(features, noise)).softmax(dim=1), features

# %% wrong: squashed logits
# The outputs are squashed into a range. Logits must be free: the last layer's outputs as they are.
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = F.relu(self.first(self.input_noise(x, noise)))
        return self.last(self.feature_noise(features, noise)).sigmoid(), features

# %% wrong: features after the noise
# The features contain the noise that is meant for the last layer. Their batch means get blurred, and G is asked to imitate noise. Return them from before it.
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)
        self.input_noise, self.feature_noise = GaussianNoise(0.3), GaussianNoise(0.5)

    def forward(self, x, noise=None):
        features = self.feature_noise(F.relu(self.first(self.input_noise(x, noise))), noise)
        return self.last(features), features

# %% wrong: noise taken out
# A noise is gone. It keeps D from learning a few labels by heart, so it stays: 0.3 at the input, 0.5 before the last layer, each drawn from the generator.
class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)

    def forward(self, x, noise=None):
        features = F.relu(self.first(x))
        return self.last(features), features
