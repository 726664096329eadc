"""Train the generators of lesson 12 and measure their words; writes results/generation/words.json, which the lesson reads.

Every list has as many words, and all are compared with the same number of test words. Nothing is chosen by these numbers.
"""
import argparse
from dataclasses import replace
from pathlib import Path

import torch
from record import command

from ssgan_edu.data import Dataset, load_dataset, seeded
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.networks import build_networks, initialize_from_data
from ssgan_edu.recipes import RECIPES
from ssgan_edu.text import (LetterLSTM, NGramModel, bits_per_letter, bleu, decode, distinct, fit_likelihood, ngram_divergence, novelty, reinforce,
                            self_bleu)
from ssgan_edu.training import SSGAN, train

TEMPERATURES = (0.5, 0.7, 0.85, 1.0, 1.2)
GAN = replace(RECIPES["gan"], learning_rate=1e-3)  # at 3e-3 the discriminator wins from the start


def as_words(codes: torch.Tensor, dataset: Dataset) -> list[str]:
    return decode(torch.eye(len(dataset.symbols))[codes], dataset.symbols)


def drawn(words: list[str], n: int, seed: int) -> list[str]:
    return [words[i] for i in torch.randperm(len(words), generator=seeded(seed, "draw of words"))[:n]]


def written(dataset: Dataset, known: list[str], seed: int, n: int, args: argparse.Namespace):
    "The words of each model, by its name."
    yield "real words", drawn(known, n, seed)
    for order in (2, 3, 4, 5): yield f"{order}-grams", NGramModel(known, order).sample(n, seed=seed)
    for temperature in TEMPERATURES: yield f"3-grams at {temperature}", NGramModel(known).sample(n, temperature, seed)
    for networks, name in (("sequence", "soft one-hot"), ("gumbel", "Gumbel-softmax")):
        split = dataset.label(per_class=1, seed=seed)
        model = SSGAN.for_split(split, GAN, networks, seed)
        for _ in train(model, split, args.gan_steps): pass
        yield name, decode(model.sample(n, seed), dataset.symbols)
    lstm, codes = LetterLSTM(len(dataset.symbols), seed=seed), dataset.x_train.argmax(2)
    for _ in fit_likelihood(lstm, codes, args.likelihood_steps, seed): pass
    print(f"LSTM: {bits_per_letter(lstm, dataset.x_test.argmax(2)):.2f} bits a letter of test words", flush=True)
    for temperature in TEMPERATURES: yield f"LSTM at {temperature}", as_words(lstm.sample(n, temperature=temperature, rng=seeded(seed, "words")), dataset)
    discriminator, _ = build_networks("sequence", dataset.shape, "sequence", 1, seed)
    initialize_from_data(discriminator, dataset.x_train[:500])
    for record in reinforce(lstm, discriminator, dataset.x_train, args.reinforce_steps, seed):
        if record["step"] % 100 == 0: print({key: round(value, 3) for key, value in record.items()}, flush=True)
    yield "REINFORCE", as_words(lstm.sample(n, rng=seeded(seed, "words")), dataset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--gan-steps", type=int, default=2000)
    parser.add_argument("--likelihood-steps", type=int, default=1000)
    parser.add_argument("--reinforce-steps", type=int, default=300)
    args = parser.parse_args()
    dataset = load_dataset("words")
    known, test = (decode(x, dataset.symbols) for x in (dataset.x_train, dataset.x_test))
    figures, examples = {}, {}
    for seed in args.seeds:
        others = drawn(test, args.words, seed)
        for name, words in written(dataset, known, seed, args.words, args):
            words = [word or "?" for word in words]  # an empty word has no letters to compare
            found = {**{f"divergence of {k}-grams": ngram_divergence(words, others, k) for k in (2, 3)}, "BLEU-4": bleu(words, others), "self-BLEU-4": self_bleu(words),
                     "novelty": novelty(words, known), "distinct": distinct(words)}
            for measure, value in found.items(): figures.setdefault(name, {}).setdefault(measure, []).append(round(value, 4))
            examples.setdefault(name, words[:12])
            print(seed, name, {measure: round(value, 3) for measure, value in found.items()}, *words[:6], flush=True)
    table = {"name": "words", "command": command("generate_words.py", args), "seeds": args.seeds, **where_it_ran(), "figures": figures, "examples": examples}
    write_table(Path("results/generation/words.json"), table)


if __name__ == "__main__": main()
