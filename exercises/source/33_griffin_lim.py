"""Phases that fit

answer: next_phases
lesson: 13_audio
difficulty: 3
minutes: 20
"""
# %% [markdown]
# A spectrogram without its phases can still be made into sound. Begin with any phases; the windows overlap, and those that share samples disagree about them. The sound is the compromise. Its own spectrogram has phases that fit together better: keep these, put the known magnitudes back, and repeat. That is Griffin and Lim's
# method.
#
# Write one round of it, `next_phases(magnitudes, phases)`. `magnitudes` `(F, T)` are real and at least 0, `phases` `(F, T)` are complex numbers of length 1: $e^{i\varphi}$ for an angle $\varphi$. Return the phases of the next round, of the same kind. `stft(sound)` and `istft(spectrogram)` are given. All phases must have length 1, also where
# the spectrogram of the sound is 0 and any phase will do.

# %% given
import torch

WINDOW, HOP = 512, 160

def stft(sound):
    "The complex spectrogram `(257, T)` of a sound `((T − 1) · 160,)`."
    return torch.stft(sound, WINDOW, HOP, window=torch.hann_window(WINDOW, dtype=sound.dtype), pad_mode="constant", return_complex=True)

def istft(spectrogram):
    "The sound whose spectrogram is nearest to this one."
    return torch.istft(spectrogram, WINDOW, HOP, window=torch.hann_window(WINDOW, dtype=spectrogram.real.dtype))

# %% blank
def next_phases(magnitudes, phases):
    raise NotImplementedError

# %% reference
def next_phases(magnitudes, phases):
    found = stft(istft(magnitudes * phases))
    return torch.exp(1j * found.angle())

# %% also right
def next_phases(magnitudes, phases):
    found = stft(istft(torch.polar(magnitudes, phases.angle())))
    return torch.polar(torch.ones_like(magnitudes), found.angle())

# %% also right
def next_phases(magnitudes, phases):
    found = stft(istft(magnitudes * phases))
    length = found.abs()
    return torch.where(length > 0, found / length, 1)

# %% check
import torch
from ssgan_edu.exercises import expect


def check(answer, reference):
    t = torch.arange(9 * HOP, dtype=torch.float64) / 8000
    for seed, sound in enumerate((torch.sin(2 * torch.pi * (400 + 900 * t) * t), torch.randn(9 * HOP, generator=torch.Generator().manual_seed(9), dtype=torch.float64))):
        rng = torch.Generator().manual_seed(seed)
        magnitudes = stft(sound).abs()
        if seed: magnitudes[:, 4:] = 0  # a sound that ends: there its spectrogram is 0
        phases = torch.exp(2j * torch.pi * torch.rand(magnitudes.shape, generator=rng, dtype=torch.float64))
        on = {"magnitudes": magnitudes, "phases": phases.angle()}
        found = answer(magnitudes.clone(), phases.clone())
        expect(isinstance(found, torch.Tensor) and found.shape == phases.shape, True, on, "whether the result is a tensor of the shape of the phases")
        expect(found.is_complex(), True, on | {"result": found}, "whether the result is complex")
        sounding = stft(istft(magnitudes * phases)).abs()
        loudest = sounding.flatten().argsort(descending=True)[:(sounding > 1e-3 * sounding.max()).sum()]  # what is nearly 0 has its phase from rounding
        given, expected = (torch.view_as_real(each.flatten()[loudest]) for each in (found, reference(magnitudes, phases)))
        expect(given, expected, on, "real and imaginary parts of the phases, from the loudest place of the sound's spectrogram down", tolerance=1e-3)
        why = "phase of length zero" if (found.abs() < 0.5).any() else ""  # also if a small number was added to what it was divided by
        expect(found.abs(), torch.ones_like(magnitudes), on, "the lengths of the phases", why, tolerance=0.1)

# %% hint
# A magnitude times a phase of length 1 is a complex number with that magnitude and that phase. So the product of both is a whole spectrogram.
# %% hint
# From there to sound, and from the sound to its spectrogram: the two given functions do that. What comes back is another spectrogram than you put in; otherwise nothing would ever change.
# %% hint
# Of what came back only the angle counts, as a complex number of length 1. Its magnitudes are thrown away: the next round begins with the known ones.

# %% wrong: magnitudes left in
# This is the spectrogram of the sound, with its magnitudes. In the next round they would be multiplied with the known ones: keep only the phases, of length 1.
def next_phases(magnitudes, phases): return stft(istft(magnitudes * phases))

# %% wrong: angles
# These are the angles. A phase is asked for as a complex number of length 1, the exponential of i times the angle, so that it can be multiplied.
def next_phases(magnitudes, phases): return stft(istft(magnitudes * phases)).angle()

# %% wrong: known magnitudes in the result
# The known magnitudes are in the result. They come in at the beginning of each round; return only the phases, of length 1.
def next_phases(magnitudes, phases): return magnitudes * torch.exp(1j * stft(istft(magnitudes * phases)).angle())

# %% wrong: old phases forgotten
# The sound was made of the magnitudes alone, as if all phases were 0. Then every round gives the same: multiply by the phases of the last one.
def next_phases(magnitudes, phases): return torch.exp(1j * stft(istft(magnitudes + 0j)).angle())

# %% wrong: known magnitudes forgotten
# The sound was made of the phases alone, as if every frequency were equally loud. The magnitudes are what is known: multiply by them.
def next_phases(magnitudes, phases): return torch.exp(1j * stft(istft(phases)).angle())

# %% wrong: no way through the sound
# The phases came back as they were. Only on the way to sound and back do windows that share samples have to agree; without it nothing changes.
def next_phases(magnitudes, phases): return torch.exp(1j * (magnitudes * phases).angle())

# %% wrong: power
# The squares of the magnitudes were used, the power. A spectrogram has magnitudes; with squares loud frequencies drown the others.
def next_phases(magnitudes, phases): return torch.exp(1j * stft(istft(magnitudes**2 * phases)).angle())

# %% wrong: mirrored
# The imaginary part has the wrong sign: this is the conjugate. Then the angle is subtracted where it should be added.
def next_phases(magnitudes, phases): return torch.exp(-1j * stft(istft(magnitudes * phases)).angle())

# %% wrong: difference of the phases
# This is how much the phases turned, and not what they are now. Take the phases of the new spectrogram as they are.
def next_phases(magnitudes, phases): return torch.exp(1j * (stft(istft(magnitudes * phases)) / phases).angle())

# %% wrong: zero over zero
# Where the spectrogram of the sound is 0, a number divided by its length is 0 / 0, which is not a number, and in the next round it spreads to the sound. Take the exponential of the angle, or choose any phase there.
def next_phases(magnitudes, phases):
    found = stft(istft(magnitudes * phases))
    return found / found.abs()

# %% wrong: phase of length zero
# Where the spectrogram of the sound is 0, the phase became 0, too, or nearly. In the next round a known magnitude is multiplied by it and lost: any phase will do there, but its length must be 1.
def next_phases(magnitudes, phases): return torch.sgn(stft(istft(magnitudes * phases)))
