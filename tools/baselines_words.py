"""What else could be done with the same few labeled words: writes results/baselines/words-<labels>.json, on the draws of the table's rows.

scikit-learn's classifiers on letter n-grams, and `supervised` with the learning rate that validation samples liked best (tools/choose.py).
"""
import argparse
import json
from dataclasses import replace
from pathlib import Path
from statistics import mean

from record import command

from ssgan_edu.data import carried, load_dataset
from ssgan_edu.evaluation import evaluate
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.recipes import RECIPES
from ssgan_edu.text import baseline_words
from ssgan_edu.training import SSGAN, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    tried = json.loads((carried("results") / "choices" / "words-80-supervised.json").read_text())["figures"]
    chosen = min(tried, key=lambda choice: mean(choice["validation_error"]))
    recipe = replace(RECIPES["supervised"], learning_rate=chosen["learning_rate"])
    dataset, figures = load_dataset("words"), {}
    for seed in range(args.seeds):
        split = dataset.label(n=args.labels, seed=seed)
        model = SSGAN.for_split(split, recipe, seed=seed)
        for _ in train(model, split, chosen["steps"]): pass
        found = {"supervised, chosen": evaluate(model, split)["test_error"], **baseline_words(split, dataset.symbols)}
        for name, error in found.items(): figures.setdefault(name, []).append(error)
        print(seed, {name: round(error, 4) for name, error in found.items()}, flush=True)
    table = {"name": f"words-{args.labels}", "command": command("baselines_words.py", args), "seeds": list(range(args.seeds)),
             **where_it_ran(), "chosen": {key: chosen[key] for key in ("learning_rate", "steps")}, "figures": figures}
    write_table(Path("results/baselines") / f"words-{args.labels}.json", table)


if __name__ == "__main__": main()
