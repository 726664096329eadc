"""How long until no more than 3 % of MNIST's test images are wrong, with 100 labels?

library: a recipe with a budget fixed beforehand. plain: the loop of bench.py. The test error is looked at every 500 updates, to say when; nothing is
chosen by it. Both run at the same time, a process and a thread each; the plain loop has the machine to itself when the library is done, so the
times favor it. Writes results/speed/mnist-100-race.json.
"""
import argparse
from collections.abc import Callable, Iterator
from time import perf_counter

import torch
from bench import RECORD, Plain
from joblib import Parallel, delayed

from ssgan_edu.data import load_dataset
from ssgan_edu.evaluation import evaluate
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.recipes import RECIPES
from ssgan_edu.training import SSGAN, train


def looks(update: Callable, error: Callable[[], float], updates: int, every: int) -> Iterator[dict]:
    "Make updates, and look at the error from time to time; the seconds are those of the updates."
    seconds = 0.0
    for done in range(every, updates + 1, every):
        began = perf_counter()
        for _ in range(every): update()
        seconds += perf_counter() - began
        yield {"updates": done, "seconds": round(seconds, 1), "test_error": round(error(), 4)}


def run(name: str, recipe: str, updates: int, every: int, target: float, seed: int) -> tuple[str, list[dict]]:
    "The looks until the target is reached, or the updates are spent."
    torch.set_num_threads(1)
    split = load_dataset("mnist").label(per_class=10, seed=seed)
    if name == "library":
        model = SSGAN.for_split(split, recipe, seed=seed)
        steps = train(model, split, updates)
        update, error = lambda: next(steps), lambda: evaluate(model, split)["test_error"]
    else:
        torch.manual_seed(seed)
        update = Plain(split)
        error = lambda: update.error(split.x_test, split.y_test)
    found = []
    for look in looks(update, error, updates, every):
        found.append(look)
        print(name, look, flush=True)
        if look["test_error"] <= target: break
    return name, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="best", choices=RECIPES)
    parser.add_argument("--steps", type=int, default=8000, help="of the library")
    parser.add_argument("--most", type=int, default=30_000, help="updates of the plain loop")
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--target", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if min(args.steps, args.most) < args.every: parser.error(f"--every {args.every} is more than the updates of a run. Look more often.")
    runs = (("library", args.recipe, args.steps), ("plain", args.recipe, args.most))
    figures = dict(Parallel(n_jobs=2)(delayed(run)(*each, args.every, args.target, args.seed) for each in runs))
    for name, found in figures.items():
        last = found[-1]
        print(f"{name:8} {'reached' if last['test_error'] <= args.target else 'did not reach'} {args.target:.1%}: {last['test_error']:.2%} after {last['updates']:,} updates, {last['seconds']:.0f} s")
    command = " ".join(["python tests/race.py", *(f"--{key} {value}" for key, value in vars(args).items())])
    table = {"name": "updates and seconds to a test error on MNIST, 100 labels", "command": command,
             "seeds": [args.seed], **where_it_ran(), "threads": 1, "recipe": args.recipe, "steps": args.steps, "target": args.target, "figures": figures}
    write_table(RECORD.with_name("mnist-100-race.json"), table)


if __name__ == "__main__": main()
