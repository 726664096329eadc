"""Words: letters and back, measures that know the end points, baselines, models that learn, and a data set without families across its split."""
import gzip
import math
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import support
from ssgan_edu import text
from ssgan_edu.data import DataError, carried, load_dataset, one_hot, seeded, verified_bytes
from ssgan_edu.networks import GumbelGenerator, build_networks
from ssgan_edu.text import (WRITERS, LetterLSTM, NGramModel, baseline_words, bits_per_letter, bleu, decode, distinct, encode, fit_likelihood, language_judge, measure_words,
                            ngram_counts, ngram_divergence, novelty, recognized, reinforce, self_bleu)
from ssgan_edu.training import SSGAN, train

some = settings(deadline=None, derandomize=True, max_examples=40)
refused = partial(support.refused, kind=DataError)
SYMBOLS = ("", *"abcdefghijklmnopqrstuvwxyzéłö")
lists = st.lists(st.text("abcé", min_size=1, max_size=12), min_size=1, max_size=20)

words = pytest.fixture(scope="module")(lambda: load_dataset("words"))


def rows() -> list[tuple[str, str, str]]:
    contents = gzip.decompress(verified_bytes(carried("datasets") / "words" / "words.tsv.gz")).decode()
    return [tuple(line.split("\t")) for line in contents.splitlines()]


# --- the data -------------------------------------------------------------------------------------------------------


def test_the_data_set_is_what_its_card_says(words):
    assert words.class_names == ("en", "fr", "de", "es", "it", "pl", "fi", "nl") and words.kind == "sequence" and words.shape == (12, 56)
    assert words.y_train.bincount().tolist() == [7000] * 8 and words.y_test.bincount().tolist() == [1000] * 8
    for x in (words.x_train, words.x_test): assert (x.sum(2) == 1).all() and ((x == 0) | (x == 1)).all()
    assert len(words.symbols) == 56 and words.symbols[0] == "" and all(map(str.isalpha, words.symbols[1:]))


def test_every_word_is_there_once_in_lower_case_and_of_fitting_length():
    every = [word for *_, word in rows()]
    assert len(every) == len(set(every)) == 64_000
    assert all(4 <= len(word) <= 12 and word == unicodedata.normalize("NFC", word.lower()) for word in every)


def test_no_family_is_on_both_sides():
    def family(word): return "".join(c for c in unicodedata.normalize("NFD", word.replace("ł", "l")) if not unicodedata.combining(c))[:4]
    sides = {part: {(language, family(word)) for language, p, word in rows() if p == part} for part in ("train", "test")}
    assert not sides["train"] & sides["test"] and len(sides["test"]) > 1000


def test_the_tensors_are_the_words_of_the_file_in_its_order(words):
    for part, x, y in (("train", words.x_train, words.y_train), ("test", words.x_test, words.y_test)):
        listed = [(language, word) for language, p, word in rows() if p == part]
        assert list(zip((words.class_names[k] for k in y), decode(x, words.symbols))) == listed


def test_symbols_belong_to_sequences(words):
    with refused("55 symbols", "(12, 56)"): replace(words, symbols=words.symbols[1:])
    with refused("2 symbols", "points"): replace(load_dataset("blobs"), symbols=("", "a"))


# --- letters and back -----------------------------------------------------------------------------------------------


@given(lists)
@some
def test_decoding_undoes_encoding(listed):
    x = encode(listed, SYMBOLS)
    assert x.shape == (len(listed), 12, len(SYMBOLS)) and x.dtype == torch.float32 and (x.sum(2) == 1).all()
    assert decode(x, SYMBOLS) == listed


def test_encoding_takes_capitals_and_either_form_of_an_accent():
    assert decode(encode(["Été", "E\u0301te\u0301"], SYMBOLS), SYMBOLS) == ["été"] * 2


def test_soft_sequences_are_read_at_their_most_probable_and_end_at_the_first_padding():
    x = torch.zeros(1, 4, 3)
    for place, scores in enumerate(([0.1, 0.5, 0.4], [0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.0, 0.0, 1.0])): x[0, place] = torch.tensor(scores)
    assert decode(x, ("", "a", "b")) == ["ab"]


@pytest.mark.parametrize("word, said", [("", ["''", "1 to 12"]), ("a" * 13, ["13 symbols", "1 to 12"]), ("straße", ["'straße'", "'ß'", "Known: a b"])], ids=["empty", "long", "unknown letter"])
def test_what_cannot_be_encoded_is_refused(word, said):
    with refused(*said): encode(["fine", word], SYMBOLS)


def test_padding_is_no_symbol_that_one_could_write():
    with refused("symbol ''"): one_hot([["a", ""]], ("", "a"), 3)


def test_decoding_asks_for_fitting_symbols():
    with support.refused("(2, 12, 30)", "(N, L, 3)"): decode(encode(["ab", "c"], SYMBOLS), ("", "a", "b"))


