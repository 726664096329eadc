"""Measure the spoken digits of the generators of lesson 13b, and of a model that is no GAN; writes results/generation/spoken-digits.json, which the lesson reads.

The GANs are those of the rows `ssgan-edu experiment spoken-digits --labels 50 --recipe … --steps 500`: a run that is still in runs/experiments isn't trained again.
Nothing is chosen by these numbers.
"""
import argparse
from functools import cache
from pathlib import Path

import torch
from record import command
from sklearn.neighbors import KNeighborsClassifier

from ssgan_edu.audio import PatchMixture, judged
from ssgan_edu.data import Split, load_dataset
from ssgan_edu.evaluation import sample_quality
from ssgan_edu.experiments import Row, run_seed, where_it_ran, write_table
from ssgan_edu.training import SSGAN


@cache
def second_judge() -> KNeighborsClassifier:
    dataset = load_dataset("spoken-digits")
    return KNeighborsClassifier(5).fit(dataset.x_train.flatten(1).numpy(), dataset.y_train.numpy())


def heard(x: torch.Tensor) -> dict[str, float]:
    "The share of patches that both judges take for the same digit, and how many digits the first one hears in at least 2 % of them."
    first, second = judged(x), torch.from_numpy(second_judge().predict(x.flatten(1).numpy()))
    return {"agreement": (first == second).double().mean().item(), "digits": (first.bincount(minlength=10) >= 0.02 * len(x)).sum().item()}


def measured(model: SSGAN | PatchMixture, split: Split | None = None) -> dict[str, float]:
    found = sample_quality(model, load_dataset("spoken-digits")) | heard(model.sample(1000, seed=0))
    return {key: round(value, 4) for key, value in found.items() if key != "n"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["gan", "improved", "best"])
    parser.add_argument("--labels", type=int, default=50)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    args = parser.parse_args()
    dataset, figures = load_dataset("spoken-digits"), {}

    def note(name: str, found: dict[str, float]) -> None:
        for measure, value in found.items(): figures.setdefault(name, {}).setdefault(measure, []).append(value)
        print(name, found, flush=True)

    for seed in args.seeds:
        note("real", {key: round(value, 4) for key, value in heard(dataset.x_test).items()})
        note("normal mixture", measured(PatchMixture(dataset.x_train, seed)))
        for recipe in args.recipes:
            found = run_seed(Row("spoken-digits", args.labels, recipe, args.steps), seed, Path("runs/experiments"), measure=measured)
            note(recipe, {key: value for key, value in found.items() if key not in ("seed", "seconds", "threads", "weights_sha256")})
    table = {"name": "spoken-digits", "command": command("generate_spoken_digits.py", args), "seeds": args.seeds, **where_it_ran(), "figures": figures}
    write_table(Path("results/generation/spoken-digits.json"), table)


if __name__ == "__main__": main()
