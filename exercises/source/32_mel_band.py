"""In which band is this tone?

answer: band
lesson: 13_audio
difficulty: 1
minutes: 15
"""
# %% [markdown]
# The rows of a log-mel patch are 32 bands. Take 34 frequencies from 50 to 4,000 Hz in even steps of the mel scale, both ends included. Each three of them that follow each other make a band, a triangle: it begins at the first, is highest at the second, its center, and ends at the third. So the first and the last frequency are no centers.
#
# Write `band(hertz)` for a frequency from 50 to 4,000 Hz: the number, an int, of the band whose center is nearest, 0 for the lowest band and 31 for the highest. `mel(hertz)` is given, the scale of the lesson.

# %% given
import math

def mel(hertz):
    "Even steps up to 1,000 Hz, then constant ratios."
    return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000, 6.4)

# %% blank
def band(hertz):
    raise NotImplementedError

# %% reference
def band(hertz):
    place = (mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33
    return min(max(round(place - 1), 0), 31)

# %% also right
import numpy as np

def band(hertz): return np.abs(np.linspace(mel(50), mel(4000), 34)[1:-1] - mel(hertz)).argmin()

# %% also right
def band(hertz):
    step = (mel(4000) - mel(50)) / 33
    return min(range(32), key=lambda k: abs(mel(50) + (k + 1) * step - mel(hertz)))

# %% also right
import numpy as np

def band(hertz):
    "The band that lets most of the tone through."
    steps = np.linspace(mel(50), mel(4000), 34)
    edges = np.where(steps < 15, 200 * steps / 3, 1000 * 6.4 ** ((steps - 15) / 27))
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    return int(np.minimum((hertz - low) / (center - low), (high - hertz) / (high - center)).argmax())

# %% check
from numbers import Integral

from ssgan_edu.exercises import expect


def check(answer, reference):
    "On tones that are not in the middle between two centers: there it depends on the rounding, and on whether near means in hertz or in mel."
    def is_clear(hertz): return abs((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33 % 1 - 0.5) > 0.05
    for hertz in ((440, 1000, 2000, 3500), (261.6, 392, 1700.5, 2900), *((h,) for h in range(130, 3800, 7) if is_clear(h)), (60, 3990), (50, 4000)):
        found = tuple(answer(h) for h in hertz)
        expect(tuple(int(n) if isinstance(n, Integral) else n for n in found), tuple(map(reference, hertz)), {"hertz": hertz}, "the numbers of the bands")

# %% hint
# How far up is the tone, on the way from 50 to 4,000 Hz? Take the share in mel: 0 at the lower end, 1 at the upper end.
# %% hint
# 34 frequencies have 33 steps between them. So share × 33 counts the steps above 50 Hz, and the nearest whole number is the number of the nearest frequency, counted from 0.
# %% hint
# Frequency 1 is the center of band 0, frequency 2 that of band 1. Near 50 Hz this gives −1 and near 4,000 Hz it gives 32; the nearest bands are 0 and 31.

# %% wrong: linear in hertz
# The bands were spread evenly in hertz. Take the mel of all three frequencies: low bands are narrow and high ones are wide, as for the ear.
def band(hertz): return min(max(round((hertz - 50) / (4000 - 50) * 33 - 1), 0), 31)

# %% wrong: one too high
# The result is one too high. The lowest of the 34 frequencies is where band 0 begins; the second one is its center.
def band(hertz): return min(round((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33), 31)

# %% wrong: 32 steps
# The way from 50 to 4,000 Hz was divided into 32 steps. 32 centers and two ends are 34 frequencies, with 33 steps between them.
def band(hertz): return min(max(round((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 32 - 1), 0), 31)

# %% wrong: centers at the ends
# The lowest center was put at 50 Hz and the highest at 4,000 Hz. A triangle needs room on both sides of its center: the centers are one step further in.
def band(hertz): return round((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 31)

# %% wrong: boxes
# The way was cut into 32 boxes side by side. The bands are triangles that overlap: each begins at the center of the one below it.
def band(hertz): return min(int((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 32), 31)

# %% wrong: cut off
# `int` and `//` cut off what is behind the point, so a tone just below a center falls to the band below. Round to the nearest whole number.
def band(hertz): return min(max(int((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33 - 1), 0), 31)

# %% wrong: from 0 Hz
# The way was measured from 0 Hz. The bands begin at 50 Hz: subtract mel(50) from both.
def band(hertz): return min(max(round(mel(hertz) / mel(4000) * 33 - 1), 0), 31)

# %% wrong: logarithm all the way
# The logarithm of the frequency was taken all the way down, as if each octave had as many bands. Below 1,000 Hz the mel scale is even in hertz; `mel` does both.
def band(hertz): return min(max(round(math.log(hertz / 50) / math.log(4000 / 50) * 33 - 1), 0), 31)

# %% wrong: counted from the top
# The bands were counted from the top, as the rows of a patch are. Band 0 is the lowest here.
def band(hertz): return 31 - min(max(round((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33 - 1), 0), 31)

# %% wrong: beyond the last band
# Near 50 and 4,000 Hz this names a band that doesn't exist. There are bands 0 to 31; the nearest one to 50 Hz is 0.
def band(hertz): return round((mel(hertz) - mel(50)) / (mel(4000) - mel(50)) * 33 - 1)
