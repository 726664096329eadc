"""Tunes: symbols and notes, measures against values found by hand, sound and MIDI, the blind test, and a data set without a tune on both sides."""
import gzip
import io
import math
from dataclasses import replace

import mido
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

import support
from ssgan_edu import music
from ssgan_edu.data import DataError, carried, load_dataset, seeded, verified_bytes
from ssgan_edu.music import (COMPOSERS, SAMPLE_RATE, STEP_SECONDS, ListeningTest, Note, TuneChain, baseline_tunes, copied_bars, decode_tunes, encode_tunes, groove_consistency,
                             measure_tunes, notes, pitch_class_entropy, pitch_class_histogram, pitch_class_overlap, plot_staff, plot_tunes, rhythm, rhythm_divergence,
                             scale_consistency, synthesize, to_midi, to_wav, transition_divergence)
from ssgan_edu.text import LetterLSTM, fit_likelihood

some = settings(deadline=None, derandomize=True, max_examples=40)
PITCHES = ["C5", "C#5", "D5", "Eb4", "F#5", "G3", "Bb4", "G6"]
SYMBOLS = ("", "-", ".", *PITCHES)
texts = st.lists(st.sampled_from(SYMBOLS[1:]), min_size=1, max_size=64).map(" ".join)
EVEN, DOTTED = "C5 - " * 8, "C5 - - C5 " * 4  # a bar each, of eight notes

tunes = pytest.fixture(scope="module")(lambda: load_dataset("tunes"))


def rows() -> list[list[str]]:
    contents = gzip.decompress(verified_bytes(carried("datasets") / "tunes" / "tunes.tsv.gz")).decode()
    return [line.split("\t") for line in contents.splitlines()]


# --- the data -------------------------------------------------------------------------------------------------------


def test_the_data_set_is_what_its_card_says(tunes):
    assert tunes.class_names == ("reel", "hornpipe", "strathspey", "clog") and tunes.kind == "sequence" and tunes.shape == (64, 39)
    assert tunes.y_train.bincount().tolist() == [300] * 4 and tunes.y_test.bincount().tolist() == [80] * 4
    for x in (tunes.x_train, tunes.x_test): assert (x.sum(2) == 1).all() and ((x == 0) | (x == 1)).all() and (x[:, :, 0] == 0).all(), "all are of full length"
    assert tunes.symbols[:4] == ("", "-", ".", "G3") and tunes.symbols[-1] == "G6"
    card = (carried("datasets") / "tunes" / "README.md").read_text()
    for dance in tunes.class_names:
        mine = [row for row in rows() if row[0] == dance]
        counts = [n for part in ("train", "test") for of in [[row for row in mine if row[1] == part]] for n in (len(of), len({title for _, _, title, _ in of}))]
        said = next(line for line in card.splitlines() if line.startswith(f"| {dance} |"))
        assert [int(cell) for cell in said.strip("|").split("|")[1:]] == pytest.approx(counts, abs=1), "two tunes of a dance may have one title"


def test_symbols_rise_in_pitch(tunes):
    pitches = [notes(symbol)[0].pitch for symbol in tunes.symbols[3:]]
    assert pitches == sorted(pitches) and len(set(pitches)) == len(pitches)


def test_the_tensors_are_the_tunes_of_the_file_in_its_order(tunes):
    for part, x, y in (("train", tunes.x_train, tunes.y_train), ("test", tunes.x_test, tunes.y_test)):
        listed = [(dance, tune) for dance, p, _, tune in rows() if p == part]
        assert list(zip((tunes.class_names[k] for k in y), decode_tunes(x, tunes.symbols))) == listed


def test_no_tune_is_on_both_sides():
    "Under whatever title: no two bars in a row of a test tune are in a training tune, in its pitches and its rhythm."
    def pairs(tune): return {" ".join(tune.split()[i:i + 32]) for i in (0, 16, 32)}
    sides = {part: set().union(*(pairs(tune) for _, p, _, tune in rows() if p == part)) for part in ("train", "test")}
    assert not sides["train"] & sides["test"] and len(sides["test"]) > 500


def test_every_window_is_there_once_and_begins_with_a_note_or_a_rest():
    every = [tune for *_, tune in rows()]
    assert len(set(every)) == len(every) == 1520
    assert all(len(tune.split()) == 64 and not tune.startswith("-") and notes(tune) for tune in every)


