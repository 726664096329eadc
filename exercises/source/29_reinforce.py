"""Learn from rewards

answer: reinforce_loss
lesson: 12_text
difficulty: 3
minutes: 25
"""
# %% [markdown]
# The third way across a choice: write words with hard choices, and make those more probable that were rewarded. For a word w drawn from the generator, with reward R and a baseline b, the estimate of the gradient of the expected reward is $(R - b)\, \nabla \ln p(w)$. Nothing flows through R or b: they are
# numbers that tell how good a word was.
#
# An optimizer wants a loss. Write `reinforce_loss(log_p, codes, rewards, baseline)` whose gradient is **minus the mean over the words** of that estimate; its value means nothing. Return a tensor without dimensions.
#
# - `log_p` `(N, L, V)`: the logarithms of the probabilities of all V symbols at each place, with a gradient;
# - `codes` `(N, L)`: the symbols that were drawn, int64. Symbol 0 ends a word. The end is a choice like the others and counts; what comes after it is padding and doesn't;
# - `rewards` `(N,)` and `baseline`, without dimensions: they may come with a gradient of their own, which must not be used.
#
# ln p(w) is the sum over the places of the word.

# %% given
import torch
import torch.nn.functional as F

# %% blank
def reinforce_loss(log_p, codes, rewards, baseline):
    raise NotImplementedError

# %% reference
def reinforce_loss(log_p, codes, rewards, baseline):
    ended_before = (codes == 0).cumsum(dim=1) - (codes == 0).long() > 0
    of_symbols = log_p.gather(2, codes[..., None])[..., 0]
    of_words = of_symbols.masked_fill(ended_before, 0).sum(dim=1)
    return -((rewards - baseline).detach() * of_words).mean()

# %% also right
def reinforce_loss(log_p, codes, rewards, baseline):
    "As in the lesson: a mask of what belongs to a word, its end included."
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    advantage = rewards.detach() - baseline.detach()
    return (advantage * (F.nll_loss(log_p.transpose(1, 2), codes, reduction="none") * here).sum(1)).sum() / len(codes)

# %% also right
def reinforce_loss(log_p, codes, rewards, baseline):
    total = 0.0
    for of_places, word, reward in zip(log_p, codes.tolist(), rewards.tolist()):
        length = word.index(0) + 1 if 0 in word else len(word)
        total = total - (reward - baseline.item()) * sum(of_places[place, word[place]] for place in range(length))
    return total / len(codes)

# %% check
import itertools

import torch
from ssgan_edu.exercises import expect