# --- measures -------------------------------------------------------------------------------------------------------


def test_ngrams_know_where_words_begin_and_end():
    assert ngram_counts(["aba", "ab"], 2) == Counter({"^a": 2, "ab": 2, "ba": 1, "a$": 1, "b$": 1})
    assert ngram_counts(["a"], 4) == Counter()


@given(lists, lists, st.integers(1, 3))
@some
def test_divergence_is_symmetric_and_between_0_and_1(one, other, n):
    there, back = ngram_divergence(one, other, n), ngram_divergence(other, one, n)
    assert there == pytest.approx(back, abs=1e-9) and -1e-9 <= there <= 1 + 1e-9
    assert ngram_divergence(one, one * 3, n) == pytest.approx(0, abs=1e-9)


def test_divergence_by_hand():
    "Distributions (1/2, 1/2, 0) and (0, 1/2, 1/2) of the letters a, b, c, without the ends: half a bit."
    p, q, m = (0.5, 0.5, 0.0), (0.0, 0.5, 0.5), (0.25, 0.5, 0.25)
    by_hand = sum(0.5 * a * math.log2(a / b) for side in (p, q) for a, b in zip(side, m) if a)
    assert by_hand == 0.5
    inner = ngram_divergence(["ab"], ["bc"], 1)  # ^ and $ are a half of what is counted, and equal
    assert inner == pytest.approx(0.25)
    assert ngram_divergence(["aaa"], ["bbb"], 3) == pytest.approx(1)
    with support.refused("4 letters"): ngram_divergence(["a"], ["abcd"], 4)


def test_bleu_by_hand():
    "Of 'abab': letters 4 of 4 (a and b twice in a reference), pairs ab, ba, ab: 'abba' has ab and ba once, so 2 of 3."
    assert bleu(["abab"], ["abba"], 2) == pytest.approx(math.sqrt(2 / 3))
    assert bleu(["ab"], ["abba"], 2) == pytest.approx(math.exp(1 - 4 / 2)), "all is found; the penalty for a word half as long"
    assert bleu(["abc", "x"], ["abc"], 1) == pytest.approx(3 / 4 * math.exp(1 - 6 / 4))
    assert bleu(["xyz"], ["abc"], 2) == 0 and bleu(["abcd", "dcba"], ["abcd", "dcba", "ab"], 4) == 1
    with support.refused("0 words"): bleu([], ["a"])


def test_bleu_takes_the_best_reference_for_each_ngram():
    assert bleu(["aabb"], ["aac", "cbb"], 1) == 1 and bleu(["aabb"], ["aac", "cb"], 1) == pytest.approx(3 / 4)


def test_self_bleu_sees_repetition():
    assert self_bleu(["abcd"] * 10) == 1 and self_bleu(["abcd", "efgh"] * 5, 2) == 0


def test_novelty_and_distinct_count():
    assert novelty(["a", "b", "b", "c"], {"b"}) == 0.5 and distinct(["a", "b", "b", "c"]) == 0.75
    for measure in (partial(novelty, known=()), distinct, partial(recognized, language=0)):
        with support.refused("no words"): measure([])


def test_the_judge_recognizes_words_it_never_saw(words):
    test = decode(words.x_test, words.symbols)
    assert (language_judge()(test) == words.y_test.numpy()).mean() > 0.75
    finnish = [word for word, k in zip(test, words.y_test) if k == 6]
    assert recognized(finnish, 6) > 0.8 and recognized(finnish, 0) < 0.1


# --- baselines and models -------------------------------------------------------------------------------------------


def test_baselines_learn_from_few_words(words):
    found = baseline_words(words.label(per_class=10), words.symbols, n_unlabeled=2000)
    assert list(found) == ["logistic regression", "self-training", "LabelSpreading"] and all(0.3 < error < 0.7 for error in found.values()), "chance is 0.875"
    assert found["LabelSpreading"] < 0.63, "with unlabeled words of one language only, as the first 2,000 are, 0.75 and more"


def test_baselines_of_fewer_words_than_neighbors(words):
    assert all(0 <= error <= 1 for error in baseline_words(words.label(per_class=1, unlabeled=20), words.symbols).values())


def test_an_ngram_model_writes_what_it_has_seen():
    model = NGramModel(["abab", "abc"], n=2)
    written = model.sample(300, seed=1)
    assert written == model.sample(300, seed=1) != model.sample(300, seed=2)
    pairs = set(ngram_counts(["abab", "abc"], 2))
    assert all(set(ngram_counts([word], 2)) <= pairs for word in written if len(word) < 12) and max(map(len, written)) <= 12
    follows_ab = Counter(word[2:3] for word in written)
    assert follows_ab["a"] / 300 == pytest.approx(1 / 3, abs=5 * math.sqrt(2 / 9 / 300)), "five standard errors"