def test_a_damaged_file_is_refused(tmp_path):
    from ssgan_edu.data import _tunes
    (tmp_path / "SHA256SUMS").write_text((carried("datasets") / "tunes" / "SHA256SUMS").read_text())
    (tmp_path / "tunes.tsv.gz").write_bytes(b"x")
    with support.refused("tunes.tsv.gz", "damaged", kind=DataError): _tunes(tmp_path)


# --- symbols and notes ----------------------------------------------------------------------------------------------


@given(texts)
@some
def test_tunes_come_back(tune):
    assert decode_tunes(encode_tunes([tune], SYMBOLS), SYMBOLS) == [tune]


def test_bar_lines_are_for_the_eye():
    assert torch.equal(encode_tunes(["C5 - | D5"], SYMBOLS, 4), encode_tunes(["C5 - D5"], SYMBOLS, 4))


def test_notes_by_hand():
    assert notes("C5 - - D5 . - G3") == [Note(72, 0, 3), Note(74, 3, 1), Note(55, 6, 1)]
    assert notes("- - A4") == [Note(69, 2, 1)], "a hold without a note is silence"
    assert notes(". -") == [] and [note.pitch for note in notes("C4 Bb4 F#5")] == [60, 70, 78]


@pytest.mark.parametrize("call, said, kind", [
    (lambda: encode_tunes(["C5 H5"], SYMBOLS), ["'H5'", "Known: - . C5"], DataError), (lambda: encode_tunes(["C5 " * 65], SYMBOLS), ["65 symbols", "1 to 64"], DataError),
    (lambda: encode_tunes([""], SYMBOLS), ["0 symbols"], DataError), (lambda: decode_tunes(torch.zeros(1, 4, 3), SYMBOLS), ["(1, 4, 3)", "11 symbols"], None),
    (lambda: notes("C5 x"), ["'x' is no note", "C#", "C5"], None), (lambda: notes("Db5"), ["'Db5'"], None),
    (lambda: notes("C²"), ["'C²' is no note", "from 0 to 9"], None), (lambda: notes("C٣"), ["'C٣' is no note"], None), (lambda: notes("G#9"), ["'G#9'", "128", "127, G9", "lower"], None),
    (lambda: to_midi(["C5", "B9"]), ["'B9'", "131"], None), (lambda: to_wav([]), ["no tunes to hear"], None), (lambda: to_wav(["C5", "."]), ["no note"], None),
    (lambda: synthesize("C5 C8"), ["C8 has 4,186 Hz", "8,000 samples", "less than 4,000 Hz", "higher rate"], None), (lambda: to_wav(["A4"], rate=880), ["A4 has 440 Hz", "less than 440 Hz"], None),
    (lambda: plot_tunes([]), ["no tunes"], None), (lambda: synthesize(". -"), ["no note"], None), (lambda: TuneChain([]), ["no tunes"], None),
    (lambda: pitch_class_histogram([". -"]), ["None of 1 tunes has a note"], None), (lambda: groove_consistency([EVEN]), ["two bars", "32 places"], None),
    (lambda: copied_bars(["C5"], [EVEN]), ["whole bar", "16 places"], None), (lambda: ListeningTest({"a": [EVEN] * 3}), ["1 sources"], None),
    (lambda: ListeningTest({"a": [EVEN] * 3, "b": [EVEN]}), ["'b' has 1", "each=3"], None)])
def test_what_cannot_be_done_says_so(call, said, kind):
    with (support.refused(*said, kind=kind) if kind else support.refused(*said)): call()


# --- measures -------------------------------------------------------------------------------------------------------


def test_pitch_classes_by_hand():
    np.testing.assert_allclose(pitch_class_histogram(["C5 C4 - G4", "G5"]), [0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0])
    assert pitch_class_overlap(["C5 C4 G4 G5"], ["C5 C4 C5 E4"]) == pytest.approx(0.5) and pitch_class_overlap(["C5"], ["D5"]) == 0


