"""What else could be done with the same few labels: writes results/baselines/<dataset>-<labels>.json, on the draws of the table's rows.

scikit-learn's classifiers on n-grams (words, tunes) or on pixels (spoken digits, MNIST), and `supervised` with the learning rate and the number of updates that
validation samples liked best (tools/choose.py).
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
from ssgan_edu.music import baseline_tunes
from ssgan_edu.recipes import RECIPES
from ssgan_edu.text import baseline_words
from ssgan_edu.training import SSGAN, train


def wrong(classifier, split: Split) -> float:
    fitted = classifier.fit(split.x_labeled.flatten(1).numpy(), split.y_labeled.numpy())
    return float((fitted.predict(split.x_test.flatten(1).numpy()) != split.y_test.numpy()).mean())


def baseline_pixels(split: Split, symbols: tuple[str, ...]) -> dict[str, float]:
    return {"logistic regression": wrong(LogisticRegression(C=0.1, max_iter=1000), split), "SVC": wrong(SVC(C=10), split), "LabelSpreading": baseline_label_spreading(split)}


OTHERS = {"words": baseline_words, "tunes": baseline_tunes, "spoken-digits": baseline_pixels, "mnist": baseline_pixels}
CHOSEN = {"words": "words-80-supervised", "tunes": "tunes-40-supervised", "spoken-digits": "spoken-digits-50-supervised", "mnist": "mnist-100-supervised"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="words", choices=OTHERS)
    parser.add_argument("--labels", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    tried = json.loads((carried("results") / "choices" / f"{CHOSEN[args.dataset]}.json").read_text())["figures"]
    chosen = min(tried, key=lambda choice: mean(choice["validation_error"]))
    recipe = replace(RECIPES["supervised"], learning_rate=chosen["learning_rate"])
    dataset, figures = load_dataset(args.dataset), {}
    for seed in range(args.seeds):
        split = dataset.label(n=args.labels, seed=seed)
        model = SSGAN.for_split(split, recipe, seed=seed)
        for _ in train(model, split, chosen["steps"]): pass
        found = {"supervised, chosen": evaluate(model, split)["test_error"], **OTHERS[args.dataset](split, dataset.symbols)}
        for name, error in found.items(): figures.setdefault(name, []).append(error)
        print(seed, {name: round(error, 4) for name, error in found.items()}, flush=True)
    name = f"{args.dataset}-{args.labels}"
    table = {"name": name, "command": command("baselines.py", args), "seeds": list(range(args.seeds)),
             **where_it_ran(), "chosen": {key: chosen[key] for key in ("learning_rate", "steps")}, "figures": figures}
    write_table(Path("results/baselines") / f"{name}.json", table)


if __name__ == "__main__": main()
