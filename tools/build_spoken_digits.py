"""Speak the digits zero to nine with free synthesizers and build datasets/spoken-digits/.

Needs the programs espeak-ng 1.51 and flite 2.2 (Debian: apt-get install espeak-ng flite) and librosa, which the library needs anyway:

    python tools/build_spoken_digits.py

The same versions give the same bytes. The rules are in datasets/spoken-digits/README.md.
"""
import argparse
import hashlib
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from record import write_packed
from scipy.io import wavfile
from scipy.signal import resample_poly

from ssgan_edu.audio import LENGTH, SAMPLE_RATE, log_mel

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en-029", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-gb-x-rp", "en-us", "en-us-nyc")
VARIANTS = tuple("""
    Alex Alicia Andrea Andy Annie Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm
    adam anika antonio aunty belinda benjamin boris croak david ed edward edward2 f1 f2 f3 f4 f5 grandma grandpa gustave iven iven2 iven3 iven4 john
    kaukovalta klatt klatt2 klatt3 klatt4 klatt5 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max michel miguel norbert pablo paul pedro quincy rob robert
    robosoft robosoft2 robosoft3 robosoft4 sandro shelby steph steph2 steph3 travis victor whisper whisperf zac""".split())
FLITE = {"rms": "train", "slt": "train", "awb": "test", "kal16": "test"}
TEST_VARIANTS, EACH_VARIANT, EACH_FLITE = 20, 4, 10  # voices of espeak-ng for testing; times that a voice speaks each digit
LEVELS = 16


class Spoken(NamedTuple):
    "How a digit was spoken. `speed`: words a minute (espeak-ng), or percent of the usual speed (flite); `pitch`: 0 to 99, or percent; `snr`: dB of speech above the noise."
    part: str
    digit: int
    program: str
    voice: str
    accent: str
    speed: int
    pitch: int
    snr: float


def family(variant: str) -> str:
    "Variants that differ by a number are kept together, except those of the plain series m1 to m8 and f1 to f5."
    return variant if re.fullmatch(r"[mf]\d", variant) else variant.rstrip("0123456789")


def parts() -> dict[str, str]:
    "train or test for each variant: whole families are drawn for the test part, by the hash of their name, until it is full."
    families, room, drawn = [family(variant) for variant in VARIANTS], TEST_VARIANTS, set()
    for name in sorted(set(families), key=lambda name: hashlib.sha256(name.encode()).digest()):
        if families.count(name) <= room: drawn.add(name); room -= families.count(name)
    assert room == 0, f"{room} voices short"
    return {variant: "test" if name in drawn else "train" for variant, name in zip(VARIANTS, families)}


def espeak(word: str, accent: str, variant: str, speed: int, pitch: int) -> np.ndarray:
    command = ["espeak-ng", "-v", f"{accent}+{variant}", "-s", str(speed), "-p", str(pitch), "--stdout", word]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    return resample_poly(np.frombuffer(wav[44:], "<i2") / 32768, 160, 441)  # from 22,050 samples a second; the header of a stream doesn't know its length


def flite(word: str, voice: str, speed: int, pitch: int) -> np.ndarray:
    "Its best voices have one pitch only; played faster or slower, they are those of smaller or larger people."
    with TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        subprocess.run(["flite", "-voice", voice, "--setf", f"duration_stretch={100 / speed:.3f}", "-t", word, "-o", str(path)], check=True, capture_output=True)
        rate, samples = wavfile.read(path)
    assert rate == 2 * SAMPLE_RATE, f"{voice}: {rate} Hz"
    return resample_poly(samples / 32768, 50, pitch)


def without_silence(samples: np.ndarray) -> np.ndarray:
    "From the first to the last hundredth of a second that is less than 35 dB below the loudest."
    step = SAMPLE_RATE // 100
    loudness = np.sqrt((samples[:len(samples) // step * step].reshape(-1, step) ** 2).mean(1))
    heard = np.flatnonzero(loudness > loudness.max() * 10 ** (-35 / 20))
    return samples[heard[0] * step:(heard[-1] + 1) * step]


def speak(how: Spoken) -> tuple[np.ndarray, Spoken]:
    "The digit without silence around it. What is too long for a patch is spoken faster."
    while True:
        word = DIGITS[how.digit]
        samples = espeak(word, how.accent, how.voice, how.speed, how.pitch) if how.program == "espeak-ng" else flite(word, how.voice, how.speed, how.pitch)
        samples = without_silence(samples)
        if len(samples) <= LENGTH: return samples, how
        how = how._replace(speed=round(1.1 * how.speed))


def noise(rng: np.random.Generator) -> np.ndarray:
    "Noise of mean power 1, from white (all frequencies alike) to pink (low ones louder)."
    spectrum = np.fft.rfft(rng.standard_normal(LENGTH))
    samples = np.fft.irfft(spectrum * np.arange(1, len(spectrum) + 1) ** (-rng.uniform(0, 0.5)), LENGTH)
    return samples / np.sqrt((samples ** 2).mean())


def patch(samples: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    "The patch of the digit, up to 20 ms off the middle, in noise; (32, 32) levels."
    room = LENGTH - len(samples)
    start = int(np.clip(room // 2 + rng.integers(-160, 161), 0, room))
    whole = np.pad(samples, (start, room - start))
    whole = whole + np.sqrt((samples ** 2).mean()) * 10 ** (-snr / 20) * noise(rng)
    return np.round((LEVELS - 1) * log_mel(whole)[0].numpy()).astype(np.uint8)


def plan(rng: np.random.Generator) -> list[Spoken]:
    "What is to be spoken, the training part first, within a part in random order."
    sides, planned = parts(), []
    for variant in VARIANTS:
        for digit in list(range(10)) * EACH_VARIANT:
            planned.append(Spoken(sides[variant], digit, "espeak-ng", variant, str(rng.choice(ACCENTS)), int(rng.integers(130, 221)), int(rng.integers(20, 81)), 0))
    for voice, part in FLITE.items():
        for digit in list(range(10)) * EACH_FLITE: planned.append(Spoken(part, digit, "flite", voice, "-", int(rng.integers(80, 131)), int(rng.integers(88, 115)), 0))
    planned = [planned[i]._replace(snr=round(rng.uniform(10, 40), 1)) for i in rng.permutation(len(planned))]
    return sorted(planned, key=lambda how: how.part, reverse=True)


def idx(patches: np.ndarray) -> bytes:
    "The format of MNIST: unsigned bytes, three dimensions."
    return bytes([0, 0, 8, 3]) + np.array(patches.shape, ">i4").tobytes() + patches.tobytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("datasets/spoken-digits"))
    args = parser.parse_args()
    rng, patches, rows = np.random.default_rng(0), [], []
    for how in plan(rng):
        samples, how = speak(how)
        patches.append(patch(samples, how.snr, rng))
        rows.append("\t".join(map(str, how)) + "\n")
    files = {"patches-idx3-ubyte.gz": idx(np.stack(patches)), "samples.tsv.gz": ("\t".join(Spoken._fields) + "\n" + "".join(rows)).encode()}
    print(f"{len(rows):,} patches, {write_packed(args.out, files):,} bytes")


if __name__ == "__main__": main()
