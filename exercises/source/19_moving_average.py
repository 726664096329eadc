"""An average with a short past

answer: moving_average
lesson: 05_training
difficulty: 2
minutes: 20
"""
# %% [markdown]
# We test the average of the weights, not the weights. It is exponential: a state that is t steps old counts $\beta^t$ as much as the newest one. So after step T the average of $\theta_1, \dots, \theta_T$ is
#
# $$\bar\theta_T = \frac{\sum_{t=1}^{T} \beta^{T-t}\, \theta_t}{\sum_{t=1}^{T} \beta^{T-t}} .$$
#
# The denominator is the bias correction: without it, the average of a short past is too small.
#
# Write `moving_average(history, decay)`. `history` has shape `(T, P)`: the P weights after each step. Return the averages after each step, shape `(T, P)`. `decay` is in [0, 1). With decay 0.999 the first row of the result must be the first row of `history`, whatever comes later.

# %% blank
import torch

def moving_average(history, decay):
    raise NotImplementedError

# %% reference
import torch

def moving_average(history, decay):
    average, averages = torch.zeros_like(history[0]), []
    for t, weights in enumerate(history, 1):
        average = average + (1 - decay) / (1 - decay**t) * (weights - average)
        averages.append(average)
    return torch.stack(averages)

# %% also right
import torch

def moving_average(history, decay):
    sums, total, averages = 0, 0, []
    for weights in history:
        sums, total = decay * sums + weights, decay * total + 1
        averages.append(sums / total)
    return torch.stack(averages)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (t, p, decay, dtype) in enumerate([(6, 2, 0.9, torch.float32), (40, 3, 0.999, torch.float32), (9, 1, 0.5, torch.float64), (5, 4, 0.0, torch.float32), (1, 2, 0.99, torch.float32)]):
        history = (torch.randn(t, p, generator=torch.Generator().manual_seed(seed)) + 3).to(dtype)
        kept, on = history.clone(), {"history": history, "decay": decay}
        expect(answer(history, decay), reference(kept, decay), on, "the averages")
        expect(history, kept, on, "the history after the call, which should be as it was")

# %% hint
# Without the correction the rule is: average ← average + (1 − β)(weights − average). With it, the factor depends on the number of the step.
# %% hint
# The newest state's share is 1 divided by the sum 1 + β + … + β^(t−1), which is (1 − β^t)/(1 − β). For t = 1 the share is 1, so it doesn't matter where the average starts.
# %% hint
# Loop over the rows with t from 1 on, move the average by that share of the difference, and collect the averages with `torch.stack`. Make new tensors; don't write into `history`.

# %% wrong: not corrected
# The average starts at 0 and is not corrected: after one step with decay 0.999 it is a thousandth of the weights. Divide by 1 − β^t, or use the share (1 − β)/(1 − β^t).
import torch

def moving_average(history, decay):
    average, averages = torch.zeros_like(history[0]), []
    for weights in history:
        average = decay * average + (1 - decay) * weights
        averages.append(average)
    return torch.stack(averages)

# %% wrong: first state remembered for long
# The average starts at the first state and has a constant share: so the first state counts 1/(1 − β) times as much as it should. The share must depend on the step.
import torch

def moving_average(history, decay):
    average, averages = history[0], []
    for weights in history:
        average = decay * average + (1 - decay) * weights
        averages.append(average)
    return torch.stack(averages)

# %% wrong: decay and share swapped
# β and 1 − β are swapped: with decay 0.999 the average would be almost the newest state.
import torch

def moving_average(history, decay):
    average, averages = torch.zeros_like(history[0]), []
    for t, weights in enumerate(history, 1):
        average = (1 - decay) * average + decay * weights
        averages.append(average / (1 - (1 - decay) ** t))
    return torch.stack(averages)

# %% wrong: plain mean
# All states count the same: a plain mean. It never forgets the random initial weights; old states must count less, by a factor β a step.
import torch

def moving_average(history, decay):
    return history.cumsum(0) / torch.arange(1, len(history) + 1, dtype=history.dtype)[:, None]

# %% wrong: one step too many in the correction
# The correction is one step late: after step t divide by 1 − β^t, not 1 − β^(t+1). The first average must be the first state.
import torch

def moving_average(history, decay):
    average, averages = torch.zeros_like(history[0]), []
    for t, weights in enumerate(history, 1):
        average = decay * average + (1 - decay) * weights
        averages.append(average / (1 - decay ** (t + 1)))
    return torch.stack(averages)