@given(texts, texts)
@some
def test_overlap_and_divergences_agree_about_what_is_the_same(one, other):
    if not notes(one) or not notes(other): return
    assert pitch_class_overlap([one], [one]) == pytest.approx(1) and 0 <= pitch_class_overlap([one], [other]) <= 1 + 1e-9
    assert pitch_class_overlap([one], [other]) == pytest.approx(pitch_class_overlap([other], [one]))
    assert transition_divergence([one], [one]) == pytest.approx(0, abs=1e-9) and -1e-9 <= transition_divergence([one], [other]) <= 1 + 1e-9


def test_transitions_by_hand():
    "C D against D C: ^C, CD, D$ against ^D, DC, C$, nothing in common; an octave makes no difference."
    assert transition_divergence(["C5 D5"], ["D5 C5"]) == pytest.approx(1) and transition_divergence(["C5 - D5"], ["C4 D5 -"]) == pytest.approx(0)


def test_rhythms_know_no_pitch():
    assert rhythm("C5 - . D5") == "o-.o" and rhythm_divergence(["C5 - D5 -"], ["G5 - G5 -"], 3) == pytest.approx(0) and rhythm_divergence([EVEN], [DOTTED]) > 0.5


def test_scale_consistency_by_hand():
    "C D E F#: three of four in C major, all in G major. C C# D: no scale has all three, two in a row are in some."
    assert scale_consistency(["C5 D5 E5 F#5"]) == 1 and scale_consistency(["C5 C#5 D5"]) == pytest.approx(2 / 3)
    assert scale_consistency(["C5 D5 E5 F5 G5 A5 B5"]) == scale_consistency(["C5 D5 Eb5 F5 G5 G#5 Bb5"]) == 1, "major and natural minor"
    assert scale_consistency(["C5 D5 Eb5 F5 G5 A5 B5"]) == pytest.approx(6 / 7), "not the melodic minor"
    assert scale_consistency(["C5 D5 E5", "C5 C#5 D5", ". -"]) == pytest.approx((1 + 2 / 3) / 2), "the mean over tunes that have notes"


def test_pitch_class_entropy_by_hand():
    assert pitch_class_entropy(["C5 - C4"]) == 0 and pitch_class_entropy(["C5 D5 E5 F5"]) == pytest.approx(2)
    assert pitch_class_entropy(["C5 C5 C5 D5"]) == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert pitch_class_entropy([" ".join(f"{name}5" for name in "C C# D Eb E F F# G G# A Bb B".split())]) == pytest.approx(math.log2(12))


def test_groove_consistency_by_hand():
    "Even notes begin at 0, 2, 4, …, dotted ones at 0, 3, 4, 7, …: they disagree at 2 and 3 of every four places."
    assert groove_consistency([EVEN * 4]) == 1 and groove_consistency([EVEN + DOTTED]) == pytest.approx(0.5)
    assert groove_consistency([EVEN + EVEN + DOTTED]) == pytest.approx(0.75) and groove_consistency([EVEN * 2 + "C5"]) == 1, "what is left after whole bars isn't compared"


def test_copies_are_counted_by_bars():
    assert copied_bars([EVEN + DOTTED], [DOTTED + DOTTED]) == 0.5 and copied_bars([EVEN * 2], [("- " + EVEN)[:-2]]) == 0, "a bar begins at its first beat"


def test_real_tunes_are_at_the_floor_and_shuffled_ones_are_not(tunes):
    known, test = (decode_tunes(x, tunes.symbols) for x in (tunes.x_train, tunes.x_test))
    rng = np.random.default_rng(0)
    def shuffle(tune): return " ".join(rng.permutation(tune.split()))
    real, mixed = (measure_tunes(list_of, test[::2], known) for list_of in (test[1::2], [*map(shuffle, test[1::2])]))
    assert real["novelty"] == real["distinct"] == 1 and real["scale consistency"] > 0.95 and real["pitch-class overlap"] > 0.95
    assert mixed["rhythm divergence"] > real["rhythm divergence"] + 0.2 and mixed["groove consistency"] < real["groove consistency"] - 0.1
    assert mixed["transition divergence"] > 3 * real["transition divergence"] and mixed["copied bars"] < real["copied bars"]


# --- baselines ------------------------------------------------------------------------------------------------------


