"""Sound: patches that know their pitch and decibels, a way back that keeps them, files that are whole, and a data set whose test voices are new."""
import gzip
import os
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from scipy.io import wavfile

import support
from ssgan_edu.audio import HOP, LENGTH, RANGE, SAMPLE_RATE, PatchMixture, digit_judge, in_a_row, judged, log_mel, to_waveform, wav_bytes, write_wav
from ssgan_edu.data import DataError, _spoken_digits, carried, load_dataset
from ssgan_edu.music import synthesize, to_wav

refused = support.refused
spoken = pytest.fixture(scope="module")(lambda: load_dataset("spoken-digits"))
FOLDER = carried("datasets") / "spoken-digits"


def tone(hertz: float, n: int = LENGTH) -> torch.Tensor: return torch.sin(2 * torch.pi * hertz * torch.arange(n) / SAMPLE_RATE)


# --- the data -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    header, *lines = gzip.decompress((FOLDER / "samples.tsv.gz").read_bytes()).decode().splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"))) for line in lines]


@pytest.fixture(scope="module")
def recipe():
    "The program that built the data."
    import build_spoken_digits
    return build_spoken_digits


def test_the_data_set_is_what_its_card_says(spoken):
    assert (spoken.kind, spoken.shape, spoken.class_names) == ("image", (1, 32, 32), tuple("0123456789"))
    assert spoken.y_train.bincount().tolist() == [288] * 10 and spoken.y_test.bincount().tolist() == [100] * 10
    for x in (spoken.x_train, spoken.x_test):
        levels = 15 * x
        assert torch.allclose(levels, levels.round(), atol=1e-5) and (x.flatten(1).amax(1) == 1).all() and 0.1 < x.mean() < 0.3
    assert len((15 * spoken.x_train).round().unique()) == 16


def test_no_voice_and_no_family_of_voices_is_on_both_sides(rows, recipe):
    voices = {part: {(row["program"], row["voice"]) for row in rows if row["part"] == part} for part in ("train", "test")}
    assert (len(voices["train"]), len(voices["test"])) == (69, 22) and not voices["train"] & voices["test"]
    families = {part: {recipe.family(voice) for _, voice in voices[part]} for part in voices}
    assert not families["train"] & families["test"] and {"steph", "m3"} <= families["test"]


def test_the_recipe_still_draws_these_voices(rows, recipe):
    drawn = recipe.parts()
    assert all(drawn[row["voice"]] == row["part"] for row in rows if row["program"] == "espeak-ng")
    assert Counter(row["voice"] for row in rows) == {**{voice: 40 for voice in recipe.VARIANTS}, **{voice: 100 for voice in recipe.FLITE}}


def test_families_are_told_by_their_names(recipe):
    assert [recipe.family(name) for name in ("steph", "steph3", "klatt2", "m1", "f5", "max")] == ["steph", "steph", "klatt", "m1", "f5", "max"]