def test_cold_models_write_what_is_likely():
    model = NGramModel(["aa"] * 9 + ["ba"], n=2)
    assert set(model.sample(50, temperature=0.01)) == {"a"} < set(model.sample(50)), "after an a the end is a little likelier than another a: ten times against nine"
    for temperature in (0, -1.0):
        with support.refused(f"temperature={temperature}"): model.sample(1, temperature)
    with support.refused("n=0"): NGramModel(["a"], 0)


def trained_lstm(words, steps=60) -> tuple[LetterLSTM, list[dict]]:
    model = LetterLSTM(56, hidden=32)
    return model, list(fit_likelihood(model, words.x_train.argmax(2), steps))


def test_the_lstm_learns_letters_and_ends_words(words):
    codes = words.x_test[::10].argmax(2)
    untrained = bits_per_letter(LetterLSTM(56, hidden=32), codes)
    model, records = trained_lstm(words)
    assert untrained == pytest.approx(math.log2(56), abs=0.3) and records[-1]["step"] == 60
    assert bits_per_letter(model, codes) < 4.6
    written = model.sample(200, rng=seeded(0))
    assert written.shape == (200, 12) and torch.equal(written, model.sample(200, rng=seeded(0)))
    ended = (written == 0).cumsum(1) > 0
    assert (written[ended] == 0).all() and ended[:, -1].float().mean() > 0.5


def test_the_lstm_sees_no_letter_before_its_turn(words):
    model, codes = LetterLSTM(56, hidden=16), words.x_test[:5].argmax(2)
    other = codes.clone()
    other[:, 3] = 1
    assert torch.equal(model(codes)[:, :4], model(other)[:, :4]) and not torch.equal(model(codes)[:, 4], model(other)[:, 4])


def test_reinforce_raises_its_reward():
    "Against a discriminator that only knows how many a's there are, the generator learns to write them."
    class CountsA(torch.nn.Module):
        def __init__(self):
            super().__init__(); self.idle = torch.nn.Parameter(torch.zeros(()))
        def forward(self, x, noise=None): return (4 * x[..., 1].mean(1, keepdim=True) - 1) + 0 * self.idle, x.flatten(1)
    generator, x = LetterLSTM(4, hidden=16), torch.eye(4)[torch.randint(4, (50, 6), generator=seeded(0))]
    records = list(reinforce(generator, CountsA(), x, steps=150, batch_size=100, learning_rate=5e-3))
    assert records[-1]["reward"] > records[0]["reward"] + 0.2 and set(records[0]) == {"step", "reward", "unsupervised", "entropy"}
    assert (generator.sample(200, 6, rng=seeded(1)) == 1).float().mean() > 0.7


def test_entropy_keeps_the_choices_open():
    def entropy_after(bonus):
        generator, (discriminator, _) = LetterLSTM(4, hidden=16), build_networks("sequence", (6, 4), "sequence", 1)
        return list(reinforce(generator, discriminator, torch.eye(4)[torch.ones(50, 6, dtype=torch.long)], 80, batch_size=50, entropy=bonus, learning_rate=5e-3))[-1]["entropy"]
    assert entropy_after(1.0) > entropy_after(0.0) + 0.1


# --- the generator that draws ---------------------------------------------------------------------------------------


def test_gumbel_draws_each_symbol_with_its_probability():
    generator = GumbelGenerator((1, 3), width=4).eval()
    generator.body[-1].bias.data = torch.tensor([0.0, 1.0, -2.0])
    rng = seeded(0)
    z = generator.draw(1, rng)[:, :100].expand(20_000, -1)
    u = torch.rand(20_000, 3, generator=rng)
    with torch.no_grad():
        p = generator.body(z[:1]).softmax(1)[0, :, 0]
        shares = generator(torch.cat([z, u], 1)).mean((0, 1))
    torch.testing.assert_close(shares, p, atol=5 * 0.5 / math.sqrt(20_000), rtol=0)


def test_gumbel_cools_as_it_trains_and_goes_on_from_a_checkpoint(words, tmp_path):
    split = words.label(per_class=2)
    model = SSGAN.for_split(split, "improved", networks="gumbel")
    for _ in zip(range(3), train(model, split, steps=6)): pass
    assert model.generator.passes == 6 and model.generator.temperature().item() == pytest.approx(0.9997 ** 6), "two passes a step"
    model.save(tmp_path / "half.safetensors")
    again = SSGAN.load(tmp_path / "half.safetensors")
    for run in (model, again): list(train(run, split, steps=6))
    assert torch.equal(model.sample(5), again.sample(5)) and again.generator.passes == 12
    assert ((model.sample(5) == 0) | (model.sample(5) == 1)).all(), "outside of training the choice is hard"


