"""One step of the game

answer: training_step
lesson: 05_training
difficulty: 3
minutes: 30
"""
# %% [markdown]
# Put the terms together. First the discriminator moves: it minimizes the supervised plus the unsupervised term. Then the generator moves, against the **new** discriminator: it minimizes feature matching.
# Nobody moves the other's weights, and no gradient is left over from one move to the next.
#
# Write `training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z)`. `D(x)` returns logits and features, `G(z)` samples. Use the same `z` for both moves. Return the two losses as floats, D's first, each as it was before
# the player moved.

# %% given
import torch
from ssgan_edu.losses import feature_matching_loss, supervised_loss, unsupervised_loss

# %% blank
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    raise NotImplementedError

# %% reference
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    generated = G(z).detach()
    loss_D = supervised_loss(D(x_labeled)[0], labels) + unsupervised_loss(D(x_unlabeled)[0], D(generated)[0])
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()

    with torch.no_grad(): features = D(x_unlabeled)[1]
    loss_G = feature_matching_loss(features, D(G(z))[1])
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    return loss_D.item(), loss_G.item()

# %% also right
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    generated = G(z)
    optimizer_D.zero_grad()
    outputs, _ = D(torch.cat([x_labeled, x_unlabeled, generated.detach()]))
    labeled, unlabeled, fake = outputs.split([len(x_labeled), len(x_unlabeled), len(z)])
    loss_D = supervised_loss(labeled, labels) + unsupervised_loss(unlabeled, fake)
    loss_D.backward()
    optimizer_D.step()
    optimizer_G.zero_grad()
    loss_G = feature_matching_loss(D(x_unlabeled)[1], D(generated)[1])
    loss_G.backward(inputs=list(G.parameters()))
    optimizer_G.step()
    return float(loss_D.detach()), float(loss_G.detach())

# %% check
import copy

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


def play(step, seed, n_steps, inputs, classes, make):
    "The losses of some steps, and the weights of both players after them."
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        D, G = Discriminator(inputs, classes), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, inputs))
        optimizers = [make(network.parameters()) for network in (D, G)]
        losses = []
        for i in range(n_steps):
            labels = torch.randint(classes, (4,))
            losses.append(step(D, G, *optimizers, torch.randn(4, inputs) + labels[:, None], labels, 2 * torch.randn(7, inputs), torch.rand(5, 3)))
    weights = [torch.cat([p.detach().flatten() for p in network.parameters()]) for network in (D, G)]
    return losses, *weights


def check(answer, reference):
    makers = {"SGD": lambda p: torch.optim.SGD(p, lr=0.2), "Adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.999))}
    for seed, (n_steps, inputs, classes, name) in enumerate([(1, 2, 3, "SGD"), (3, 4, 2, "SGD"), (4, 3, 5, "Adam")]):
        setting = (seed, n_steps, inputs, classes, makers[name])
        on = f"a small D and G, {name}, steps: {n_steps}, seed {seed}"
        (losses, d, g), (correct, d_correct, g_correct) = play(answer, *setting), play(reference, *setting)
        expect(d, d_correct, on, "the weights of D", tolerance=1e-3)
        expect(g, g_correct, on, "the weights of G", tolerance=1e-3)
        expect(losses, correct, on, "the losses (D, G) of each step", tolerance=1e-3)

# %% hint
# Four lines for each player: the loss, `zero_grad()`, `backward()`, `step()`. Which tensors should carry a gradient in D's move, which in G's?
# %% hint
# In D's move the generated samples are constants: detach them. In G's move the gradient has to go *through* D into G, so the samples are generated again, with a gradient; D's optimizer doesn't step there.
# %% hint
# D's `backward` in G's move leaves gradients in D's weights. They do no harm if D's next move begins with its own `zero_grad()`. The features of the real samples must come from the D that has just moved.

# %% wrong: gradients left over
# D's weights are wrong from the second step on: G's `backward` goes through D and leaves gradients there, and D's move added its own to them. Call `zero_grad` on D's optimizer right before D's `backward`.
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    loss_D = supervised_loss(D(x_labeled)[0], labels) + unsupervised_loss(D(x_unlabeled)[0], D(G(z).detach())[0])
    loss_D.backward()
    optimizer_D.step()
    optimizer_D.zero_grad()
    loss_G = feature_matching_loss(D(x_unlabeled)[1].detach(), D(G(z))[1])
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    return loss_D.item(), loss_G.item()

# %% wrong: D's gradient leaks into G
# G's weights are wrong: D's `backward` went on into G and left a gradient there that points the other way, and G's move followed it too. Detach the generated samples in D's move.
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    optimizer_D.zero_grad(); optimizer_G.zero_grad()
    loss_D = supervised_loss(D(x_labeled)[0], labels) + unsupervised_loss(D(x_unlabeled)[0], D(G(z))[0])
    loss_D.backward()
    optimizer_D.step()
    loss_G = feature_matching_loss(D(x_unlabeled)[1].detach(), D(G(z))[1])
    loss_G.backward()
    optimizer_G.step()
    return loss_D.item(), loss_G.item()

# %% wrong: G moves first
# G moved against the old D. The order of the task is D first, then G against the D that has moved.
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    generated = G(z)
    loss_G = feature_matching_loss(D(x_unlabeled)[1].detach(), D(generated)[1])
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    loss_D = supervised_loss(D(x_labeled)[0], labels) + unsupervised_loss(D(x_unlabeled)[0], D(generated.detach())[0])
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    return loss_D.item(), loss_G.item()

# %% wrong: labels without the unlabeled
# D learned from the labeled samples only. The unsupervised term is what makes use of the others: add it.
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    loss_D = supervised_loss(D(x_labeled)[0], labels)
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    loss_G = feature_matching_loss(D(x_unlabeled)[1].detach(), D(G(z))[1])
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    return loss_D.item(), loss_G.item()

# %% wrong: G's gradient cut off
# G didn't move: its samples were detached in its own move too, so no gradient reaches it. Only in D's move they are constants.
def training_step(D, G, optimizer_D, optimizer_G, x_labeled, labels, x_unlabeled, z):
    generated = G(z).detach()
    loss_D = supervised_loss(D(x_labeled)[0], labels) + unsupervised_loss(D(x_unlabeled)[0], D(generated)[0])
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    loss_G = feature_matching_loss(D(x_unlabeled)[1].detach(), D(generated)[1])
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    return loss_D.item(), loss_G.item()
