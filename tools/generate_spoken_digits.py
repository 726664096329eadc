"""Measure the spoken digits of the generators of lesson 13b; writes results/generation/spoken-digits.json, which the lesson reads.

The models are those of the rows `ssgan-edu experiment spoken-digits --labels 50 --recipe … --steps 500`: a run that is still in runs/experiments isn't trained again.
Nothing is chosen by these numbers.
"""
import argparse
from pathlib import Path

import torch
from record import command

from ssgan_edu.audio import judged
from ssgan_edu.data import Split, load_dataset
from ssgan_edu.evaluation import predictions, sample_quality
from ssgan_edu.experiments import Row, run_seed, where_it_ran, write_table
from ssgan_edu.training import SSGAN


def agreement(model: SSGAN, split: Split, x: torch.Tensor) -> float:
    "The share of patches that the judge takes for the same digit as the model does."
    return (predictions(model, split, x) == judged(x)).double().mean().item()


def measured(model: SSGAN, split: Split) -> dict[str, float]:
    dataset, x = load_dataset("spoken-digits"), model.sample(1000, seed=0)
    counts = judged(x).bincount(minlength=10) / len(x)
    found = sample_quality(model, dataset) | {"agreement": agreement(model, split, x), "agreement on real": agreement(model, split, dataset.x_test),
                                              "digits": (counts >= 0.02).sum().item()}
    return {key: round(value, 4) for key, value in found.items() if key != "n"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["gan", "improved", "best"])
    parser.add_argument("--labels", type=int, default=50)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    figures = {}
    for recipe in args.recipes:
        for seed in args.seeds:
            found = run_seed(Row("spoken-digits", args.labels, recipe, args.steps), seed, Path("runs/experiments"), measure=measured)
            for key in ("seed", "seconds", "threads", "weights_sha256"): found.pop(key)
            for measure, value in found.items(): figures.setdefault(recipe, {}).setdefault(measure, []).append(value)
            print(recipe, seed, found, flush=True)
    table = {"name": "spoken-digits", "command": command("generate_spoken_digits.py", args), "seeds": args.seeds, **where_it_ran(), "figures": figures}
    write_table(Path("results/generation/spoken-digits.json"), table)


if __name__ == "__main__": main()
