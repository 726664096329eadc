"""Student and teacher

answer: consistency
lesson: 03_losses
difficulty: 2
minutes: 15
"""
# %% [markdown]
# Two predictions for the same sample, under different noise, should agree. A *student* learns that from a *teacher*, the averaged network. The teacher is a target: **no gradient may reach it**.
#
# $$\frac1N \sum_n \sum_k (p_{nk} - q_{nk})^2, \qquad p = \text{softmax}(\text{student}), \quad q = \text{softmax}(\text{teacher}).$$
#
# Write `consistency(student_logits, teacher_logits)`, both of shape `(N, K)`; return a tensor without dimensions.

# %% blank
import torch

def consistency(student_logits, teacher_logits):
    raise NotImplementedError

# %% reference
from ssgan_edu.losses import consistency_loss

def consistency(student_logits, teacher_logits):
    return consistency_loss(student_logits, teacher_logits.detach())

# %% also right
import torch

def consistency(student_logits, teacher_logits):
    with torch.no_grad(): q = torch.softmax(teacher_logits, dim=1)
    p = torch.softmax(student_logits, dim=1)
    return ((p - q) ** 2).sum() / len(p)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    for seed, (n, k, dtype) in enumerate([(4, 3, torch.float32), (6, 10, torch.float32), (1, 2, torch.float64), (5, 4, torch.float16)]):
        rng = torch.Generator().manual_seed(seed)
        student, teacher = ((2 * torch.randn(n, k, generator=rng)).to(dtype).requires_grad_() for _ in range(2))
        on = {"student_logits": student, "teacher_logits": teacher}
        loss, correct = answer(student, teacher), reference(student, teacher)
        expect(loss.detach() if isinstance(loss, torch.Tensor) else loss, correct.detach(), on)
        leaked = torch.autograd.grad(loss, teacher, allow_unused=True, retain_graph=True)[0] if loss.requires_grad else None
        expect(leaked is None or not leaked.any(), True, on, "whether the teacher gets no gradient", why="teacher moved")
        expect(loss.requires_grad, True, on, "whether the student gets a gradient", why="student detached")
        expect(torch.autograd.grad(loss, student), torch.autograd.grad(correct, student), on, "the gradient for the student")
    extreme = torch.tensor([[1e4, 0.0], [0.0, -1e4]]), torch.tensor([[-1e4, 0.0], [0.0, -1e4]])
    expect(answer(*extreme), reference(*extreme), {"student_logits": extreme[0], "teacher_logits": extreme[1]}, "extreme logits")

# %% hint
# Probabilities first: a softmax over the classes for each of the two. Then the squared distance of each pair of rows.
# %% hint
# A constant for autograd is made with `.detach()`. Which of the two should be constant?
# %% hint
# Sum the squares over the classes and average over the samples. `mean()` over everything would divide by K as well.

# %% wrong: teacher moved
# A gradient reaches the teacher. It would learn to agree with the student, and both could agree on anything. Detach the teacher's side.
import torch

def consistency(student_logits, teacher_logits):
    return (student_logits.softmax(1) - teacher_logits.softmax(1)).square().sum(1).mean()

# %% wrong: student detached
# The student was detached: nothing is left that could learn. Detach the teacher.
import torch

def consistency(student_logits, teacher_logits):
    return (student_logits.detach().softmax(1) - teacher_logits.detach().softmax(1)).square().sum(1).mean()

# %% wrong: logits compared
# The logits were compared and not the probabilities. Two rows of logits that differ by a constant are the same prediction.
import torch

def consistency(student_logits, teacher_logits):
    return (student_logits - teacher_logits.detach()).square().sum(1).mean()

# %% wrong: averaged over the classes too
# The mean ran over the classes as well: the loss is divided by K. Some papers do; here the classes are summed.
import torch

def consistency(student_logits, teacher_logits):
    return (student_logits.softmax(1) - teacher_logits.detach().softmax(1)).square().mean()

# %% wrong: hard targets
# The teacher's answer was rounded to its most likely class. Hard targets from an unsure teacher confirm its errors; use its probabilities as they are.
import torch
import torch.nn.functional as F

def consistency(student_logits, teacher_logits):
    target = F.one_hot(teacher_logits.argmax(1), teacher_logits.shape[1])
    return (student_logits.softmax(1) - target).square().sum(1).mean()
