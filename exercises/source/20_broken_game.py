"""Find the bugs: a game that runs backwards

answer: train
lesson: 05_training
difficulty: 3
minutes: 30
"""
# %% [markdown]
# `train(D, G, x_labeled, labels, x_unlabeled, steps, rng)` raises no error, and its losses look like losses. **Three things are wrong with it.** Find and repair them. Keep what it draws from `rng`, and in which order: the check compares weights with those of a sound loop after the same draws.
#
# `D(x)` returns logits and features, `G(z)` samples. In each step D minimizes the supervised plus the unsupervised term; then G minimizes feature matching against the new D.

# %% given
import torch
from ssgan_edu.losses import feature_matching_loss, supervised_loss, unsupervised_loss

# %% blank
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D = torch.optim.SGD(D.parameters(), lr=0.1)
    optimizer_G = torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_l, y_l = x_labeled[order], labels[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)

        optimizer_D.zero_grad()
        optimizer_G.zero_grad()
        loss_D = supervised_loss(D(x_l)[0], y_l) + unsupervised_loss(D(G(z))[0], D(x_u)[0])
        loss_D.backward()
        optimizer_D.step()

        loss_G = feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1])
        loss_G.backward()
        optimizer_G.step()

# %% reference
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D = torch.optim.SGD(D.parameters(), lr=0.1)
    optimizer_G = torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_l, y_l = x_labeled[order], labels[order]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)

        optimizer_D.zero_grad()
        loss_D = supervised_loss(D(x_l)[0], y_l) + unsupervised_loss(D(x_u)[0], D(G(z).detach())[0])
        loss_D.backward()
        optimizer_D.step()

        optimizer_G.zero_grad()
        loss_G = feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1])
        loss_G.backward()
        optimizer_G.step()

# %% also right
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D = torch.optim.SGD(D.parameters(), lr=0.1)
    optimizer_G = torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_l, y_l = x_labeled[order], labels[order]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)

        optimizer_D.zero_grad()
        loss_D = supervised_loss(D(x_l)[0], y_l) + unsupervised_loss(logits_unlabeled=D(x_u)[0], logits_generated=D(G(z))[0])
        loss_D.backward()
        optimizer_D.step()

        loss_G = feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1])
        optimizer_G.zero_grad()
        loss_G.backward()
        optimizer_G.step()

# %% check
import torch
from torch import nn
from ssgan_edu.exercises import expect


class Discriminator(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(inputs, 6), nn.Tanh()), nn.Linear(6, classes)

    def forward(self, x):
        features = self.body(x)
        return self.head(features), features


def play(train, seed, steps, inputs, classes):
    "The weights of both players after some steps."
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        D, G = Discriminator(inputs, classes), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, inputs))
        labels = torch.arange(20) % classes
        x_labeled, x_unlabeled = torch.randn(20, inputs) + labels[:, None], 2 * torch.randn(50, inputs)
        train(D, G, x_labeled, labels, x_unlabeled, steps, torch.Generator().manual_seed(seed))
    return [torch.cat([p.detach().flatten() for p in network.parameters()]) for network in (D, G)]


def check(answer, reference):
    for seed, (steps, inputs, classes) in enumerate([(1, 2, 3), (2, 4, 2), (20, 3, 5)]):
        on = f"a small D and G, {classes} classes, steps: {steps}, seed {seed}"
        given, correct = play(answer, seed, steps, inputs, classes), play(reference, seed, steps, inputs, classes)
        expect(given[0], correct[0], on, "the weights of D after a sound loop", tolerance=1e-3)
        expect(given[1], correct[1], on, "the weights of G after a sound loop", tolerance=1e-3)

# %% hint
# Go through what each loss gets: does every sample have its own label, and is every batch in the place that the function's signature gives it?
# %% hint
# One bug is in the order of two arguments, one in an index. The third is about gradients: which `.grad` are filled by D's `backward`, and what happens to those of G before G's step?
# %% hint
# Samples and labels must be taken with the same order. `unsupervised_loss` takes the unlabeled logits first. And D's move must not leave a gradient in G: detach, or clear G's gradients right before its own `backward`.

# %% wrong: labels out of step
# The supervised term still pairs samples with labels of others: the samples are shuffled, the labels are not. D can learn nothing but the classes' frequencies from that.
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D, optimizer_G = torch.optim.SGD(D.parameters(), lr=0.1), torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)
        optimizer_D.zero_grad()
        (supervised_loss(D(x_labeled[order])[0], labels[:8]) + unsupervised_loss(D(x_u)[0], D(G(z).detach())[0])).backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1]).backward()
        optimizer_G.step()

# %% wrong: real and generated swapped
# D is still taught that generated samples are real and real ones generated. Look at the order of the arguments of the unsupervised term.
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D, optimizer_G = torch.optim.SGD(D.parameters(), lr=0.1), torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)
        optimizer_D.zero_grad()
        (supervised_loss(D(x_labeled[order])[0], labels[order]) + unsupervised_loss(D(G(z).detach())[0], D(x_u)[0])).backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1]).backward()
        optimizer_G.step()

# %% wrong: D's gradient leaks into G
# D's weights are right, those of G are not: a gradient of D's loss is still in G when G steps. It points away from what G wants.
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D, optimizer_G = torch.optim.SGD(D.parameters(), lr=0.1), torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)
        optimizer_D.zero_grad(); optimizer_G.zero_grad()
        (supervised_loss(D(x_labeled[order])[0], labels[order]) + unsupervised_loss(D(x_u)[0], D(G(z))[0])).backward()
        optimizer_D.step()
        feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1]).backward()
        optimizer_G.step()

# %% wrong: as found
# This behaves as the loop that was found: all three bugs are still there. Begin with the supervised term.
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D, optimizer_G = torch.optim.SGD(D.parameters(), lr=0.1), torch.optim.SGD(G.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)
        optimizer_D.zero_grad(); optimizer_G.zero_grad()
        (supervised_loss(D(x_labeled[order])[0], labels[:8]) + unsupervised_loss(D(G(z))[0], D(x_u)[0])).backward()
        optimizer_D.step()
        feature_matching_loss(D(x_u)[1].detach(), D(G(z))[1]).backward()
        optimizer_G.step()

# %% wrong: generator frozen
# G doesn't move as it should: its samples were detached in its own move too, or its step is gone. Only in D's move they are constants.
def train(D, G, x_labeled, labels, x_unlabeled, steps, rng):
    optimizer_D = torch.optim.SGD(D.parameters(), lr=0.1)
    for _ in range(steps):
        order = torch.randperm(len(x_labeled), generator=rng)[:8]
        x_u = x_unlabeled[torch.randint(len(x_unlabeled), (16,), generator=rng)]
        z = torch.rand(16, 3, generator=rng)
        optimizer_D.zero_grad()
        (supervised_loss(D(x_labeled[order])[0], labels[order]) + unsupervised_loss(D(x_u)[0], D(G(z).detach())[0])).backward()
        optimizer_D.step()