def test_a_chain_writes_what_it_has_seen_on_its_beat(tunes):
    known = decode_tunes(tunes.x_train[::20], tunes.symbols)
    chain = TuneChain(known, 2)
    written = chain.sample(30, seed=1)
    assert written == chain.sample(30, seed=1) != chain.sample(30, seed=2) and {len(tune.split()) for tune in written} == {64}
    def pairs(tune): return {(place % 16, *pair) for place, pair in enumerate(zip(tune.split(), tune.split()[1:]))}
    assert set().union(*map(pairs, written)) <= set().union(*map(pairs, known))


@pytest.mark.parametrize("count", [1, 30])
def test_a_chain_too_cold_for_a_whole_tune_says_so(tunes, count):
    "At a bar line the end is the likeliest, so hardly a tune gets past the first ones."
    chain = TuneChain(decode_tunes(tunes.x_train[::4], tunes.symbols), 3)
    with support.refused("temperature=0.02", "draws in a row", "64 places", "higher temperature", "larger n"): chain.sample(count, temperature=0.02)
    with support.refused("temperature=0.0"): chain.sample(count, temperature=0.0)


def test_a_chain_goes_on_as_long_as_it_finds_a_tune_now_and_then(tunes, monkeypatch):
    "Less than one in seven draws has full length here, so thirty tunes take more than 200 draws, but never as many in a row."
    chain = TuneChain(decode_tunes(tunes.x_train, tunes.symbols), 5)
    drawn, sample = [], chain.model.sample
    def counted(*given, **more): drawn.extend(found := sample(*given, **more)); return found
    chain.model.sample = counted
    monkeypatch.setattr(music, "_IN_VAIN", 200)
    assert {len(tune.split()) for tune in chain.sample(30, temperature=0.2)} == {64} and len(drawn) > 200


def test_counting_rhythms_learns_from_few_tunes(tunes):
    found = baseline_tunes(tunes.label(per_class=10), tunes.symbols)
    assert list(found) == ["logistic regression", "self-training", "LabelSpreading"] and all(0.15 < error < 0.55 for error in found.values()), "chance is 0.75"


# --- sound, MIDI, figures -------------------------------------------------------------------------------------------


@given(texts)
@some
def test_midi_has_every_note_at_its_time(tune):
    file = mido.MidiFile(file=io.BytesIO(to_midi([tune])))
    now, begun, found = 0, {}, []
    for message in file.tracks[0]:
        now += message.time
        if message.type == "note_on": begun[message.note] = now
        elif message.type == "note_off": found.append(Note(message.note, begun[message.note] // 120, (now - begun[message.note]) // 120))
    assert found == notes(tune) and all(tick % 120 == 0 for tick in begun.values())
    assert file.ticks_per_beat == 480 and next(m for m in file.tracks[0] if m.type == "set_tempo").tempo == round(4e6 * STEP_SECONDS)


def test_tunes_of_a_midi_file_follow_each_other():
    begins = [message.time for message in mido.MidiFile(file=io.BytesIO(to_midi(["C5 -", "D5"]))).tracks[0] if message.type == "note_on"]
    assert begins == [0, 120 * 16], "after the first note's end a bar of rest"


def test_sound_has_the_pitch_of_the_note():
    rate, samples = wavfile.read(io.BytesIO(to_wav(["A4" + " -" * 15])))
    spectrum = np.abs(np.fft.rfft(samples))
    assert rate == SAMPLE_RATE and samples.dtype == np.int16 and np.abs(samples).max() <= 0.9 * 32767
    assert np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()] == pytest.approx(440, abs=2)
    assert len(wavfile.read(io.BytesIO(to_wav(["A4", "C5"])))[1]) == 2 * len(synthesize("A4"))
    assert np.abs(synthesize("C5 G6 -")).max() == 1
    high = np.abs(np.fft.rfft(synthesize("B7" + " -" * 15)))
    assert high.argmax() * SAMPLE_RATE / len(synthesize("B7" + " -" * 15)) == pytest.approx(3951, abs=2), "the highest one, alone without its overtones"


def test_a_file_is_as_near_to_the_sound_as_its_16_bits_allow():
    samples, sound = wavfile.read(io.BytesIO(to_wav(["A4 - C5 -"])))[1], synthesize("A4 - C5 -")
    assert np.abs(samples - 0.9 * 32767 * sound.astype(np.float64)).max() < 0.51, "half a step, and a float32's rounding"


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.2])
def test_a_sound_that_no_file_can_hold_is_refused(wrong, monkeypatch):
    monkeypatch.setattr(music, "synthesize", lambda *given, **more: np.array([0, wrong], np.float32))
    with support.refused(f"reaches {0.9 * wrong:.4g}", "[-1, 1]"): to_wav(["A4"])