def gradient_of(loss, scores, on, what):
    expect(isinstance(loss, torch.Tensor) and loss.ndim == 0, True, on, "whether the result is a tensor without dimensions")
    expect(loss.requires_grad, True, on, "whether the loss has a gradient")
    gradient = torch.autograd.grad(loss, scores, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(scores) if gradient is None else gradient


def check(answer, reference):
    words = [[[2, 0, 0], [1, 3, 0]], [[1, 2, 3, 2], [0, 0, 0, 0], [3, 1, 0, 0], [2, 2, 1, 0], [1, 0, 0, 0]]]
    for seed, codes in enumerate(map(torch.tensor, words)):
        rng = torch.Generator().manual_seed(seed)
        scores = torch.randn(*codes.shape, 4, generator=rng).requires_grad_()
        opinion, guess = (torch.randn(scores.shape[1:], generator=rng) for _ in range(2))
        log_p = scores.log_softmax(2)
        # A discriminator that sees the soft words, and a critic that guesses how good they will be: both lead back to the generator.
        rewards, baseline = (log_p.exp() * opinion).sum((1, 2)).sigmoid(), (log_p.exp() * guess).sum((1, 2)).mean().sigmoid()
        on = {"codes": codes, "rewards": rewards, "baseline": baseline, "log_p": log_p}
        correct = gradient_of(reference(log_p, codes, rewards, baseline), scores, on, "")
        expect(gradient_of(answer(log_p, codes.clone(), rewards, baseline), scores, on, ""), correct, on, "the gradient of the logits that log_p was made of")

    # All words of two places and their probabilities: on average the estimate is the gradient of the expected reward, whatever the baseline.
    scores = torch.tensor([[0.3, -1.0, 0.5], [0.1, 0.7, -0.4]], dtype=torch.float64, requires_grad=True)
    log_p, every = scores.log_softmax(1), [(0, 0), *itertools.product((1, 2), range(3))]
    p = torch.stack([(log_p[0, a] + (log_p[1, b] if a else 0)).exp() for a, b in every])
    rewards = torch.linspace(1, 3, len(every), dtype=torch.float64) ** 2
    [exact] = torch.autograd.grad((p * rewards).sum(), scores, retain_graph=True)
    for baseline in (0.0, 5.0):
        on = {"codes": every, "rewards": rewards, "baseline": baseline, "probabilities": p}
        each = [gradient_of(answer(log_p[None], torch.tensor([word]), rewards[i:i + 1], torch.tensor(baseline, dtype=torch.float64)), scores, on, "") for i, word in enumerate(every)]
        expect(-sum(share * gradient for share, gradient in zip(p.detach(), each)), exact, on, "minus the gradients of all words, averaged with their probabilities")

# %% hint
# Pick from `log_p` the logarithm of the symbol that was drawn at each place: `gather` along the last dimension does it. Then find out which places belong to the word.
# %% hint
# A place belongs to the word if no 0 came before it. A running count of zeros along the word tells: the first 0 is still in, everything after it is out.
# %% hint
# One number for each word, R − b, cut from the graph by `detach`. Multiply word by word, then take the mean, and mind the sign: an optimizer goes down, and rewarded words must become more probable.

# %% wrong: gradient through the reward
# The reward was not detached, so a second gradient runs through it: how the reward changes, where only how good it is should count. With hard words there is no such path at all.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards - baseline.detach()) * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).mean()

# %% wrong: gradient through the baseline
# The baseline was not detached, and its gradient got into the generator's. The baseline only makes the estimate less noisy; what it is made of must not be moved by this loss.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards.detach() - baseline) * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).mean()

# %% wrong: nothing detached
# Neither the reward nor the baseline was detached. Both are numbers here: (R − b) has no gradient of its own in this estimate.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards - baseline) * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).mean()

# %% wrong: padding counted
# The places after a word's end were counted, too. Nobody chose them: they are 0 whatever the generator says, and the gradient would teach it to write padding after padding.
def reinforce_loss(log_p, codes, rewards, baseline):
    return -((rewards - baseline).detach() * log_p.gather(2, codes[..., None])[..., 0].sum(1)).mean()

# %% wrong: end not counted
# The first 0 was left out. That the word ends there was a choice with a probability; without it a generator never learns when to stop.
def reinforce_loss(log_p, codes, rewards, baseline):
    return -((rewards - baseline).detach() * (log_p.gather(2, codes[..., None])[..., 0] * (codes != 0)).sum(1)).mean()

# %% wrong: sign
# The sign is the wrong way round. An optimizer goes down the loss, so this makes rewarded words less probable.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return ((rewards - baseline).detach() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).mean()

# %% wrong: baseline forgotten
# The baseline was not subtracted. The mean over many words stays right, but each estimate is noisier, and with rewards that are all positive every drawn word is pushed up.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -(rewards.detach() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).mean()

# %% wrong: product of means
# The mean advantage was multiplied with the mean ln p. Then every word gets the same push, and it is lost which one was rewarded: multiply word by word, then take the mean.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -(rewards - baseline).detach().mean() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1).mean()

# %% wrong: mean over the places
# ln p of a word is the sum over its places. You took the mean, so a letter of a long word counts less than one of a short word.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards - baseline).detach() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1) / here.sum(1)).mean()

# %% wrong: probability instead of its logarithm
# The factor is the probability of the word and not its logarithm. Words are drawn already as often as they are probable; weighing them by p once more counts that twice.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards - baseline).detach() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1).exp()).mean()

# %% wrong: sum over the words
# The words of the batch were added up. Take the mean, or the learning rate depends on the size of the batch.
def reinforce_loss(log_p, codes, rewards, baseline):
    here = F.pad((codes != 0).cumprod(1), (1, -1), value=1)
    return -((rewards - baseline).detach() * (log_p.gather(2, codes[..., None])[..., 0] * here).sum(1)).sum()
