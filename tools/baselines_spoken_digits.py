"""What else could be done with the same few labeled spoken digits: writes results/baselines/spoken-digits-<labels>.json, on the draws of the table's rows.

scikit-learn's classifiers on the patches, and `supervised` with the learning rate that validation samples liked best (tools/choose.py).
"""
import argparse
import json
from dataclasses import replace
from pathlib import Path
from statistics import mean

from record import command
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from ssgan_edu.data import Split, carried, load_dataset
from ssgan_edu.evaluation import baseline_label_spreading, evaluate
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.recipes import RECIPES, Recipe
from ssgan_edu.training import SSGAN, train


def wrong(classifier, split: Split) -> float:
    fitted = classifier.fit(split.x_labeled.flatten(1).numpy(), split.y_labeled.numpy())
    return float((fitted.predict(split.x_test.flatten(1).numpy()) != split.y_test.numpy()).mean())


def trained(recipe: Recipe, steps: int, split: Split, seed: int) -> float:
    model = SSGAN.for_split(split, recipe, seed=seed)
    for _ in train(model, split, steps): pass
    return evaluate(model, split)["test_error"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    tried = json.loads((carried("results") / "choices" / "spoken-digits-50-supervised.json").read_text())["figures"]
    chosen = min(tried, key=lambda choice: mean(choice["validation_error"]))
    recipe = replace(RECIPES["supervised"], learning_rate=chosen["learning_rate"])
    dataset, figures = load_dataset("spoken-digits"), {}
    for seed in range(args.seeds):
        split = dataset.label(n=args.labels, seed=seed)
        found = {"supervised, chosen": trained(recipe, chosen["steps"], split, seed), "logistic regression": wrong(LogisticRegression(C=0.1, max_iter=1000), split),
                 "SVC": wrong(SVC(C=10), split), "LabelSpreading": baseline_label_spreading(split)}
        for name, error in found.items(): figures.setdefault(name, []).append(round(error, 4))
        print(seed, {name: round(error, 4) for name, error in found.items()}, flush=True)
    table = {"name": f"spoken-digits-{args.labels}", "command": command("baselines_spoken_digits.py", args), "seeds": list(range(args.seeds)),
             **where_it_ran(), "chosen": {key: chosen[key] for key in ("learning_rate", "steps")}, "figures": figures}
    write_table(Path("results/baselines") / f"spoken-digits-{args.labels}.json", table)


if __name__ == "__main__": main()