def test_figures_show_every_note():
    roll, staff = plot_tunes({"a": "C5 - D5 - " * 4, "b": "G6 . . ."}), plot_staff("C5 - F#5 . " * 4, "a tune")
    assert [len(ax.patches) for ax in roll.axes] == [8, 1] and [ax.get_title(loc="left") for ax in roll.axes] == ["a", "b"]
    assert [text.get_text() for text in staff.axes[0].texts] == ["♯"] * 4
    heads = [line.get_ydata()[0] for line in staff.axes[0].lines if line.get_marker() == "o"]
    assert heads == [5, 8] * 4, "C5 in the third space, F on the top line"


# --- the blind test -------------------------------------------------------------------------------------------------

SOURCES = {"real": ["C5 - - -", "D5 - - -", "E5 - - -"], "chain": ["F5 - - -", "G5 - - -"], "GAN": ["A5 - - -", "B5 - - -"]}


def test_the_blind_test_plays_each_source_alike_and_tells_only_at_the_end():
    ears = ListeningTest(SOURCES, each=2, seed=3)
    assert sorted(source for source, _ in ears.rounds) == sorted([*SOURCES] * 2) and all(tune in SOURCES[source] for source, tune in ears.rounds)
    for i, (source, tune) in enumerate(ears.rounds):
        assert ears.label.value == f"Tune {i + 1} of 6: where does it come from?" and bytes(ears.player.value) == to_wav([tune]) and ears.answer.value == ""
        ears.buttons["real"].click()
    assert ears.guesses == ["real"] * 6 and ears.played == [source for source, _ in ears.rounds] and ears.correct == 2
    assert ears.label.value == "2 of 6 right; guessing would have 2." and ears.answer.value.count("✓") == 2 and all(button.disabled for button in ears.buttons.values())
    ears.guess("GAN")
    assert len(ears.guesses) == 6, "nothing more is taken"


def test_the_order_depends_on_the_seed_alone():
    orders = [ListeningTest(SOURCES, each=2, seed=seed).rounds for seed in (0, 0, 1, 2, 3)]
    assert orders[0] == orders[1] and len({tuple(order) for order in orders}) > 2
    assert len({tuple(source for source, _ in order) for order in orders}) > 2, "the sources are mixed, not only the tunes of each"


def test_the_player_does_not_start_by_itself_and_buttons_say_what_they_do():
    ears = ListeningTest(SOURCES, each=1)
    assert not ears.player.autoplay and ears.player.format == "wav" and "kernel" in repr(ears)
    assert all(source in button.tooltip and button.description == source for source, button in ears.buttons.items())
    with support.refused("'radio'", "real, chain, GAN"): ears.guess("radio")


@pytest.mark.parametrize("name", ["chain of 5", "LSTM at 1.0", "REINFORCE"])
def test_a_composer_learns_the_tunes_that_it_is_given_whatever_their_name(name, tunes):
    "Three steps leave none for rewards: REINFORCE writes what the LSTM does."
    before, part = COMPOSERS[name](tunes, 5, 3, 0), replace(tunes, x_train=tunes.x_train[-90:], y_train=tunes.y_train[-90:])
    model = LetterLSTM(len(tunes.symbols), seed=0)
    for _ in fit_likelihood(model, part.x_train.argmax(2), 3, 0): pass
    by_hand = TuneChain(decode_tunes(part.x_train, tunes.symbols), 5).sample(5) if "chain" in name else \
        decode_tunes(torch.nn.functional.one_hot(model.sample(5, 64, rng=seeded(0, "words")), len(tunes.symbols)), tunes.symbols)
    assert COMPOSERS[name](part, 5, 3, 0) == by_hand != before == COMPOSERS[name](tunes, 5, 3, 0)


def test_tunes_of_unequal_length_are_refused():
    with support.refused("from 2 to 4 places", "equal length"): TuneChain(["C5 - D5 -", "C5 -"])
