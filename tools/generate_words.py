"""Train the generators of lesson 12 and measure their words; writes results/generation/words.json, which the lesson reads.

Every list has as many words, and all are compared with the same number of test words. Nothing is chosen by these numbers.
"""
import argparse
from pathlib import Path

from neural import TEMPERATURES, budget_options, drawn, neural
from record import command

from ssgan_edu.data import Dataset, load_dataset
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.text import NGramModel, bleu, decode, distinct, ngram_divergence, novelty, self_bleu


def written(dataset: Dataset, known: list[str], seed: int, n: int, args: argparse.Namespace):
    "The words of each model, by its name."
    yield "real words", drawn(known, n, seed)
    for order in (2, 3, 4, 5): yield f"{order}-grams", NGramModel(known, order).sample(n, seed=seed)
    for temperature in TEMPERATURES: yield f"3-grams at {temperature}", NGramModel(known).sample(n, temperature, seed)
    for name, x in neural(dataset, seed, n, args): yield name, decode(x, dataset.symbols)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=2000)
    budget_options(parser, gan=2000, likelihood=1000, reinforced=300)
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
