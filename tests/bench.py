"""How fast is one `improved` update on MNIST? Ratios from one run, so that the machine cancels out.

floor: the matrix multiplications of that update alone, recorded as they happen and repeated with nothing between them.
plain: the same update written without care: three forward passes, a DataLoader, default Adam, weight norm as g v / |v|.
compiled, with --compile: the library's update, its networks compiled in place by PyTorch. That needs a C++ compiler.
All with PyTorch's number of threads and with one, as several runs side by side have it; then where the time of an update goes.

Fails if the library's lead over the plain loop is more than 15 % smaller than the recorded one; --record writes a new record.
"""
import argparse
import json
import resource
import sys
from collections.abc import Callable
from operator import truediv
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset

from ssgan_edu.data import Split, load_dataset
from ssgan_edu.experiments import where_it_ran, write_table
from ssgan_edu.losses import feature_matching_loss, supervised_loss, unsupervised_loss
from ssgan_edu.training import SSGAN, training_step

PARTS = {"aten::mm": "matrix products", "aten::addmm": "matrix products", "aten::_weight_norm_interface": "weight normalization",
         "aten::_weight_norm_interface_backward": "weight normalization", "aten::_fused_adam_": "Adam", "Optimizer.step#Adam.step": "Adam",
         "aten::lerp_": "averages of the weights"}
RATIOS = {"of_floor": ("floor", "library"), "over_plain": ("plain", "library"), "compiled_over_library": ("library", "compiled")}
RECORD = Path(__file__).parent.parent / "results" / "speed" / "mnist-improved.json"


class Products(TorchDispatchMode):
    "Records sizes and strides of every matrix multiplication."
    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
            self.found.append([(a.shape, a.stride()) for a in args[-2:]])
        return func(*args, **(kwargs or {}))


def floor_update(update: Callable) -> Callable:
    "A function that makes the matrix multiplications of `update` and nothing else."
    with Products() as products: update()
    pairs = [[torch.randn(shape).as_strided(shape, stride) if torch.empty(shape).stride() == stride else torch.randn(shape[::-1]).t()
              for shape, stride in pair] for pair in products.found]
    for recorded, made in zip(products.found, pairs):
        assert [(m.shape, m.stride()) for m in made] == recorded, (recorded, [(m.shape, m.stride()) for m in made])
    outs = [torch.empty(a.shape[0], b.shape[1]) for a, b in pairs]
    flops = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in pairs)
    print(f"one update: {len(pairs)} matrix multiplications, {flops / 1e9:.2f} GFLOP")
    def run():
        for (a, b), out in zip(pairs, outs): torch.mm(a, b, out=out)
    return run


def library_update(split: Split, compiled: bool = False) -> Callable:
    model = SSGAN.for_split(split, "improved", seed=0, device="cpu")
    if compiled:
        for network in model.players.values(): network.compile()
    def run():
        training_step(model, split, model.step, 10_000)
        model.step += 1
    return run


class PlainWeightNorm(nn.Module):
    "g v / |v|, written out."
    def __init__(self, a: int, b: int):
        super().__init__()
        self.v, self.g, self.b = nn.Parameter(torch.randn(b, a) * 0.05), nn.Parameter(torch.ones(b, 1)), nn.Parameter(torch.zeros(b))

    def forward(self, x): return F.linear(x, self.g * self.v / self.v.norm(dim=1, keepdim=True), self.b)


class Plain:
    "The plain loop: a call is one update. Its rate stays constant, as the published one does for 120,000 updates."
    def __init__(self, split: Split):
        sizes = [784, 1000, 500, 250, 250, 250]
        self.layers, self.head = nn.ModuleList(PlainWeightNorm(a, b) for a, b in zip(sizes, sizes[1:])), PlainWeightNorm(250, 10)
        self.G = nn.Sequential(nn.Linear(100, 500), nn.BatchNorm1d(500), nn.Softplus(), nn.Linear(500, 500), nn.BatchNorm1d(500), nn.Softplus(),
                               PlainWeightNorm(500, 784), nn.Sigmoid())
        self.parameters = [*self.layers.parameters(), *self.head.parameters()]
        self.adam_D, self.adam_G = (torch.optim.Adam(p, lr=3e-3, betas=(0.5, 0.999)) for p in (self.parameters, self.G.parameters()))
        self.averages = [p.detach().clone() for p in self.parameters]
        def forever(*tensors):
            while True: yield from DataLoader(TensorDataset(*tensors), batch_size=100, shuffle=True)
        self.labeled, self.unlabeled, self.again = (forever(*t) for t in ((split.x_labeled, split.y_labeled), (split.x_unlabeled,), (split.x_unlabeled,)))

    def D(self, x, noise=1.0):
        f = x.flatten(1)
        for i, layer in enumerate(self.layers): f = F.relu(layer(f + noise * (0.5 if i else 0.3) * torch.randn_like(f)))
        return self.head(f + noise * 0.5 * torch.randn_like(f)), f

    def __call__(self) -> None:
        (x, y), (u,), (u2,) = next(self.labeled), next(self.unlabeled), next(self.again)
        fake = self.G(torch.rand(100, 100)).detach()
        loss = supervised_loss(self.D(x)[0], y) + unsupervised_loss(self.D(u)[0], self.D(fake)[0])
        self.adam_D.zero_grad(); loss.backward(); self.adam_D.step()
        loss = feature_matching_loss(self.D(u2)[1].detach(), self.D(self.G(torch.rand(100, 100)))[1])
        self.adam_G.zero_grad(); loss.backward(); self.adam_G.step()
        with torch.no_grad():
            for a, p in zip(self.averages, self.parameters): a.mul_(0.999).add_(p, alpha=0.001)

    @torch.no_grad()
    def error(self, x: torch.Tensor, y: torch.Tensor) -> float:
        "Share of the images that the averaged weights get wrong."
        now = [p.clone() for p in self.parameters]
        for p, a in zip(self.parameters, self.averages): p.copy_(a)
        wrong = (self.D(x, noise=0.0)[0].argmax(1) != y).double().mean().item()
        for p, value in zip(self.parameters, now): p.copy_(value)
        return wrong


