"""Choose a recipe's learning rate, or its terms, on labeled validation samples, never on the test set.

The draws of labels are others than those of the tables (seeds 10 on), and 1,000 labeled samples are set aside in each for the choice:
far more labels than a user of 100 would have, and the same for every recipe. Writes results/choices/<dataset>-<labels>-<recipe>.json.
"""
import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import mean

from record import command

from ssgan_edu.data import load_dataset
from ssgan_edu.evaluation import predictions
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.recipes import RECIPES, TERMS, Recipe
from ssgan_edu.training import SSGAN, train


def variant(recipe: str, learning_rate: float | None, without: str) -> Recipe:
    "The recipe, with another learning rate for the discriminator if one is given, and without a term if one is named."
    row = RECIPES[recipe].weighted(**{without: 0.0} if without else {})
    return replace(row, learning_rate=learning_rate or row.learning_rate)


def validation_error(dataset, labels: int, recipe: Recipe, steps: int, seed: int) -> float:
    split = dataset.label(n=labels, seed=seed, validation=1000)
    model = SSGAN.for_split(split, recipe, seed=seed)
    for _ in train(model, split, steps): pass
    return (predictions(model, split, split.x_validation) != split.y_validation).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--recipe", default="supervised", choices=RECIPES)
    parser.add_argument("--learning-rates", type=float, nargs="+", default=[None], help="of the discriminator (default: the recipe's own)")
    parser.add_argument("--without", nargs="+", default=[], choices=TERMS, help="terms; the recipe is tried as it is, and without each of them")
    parser.add_argument("--steps", type=int, nargs="+", default=[500, 2000, 6000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11, 12])
    args = parser.parse_args()
    dataset, found = load_dataset(args.dataset), []
    for without, learning_rate, steps in product(["", *args.without], args.learning_rates, args.steps):
        recipe = variant(args.recipe, learning_rate, without)
        errors = [round(validation_error(dataset, args.labels, recipe, steps, seed), 4) for seed in args.seeds]
        found.append({"without": without, "learning_rate": recipe.learning_rate, "steps": steps, "validation_error": errors})
        print(f"{f'without {without}' if without else 'as it is'}, learning rate {recipe.learning_rate:g}, {steps} updates: {mean(errors):.2%} of the validation samples wrong", flush=True)
    name = f"{args.dataset}-{args.labels}-{args.recipe}"
    table = {"name": name, "command": command("choose.py", args), "seeds": args.seeds, **where_it_ran(), "figures": found}
    write_table(Path("results/choices") / f"{name}.json", table)


if __name__ == "__main__": main()
