"""From symbols to notes

answer: notes
lesson: 13_music
difficulty: 1
minutes: 15
"""
# %% [markdown]
# In the lesson a tune is a text: one symbol for each place, with spaces between them. A pitch, as `C5` or `Bb4`, begins a note. `-` holds what there is: a note lasts one place longer, and silence stays silence. `.` is a rest: it ends the note before it. A pitch always begins a new note, also if it is the same as
# the one before.
#
# Write `notes(tune)`. Return a list with a pair `(start, length)` for each note, in their order: the place where it begins, counted from 0, and the number of places that it lasts, both int. For `"- C5 - D5 . -"` that is `[(1, 2), (3, 1)]`.

# %% blank
def notes(tune):
    raise NotImplementedError

# %% reference
def notes(tune):
    found, sounding = [], False
    for place, symbol in enumerate(tune.split()):
        if symbol == "-":
            if sounding: found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            sounding = symbol != "."
            if sounding: found.append((place, 1))
    return found

# %% also right
from ssgan_edu.music import notes as of_the_lesson

def notes(tune): return [(note.start, note.length) for note in of_the_lesson(tune)]

# %% also right
from itertools import takewhile

def notes(tune):
    "For each place with a pitch, count the holds behind it."
    symbols = tune.split()
    return [(i, 1 + len([*takewhile(lambda s: s == "-", symbols[i + 1:])])) for i in range(len(symbols)) if symbols[i] not in ("-", ".")]

# %% also right
import re

def notes(tune):
    "With a letter for each symbol, a note is one letter with its holds."
    letters = "".join(symbol if symbol in "-." else "o" for symbol in tune.split())
    return [(match.start(), len(match.group())) for match in re.finditer("o-*", letters)]

# %% check
import random
from numbers import Integral

from ssgan_edu.exercises import expect


def plain(found):
    "Integers of numpy are integers as well."
    if not isinstance(found, (list, tuple)): return found
    return [tuple(int(v) if isinstance(v, Integral) else v for v in pair) if isinstance(pair, (list, tuple)) else pair for pair in found]


def check(answer, reference):
    rng = random.Random(0)
    tunes = ["C5 - D5 E5 - - -", "C5 D5 - - . . E5 -", "A4 A4 - B4 B4 B4 - -", "G4 - . - - Bb4 - F#5", "- - C5 . - - C5", "C5 - . D5 . -",
             *(" ".join(rng.choices(["C5", "D5", "F#5", "-", "."], (1, 1, 1, 4, 1), k=32)) for _ in range(4)), "- . - -", ""]
    for tune in tunes: expect(plain(answer(tune)), reference(tune), {"tune": tune or "(empty)"}, "the notes")

# %% hint
# Go through `tune.split()` with `enumerate` and decide at each symbol what it does to the list: a new pair, a longer last pair, or nothing.
# %% hint
# A hold looks the same behind a note and behind a rest. So remember whether a note is sounding: a pitch switches that on, a rest switches it off.
# %% hint
# A note begins with length 1, at the moment you see its pitch: then none is left over at the end. Pairs can't be changed; keep lists, or replace the last pair by a longer one.

# %% wrong: hold after a rest
# A hold behind a rest made the note before the rest longer. There it prolongs the silence: remember whether a note is sounding.
def notes(tune):
    found = []
    for place, symbol in enumerate(tune.split()):
        if symbol == "-":
            if found: found[-1] = (found[-1][0], found[-1][1] + 1)
        elif symbol != ".": found.append((place, 1))
    return found

# %% wrong: repeated pitch merged
# Two notes of the same pitch in a row became one. A pitch always begins a note, also the one that was just heard; only a hold goes on with it.
def notes(tune):
    found, last = [], None
    for place, symbol in enumerate(tune.split()):
        if symbol == "." or symbol == "-" and last is None: last = None
        elif symbol in ("-", last): found[-1] = (found[-1][0], found[-1][1] + 1)
        else: found.append((place, 1)); last = symbol
    return found

# %% wrong: last note lost
# The last note is missing. If a note gets into the list only when the next one begins, nothing comes to put the last one there.
def notes(tune):
    found, start, length = [], None, 0
    for place, symbol in enumerate(tune.split()):
        if symbol == "-": length += start is not None
        else:
            if start is not None: found.append((start, length))
            start, length = (None, 0) if symbol == "." else (place, 1)
    return found

# %% wrong: up to the next note
# Each note lasts until the next one begins, so the silence between them is counted as sound. A rest ends a note.
def notes(tune):
    symbols = tune.split()
    starts = [place for place, symbol in enumerate(symbols) if symbol not in ("-", ".")]
    return [(start, end - start) for start, end in zip(starts, [*starts[1:], len(symbols)])]

# %% wrong: holds only
# Every note is one place too short: only the holds were counted. The place of the pitch itself belongs to the note.
def notes(tune):
    found, sounding = [], False
    for place, symbol in enumerate(tune.split()):
        if symbol == "-" and sounding: found[-1] = (found[-1][0], found[-1][1] + 1)
        elif symbol != "-":
            sounding = symbol != "."
            if sounding: found.append((place, 0))
    return found

# %% wrong: rest as a note
# A rest is in the list as if it were a note. It ends the note before it and begins nothing.
def notes(tune):
    found = []
    for place, symbol in enumerate(tune.split()):
        if symbol != "-": found.append((place, 1))
        elif found: found[-1] = (found[-1][0], found[-1][1] + 1)
    return found

# %% wrong: hold at the beginning
# A hold at the beginning of the tune became a note. Nothing sounds yet, so there is nothing to hold, and silence stays silence.
def notes(tune):
    found, sounding = [], True
    for place, symbol in enumerate(tune.split()):
        if symbol == ".": sounding = False
        elif symbol != "-" or not found and sounding: found.append((place, 1)); sounding = True
        elif sounding: found[-1] = (found[-1][0], found[-1][1] + 1)
    return found

# %% wrong: from one
# The places are counted from 1. The first place of a tune is 0, as everywhere in Python.
def notes(tune):
    found, sounding = [], False
    for place, symbol in enumerate(tune.split(), 1):
        if symbol == "-" and sounding: found[-1] = (found[-1][0], found[-1][1] + 1)
        elif symbol != "-":
            sounding = symbol != "."
            if sounding: found.append((place, 1))
    return found

# %% wrong: letters instead of places
# You counted the letters of the text. A place is a symbol, and a symbol may have three letters: split the text at the spaces first.
import re

def notes(tune): return [(match.start(), len(match.group())) for match in re.finditer(r"[A-G][#b]?\d( -)*", tune)]