def milliseconds(run: Callable, n: int) -> float:
    start = perf_counter()
    for _ in range(n): run()
    return 1000 * (perf_counter() - start) / n


def ratios(runs: dict[str, Callable], rounds: int, updates: int) -> dict[str, float]:
    "The library's speed as a part of the floor's and as a multiple of the plain loop's; that of the compiled networks as a multiple of the library's."
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values(): milliseconds(run, 5)
    for _ in range(rounds):
        for name, run in runs.items(): times[name].append(milliseconds(run, updates))
    print(f"threads: {torch.get_num_threads()}")
    for name, values in times.items(): print(f"{name:8} {median(values):6.1f} ms an update (from {min(values):.1f} to {max(values):.1f})")
    found = {name: median(map(truediv, times[a], times[b])) for name, (a, b) in RATIOS.items() if {a, b} <= times.keys()}
    print(f"library: {found['of_floor']:.2f} of the floor's speed, {found['over_plain']:.2f} times as fast as the plain loop")
    return {name: round(value, 3) for name, value in found.items()}


def where_the_time_goes(run: Callable, n: int = 50) -> dict[str, float]:
    "Milliseconds an update of each of `PARTS`, of all other operations, and between operations, where Python is."
    milliseconds(run, 5)
    with profile(activities=[ProfilerActivity.CPU]) as profiler: whole = milliseconds(run, n)
    parts = dict.fromkeys([*PARTS.values(), "all other operations"], 0.0)
    for event in profiler.key_averages(): parts[PARTS.get(event.key, "all other operations")] += event.self_cpu_time_total / 1000 / n
    parts["between operations"] = whole - sum(parts.values())
    for name, value in parts.items(): print(f"{name:24}{value:6.2f} ms {value / whole:5.0%}")
    return {name: round(value, 2) for name, value in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--updates", type=int, default=10, help="of each kind a round")
    parser.add_argument("--record", action="store_true", help=f"write the ratios to {RECORD.parent.name}/{RECORD.name}")
    parser.add_argument("--compile", action="store_true", help="measure compiled networks too")
    args = parser.parse_args()
    split = load_dataset("mnist").label(per_class=10, seed=0)
    library, plain = library_update(split), Plain(split)
    runs = {"floor": floor_update(library), "library": library, "plain": plain}
    if args.compile: runs["compiled"] = library_update(split, compiled=True)
    threads, figures = torch.get_num_threads(), {}
    for kind, n in (("", threads), ("_one_thread", 1)):
        torch.set_num_threads(n)
        figures |= {name + kind: value for name, value in ratios(runs, args.rounds, args.updates).items()}
    torch.set_num_threads(threads)
    print(f"largest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB, data and all three updates")
    print(f"where the time of an update goes, {threads} threads, the profiler's own time in it:")
    parts = where_the_time_goes(library)
    if args.record:
        table = {"name": "an improved update on MNIST", "command": "python tests/bench.py --compile --record", "seeds": [0], **where_it_ran(), "threads": threads, "figures": figures, "milliseconds": parts}
        write_table(RECORD, table)
    recorded = json.loads(RECORD.read_text())["figures"]["over_plain"] if RECORD.exists() else None
    print(json.dumps(figures | {"recorded_over_plain": recorded}))
    if recorded and figures["over_plain"] < 0.85 * recorded:
        sys.exit(f"The library is {figures['over_plain']:.2f} times as fast as the plain loop, recorded were {recorded:.2f}: more than 15 % lost.")


if __name__ == "__main__": main()