def test_the_patches_are_in_the_order_of_the_table(spoken, rows):
    for part, y in (("train", spoken.y_train), ("test", spoken.y_test)): assert y.tolist() == [int(row["digit"]) for row in rows if row["part"] == part]
    raw = np.frombuffer(gzip.decompress((FOLDER / "patches-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16).reshape(-1, 32, 32)
    assert np.array_equal(raw[2880] / np.float32(15), spoken.x_test[0, 0].numpy())


@pytest.mark.parametrize("name", ["patches-idx3-ubyte.gz", "samples.tsv.gz"])
def test_a_damaged_file_is_refused(name, tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "copy")
    contents = bytearray((folder / name).read_bytes())
    contents[len(contents) // 2] ^= 1
    (folder / name).write_bytes(contents)
    with refused(name, "damaged", kind=DataError): _spoken_digits(folder)


def test_the_patch_of_the_recipe_is_that_of_the_library(recipe):
    "In almost no noise, in the middle: rounded to levels, it is `log_mel`."
    class Middle:
        integers = staticmethod(lambda low, high: 0)
        uniform = staticmethod(lambda low, high: 0.0)
        standard_normal = staticmethod(np.random.default_rng(0).standard_normal)
    samples = np.sin(2 * np.pi * 800 * np.arange(3000) / SAMPLE_RATE)
    assert np.array_equal(recipe.patch(samples, 200, Middle), np.round(15 * log_mel(samples)[0].numpy()))


# --- sound to patch -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hertz, band", [(300, 3), (440, 5), (1000, 13), (2000, 22), (3500, 30)])
def test_a_pure_tone_is_in_the_band_that_a_hand_computes(hertz, band):
    "Place (m − 0.75) / 1.04284 − 1 with m = 3 f / 200 below 1,000 Hz, 15 + 27 ln(f / 1000) / ln 6.4 above: 2.60, 4.61, 12.66, 22.33, 30.14."
    patch = log_mel(tone(hertz))
    assert patch.shape == (1, 32, 32) and patch.dtype == torch.float32
    assert (patch[0, :, 4:28].argmax(0) == 31 - band).all() and patch.max() == 1 and patch.min() == 0


def test_twenty_decibels_are_half_of_the_scale():
    "The second half of a tone has a tenth of the amplitude: 20 dB less, of 40."
    loud_then_soft = tone(1000) * torch.where(torch.arange(LENGTH) < LENGTH // 2, 1.0, 0.1)
    row = log_mel(loud_then_soft)[0, 18]
    assert torch.allclose(row[4:12], torch.ones(8), atol=0.005) and torch.allclose(row[20:28], torch.full((8,), 1 - 20 / RANGE), atol=0.005)


@pytest.mark.parametrize("scale", [1e-25, 0.01, 1e4])
def test_loudness_makes_no_difference(scale):
    sound = tone(700) + 0.3 * tone(2100)
    assert torch.allclose(log_mel(scale * sound), log_mel(sound), atol=1e-4)


def test_what_is_short_is_put_in_the_middle():
    patch = log_mel(tone(1000, 2000).numpy().astype(np.float64))
    assert (patch[0, 18, 14:18] > 0.95).all() and (patch[0, :, :6] == 0).all() and (patch[0, :, 26:] == 0).all()


@pytest.mark.parametrize("waveform, said", [
    (torch.zeros(100), ["silent", "all samples are 0"]), (torch.ones(LENGTH + 1), [f"{LENGTH + 1} samples", f"holds {LENGTH}", "8000 Hz"]),
    (torch.ones(1, 100), ["(1, 100)", "(T,)"]), (torch.ones(0), ["(0,)"]), (torch.tensor([0.0, torch.nan]), ["NaN"]), (torch.tensor([0.0, torch.inf]), ["infinite"])],
    ids=["silent", "long", "channels", "empty", "NaN", "infinite"])
def test_what_has_no_patch_is_refused(waveform, said):
    with refused(*said): log_mel(waveform)


# --- patch to sound -------------------------------------------------------------------------------------------------


def test_the_way_to_sound_and_back_keeps_a_patch(spoken):
    "On the average within 1 dB, where the data are stored in steps of 2.7 dB; a shift by one frame would be 3 dB off or more."
    patches = spoken.x_test[:12]
    again = torch.stack([log_mel(to_waveform(patch)) for patch in patches])
    off = RANGE * (again - patches).abs().mean((1, 2, 3))
    assert off.max() < 1 and RANGE * (patches.roll(1, 3) - patches).abs().mean() > 2
    assert (judged(again) == judged(patches)).sum() >= 11


def test_sound_is_the_same_each_time_and_fits_into_a_file(spoken):
    sound = to_waveform(spoken.x_test[0])
    assert torch.equal(sound, to_waveform(spoken.x_test[0])) and sound.shape == (LENGTH,) and sound.dtype == torch.float32
    assert sound.abs().max() == pytest.approx(0.9)


def test_a_tone_comes_back_at_its_pitch():
    sound = to_waveform(log_mel(tone(1000)))
    assert abs(int(torch.fft.rfft(sound).abs().argmax()) * SAMPLE_RATE / LENGTH - 1000) < 60


def test_a_silent_patch_is_silent(): assert torch.equal(to_waveform(torch.zeros(1, 32, 32)), torch.zeros(LENGTH))


def test_more_rounds_fit_better(spoken):
    def off(rounds): return sum((log_mel(to_waveform(patch, rounds)) - patch).abs().mean() for patch in spoken.x_test[:4])
    assert off(32) < off(1)


def test_sounds_in_a_row_have_pauses_between_them(spoken):
    sound = in_a_row(spoken.x_test[:3], pause=0.1)
    one = LENGTH + SAMPLE_RATE // 10
    assert len(sound) == 3 * one and torch.equal(sound[one:one + LENGTH], to_waveform(spoken.x_test[1]))
    assert (sound.view(3, one)[:, LENGTH:] == 0).all()


@pytest.mark.parametrize("patches, said", [
    (torch.zeros(1, 32, 32), ["(1, 32, 32)", "patch[None]"]), (torch.zeros(0, 1, 32, 32), ["(0, 1, 32, 32)", "at least 1"]),
    (torch.zeros(2, 1, 28, 28), ["(2, 1, 28, 28)"]), (torch.full((1, 1, 32, 32), 1.5), ["1.5", "[0, 1]"]), (torch.full((1, 1, 32, 32), torch.nan), ["nan", "[0, 1]"])],
    ids=["single", "none", "size", "range", "NaN"])
def test_what_are_no_patches_is_refused(patches, said):
    with refused(*said): in_a_row(patches)
    with refused(*said): judged(patches)


def test_settings_that_make_no_sound_are_refused(spoken):
    with refused("rounds=0", "at least 1"): to_waveform(spoken.x_test[0], rounds=0)
    with refused("pause=-1", "at least 0"): in_a_row(spoken.x_test[:1], pause=-1)


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_file_holds_the_samples(tmp_path):
    sound = torch.tensor([0.0, 1.0, -1.0, 0.5])
    write_wav(tmp_path / "new" / "a.WAV", sound)
    rate, samples = wavfile.read(tmp_path / "new" / "a.WAV")
    assert (rate, samples.dtype, samples.tolist()) == (8000, np.int16, [0, 32767, -32767, 16384])


def test_tunes_and_digits_are_written_alike():
    sound = 0.9 * synthesize("A4 - C5 -")
    assert wav_bytes(sound) == to_wav(["A4 - C5 -"])


def test_patches_become_one_file(spoken, tmp_path):
    write_wav(tmp_path / "digits.wav", in_a_row(spoken.x_test[:2]))
    assert len(wavfile.read(tmp_path / "digits.wav")[1]) == 2 * (LENGTH + 1600)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    write_wav(path, tone(440))
    before = path.read_bytes()
    def full(*_): raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "replace", full)
    with refused("a.wav", "No space left"): write_wav(path, tone(880))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name, waveform, said", [("a.mp3", [0.5], ["a.mp3", ".wav"]), ("a.wav", [1.5], ["1.5", "[-1, 1]"]), ("a.wav", [float("nan")], ["NaN"]), ("a.wav", [[0.5]], ["(1, 1)"])],
                         ids=["name", "range", "NaN", "channels"])
def test_what_cannot_be_written_is_refused(name, waveform, said, tmp_path):
    with refused(*said): write_wav(tmp_path / name, torch.tensor(waveform))
    assert list(tmp_path.iterdir()) == []


# --- the judge, and the library for sound ---------------------------------------------------------------------------


def test_the_judge_knows_digits_of_voices_that_it_never_heard(spoken):
    right = (judged(spoken.x_test) == spoken.y_test).double().mean()
    assert 0.85 < right < 0.95 and digit_judge() is digit_judge()


def test_a_mixture_draws_patches_like_those_it_saw(spoken):
    mixture = PatchMixture(spoken.x_train)
    drawn = mixture.sample(500, seed=1)
    assert drawn.shape == (500, 1, 32, 32) and drawn.dtype == torch.float32 and 0 <= drawn.min() and drawn.max() <= 1
    assert torch.equal(drawn, mixture.sample(500, seed=1)) and not torch.equal(drawn, mixture.sample(500, seed=2))
    assert abs(drawn.mean() - spoken.x_train.mean()) < 0.02 and (judged(drawn).bincount(minlength=10) >= 20).all()
    among_all, in_one = (drawn.mean(0), spoken.x_train.mean(0)), (drawn.std(0).mean(), spoken.x_train.std(0).mean())
    assert (among_all[0] - among_all[1]).abs().mean() < 0.02 and 0.8 < in_one[0] / in_one[1] < 1


def test_a_mixture_needs_patches_and_draws_at_least_one(spoken):
    with refused("399 patches", "at least 400"): PatchMixture(spoken.x_train[:399])
    with refused("n=0", "at least 1"): PatchMixture(spoken.x_train[:400]).sample(0)


def test_librosa_is_imported_when_it_is_needed_and_not_before():
    asked = "import sys, ssgan_edu.audio, ssgan_edu.cli; print('librosa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_missing_librosa_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with refused("librosa", "pip install"): log_mel(tone(440))


def test_a_frame_is_every_twenty_milliseconds(): assert HOP / SAMPLE_RATE == 0.02 and LENGTH / SAMPLE_RATE == 0.62