# --- writers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_writes_as_many_words_as_it_is_asked_for(name, words):
    written = WRITERS[name](words, 30, 4, 1)
    assert len(written) == 30 and all(len(word) <= 12 and set(word) <= set(words.symbols) for word in written)
    assert WRITERS[name](words, 30, 4, 1) == written, "a seed fixes the words"
    assert WRITERS[name](words, 30, 4, 2) != written


@pytest.mark.parametrize("name", ["LSTM at 1.0", "REINFORCE"])
def test_what_is_learned_is_what_is_given_whatever_its_name(name, words):
    "Three steps leave none for rewards: both write what an LSTM writes that was taught the same words."
    before, part = WRITERS[name](words, 30, 3, 0), replace(words, x_train=words.x_train[-300:], y_train=words.y_train[-300:])
    model = LetterLSTM(len(words.symbols), seed=0)
    for _ in fit_likelihood(model, part.x_train.argmax(2), 3, 0): pass
    assert WRITERS[name](part, 30, 3, 0) == decode(nn.functional.one_hot(model.sample(30, rng=seeded(0, "words")), len(words.symbols)), words.symbols) != before
    assert WRITERS[name](words, 30, 3, 0) == before


def test_the_temperatures_share_one_training(words, monkeypatch):
    taught, part = [], replace(words, x_train=words.x_train[:300], y_train=words.y_train[:300])
    monkeypatch.setattr(text, "fit_likelihood", lambda *given: taught.append(given[2:]) or fit_likelihood(*given))
    for steps, seed in ((5, 7), (5, 7), (5, 8), (6, 7)):
        for temperature in (0.5, 1.0): WRITERS[f"LSTM at {temperature}"](part, 2, steps, seed)
    assert taught == [(5, 7), (5, 8), (6, 7)]


def test_rewarded_steps_leave_the_model_of_the_others_alone(words):
    before = WRITERS["LSTM at 1.0"](words, 30, 20, 0)
    assert WRITERS["REINFORCE"](words, 30, 20, 0) != before and WRITERS["LSTM at 1.0"](words, 30, 20, 0) == before


def test_measures_know_copies_and_static(words):
    copies, babble = (measure_words(written, words) for written in (WRITERS["real words"](words, 300, 0, 0), ["", "qqqqqqq", "xxxx"] * 100))
    assert copies["novelty"] == 0 and copies["distinct"] == 1 and babble["novelty"] == 1 and babble["distinct"] == 0.01
    assert copies["divergence of 3-grams"] < 0.6 < babble["divergence of 3-grams"] and copies["BLEU-4"] > babble["BLEU-4"]
    with support.refused("no words"): measure_words([], words)


def test_one_step_of_reinforce_is_the_one_written_out(monkeypatch):
    "Words of different length: what comes after the end has no part in it, and the baseline follows the rewards."
    class Judge(nn.Module):
        "Likes words for how many a's they have; nothing to learn."
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(()))

        def forward(self, x, noise=None): return (x[..., 1].sum(1, keepdim=True) - 1 + self.bias), x.flatten(1)

    x, rate = torch.eye(3)[torch.tensor([[1, 2, 0, 0], [2, 0, 0, 0]])], 0.5
    monkeypatch.setattr(torch.optim, "Adam", lambda parameters, lr, betas: torch.optim.SGD(parameters, lr=lr))
    generator = LetterLSTM(3, hidden=4, seed=1)
    by_hand, baseline = LetterLSTM(3, hidden=4, seed=1), 0.5
    records = list(reinforce(generator, Judge(), x, steps=2, seed=3, batch_size=6, entropy=0.1, learning_rate=rate, discriminator_learning_rate=0.0))
    for step in range(2):
        codes = by_hand.sample(6, 4, rng=seeded(3, "reinforce", step))
        rewards = torch.sigmoid((codes == 1).sum(1) - 1.0)
        log_p, terms, entropies = by_hand(codes).log_softmax(2), [], []
        for word, p, reward in zip(codes.tolist(), log_p, rewards.tolist()):
            ends = word.index(0) + 1 if 0 in word else len(word)
            terms.append((reward - baseline) * sum(p[place, word[place]] for place in range(ends)))
            entropies += [-(p[place].exp() * p[place]).sum() for place in range(ends)]
        loss = -torch.stack(terms).mean() - 0.1 * torch.stack(entropies).mean()
        with torch.no_grad():
            for parameter, slope in zip(by_hand.parameters(), torch.autograd.grad(loss, list(by_hand.parameters()))): parameter -= rate * slope
        baseline += 0.05 * (rewards.mean().item() - baseline)
    assert records[-1]["reward"] == pytest.approx(rewards.mean().item())
    for ours, theirs in zip(generator.parameters(), by_hand.parameters()): torch.testing.assert_close(ours, theirs)
