"""Train the generators of lesson 13 and measure their tunes; writes results/generation/tunes.json, which the lesson reads.

Every list has as many tunes as one half of the test part, and all are compared with the other half. Nothing is chosen by these numbers.
"""
import argparse
from pathlib import Path

from neural import budget_options, drawn, neural
from record import command

from ssgan_edu.data import Dataset, load_dataset
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.music import TuneChain, decode_tunes, measure_tunes


def written(dataset: Dataset, known: list[str], real: list[str], seed: int, args: argparse.Namespace):
    "The tunes of each model, by its name."
    yield "real tunes", real
    for order in (3, 5, 9): yield f"chain of {order}", TuneChain(known, order).sample(len(real), seed=seed)
    for name, x in neural(dataset, seed, len(real), args, temperatures=(0.7, 1.0)): yield name, decode_tunes(x, dataset.symbols)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    budget_options(parser, gan=600, likelihood=400, reinforced=60)
    args = parser.parse_args()
    dataset = load_dataset("tunes")
    known, test = (decode_tunes(x, dataset.symbols) for x in (dataset.x_train, dataset.x_test))
    figures, examples = {}, {}
    for seed in args.seeds:
        mixed = drawn(test, len(test), seed)
        others = mixed[::2]
        for name, tunes in written(dataset, known, mixed[1::2], seed, args):
            found = measure_tunes(tunes, others, known)
            for measure, value in found.items(): figures.setdefault(name, {}).setdefault(measure, []).append(round(value, 4))
            examples.setdefault(name, tunes[:12])
            print(seed, name, {measure: round(value, 3) for measure, value in found.items()}, tunes[0], flush=True)
    table = {"name": "tunes", "command": command("generate_tunes.py", args), "seeds": args.seeds, **where_it_ran(), "figures": figures, "examples": examples}
    write_table(Path("results/generation/tunes.json"), table)


if __name__ == "__main__": main()
