"""The generators that are trained in the same way on words and on tunes: two GANs, the likelihood-trained LSTM, REINFORCE from there."""
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace

import torch

from ssgan_edu.data import Dataset, seeded
from ssgan_edu.networks import build_networks, initialize_from_data
from ssgan_edu.recipes import RECIPES
from ssgan_edu.text import LetterLSTM, bits_per_letter, fit_likelihood, reinforce
from ssgan_edu.training import SSGAN, train

TEMPERATURES = (0.5, 0.7, 0.85, 1.0, 1.2)
GAN = replace(RECIPES["gan"], learning_rate=1e-3)  # at 3e-3 the discriminator wins from the start


def budget_options(parser: ArgumentParser, gan: int, likelihood: int, reinforced: int) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--gan-steps", type=int, default=gan)
    parser.add_argument("--likelihood-steps", type=int, default=likelihood)
    parser.add_argument("--reinforce-steps", type=int, default=reinforced)


def drawn(texts: list[str], n: int, seed: int) -> list[str]:
    return [texts[i] for i in torch.randperm(len(texts), generator=seeded(seed, "draw of words"))[:n]]


def neural(dataset: Dataset, seed: int, n: int, args: Namespace, temperatures: tuple[float, ...] = TEMPERATURES) -> Iterator[tuple[str, torch.Tensor]]:
    "The name of each generator and `n` of its samples, one-hot or soft `(n, L, V)`."
    length, n_symbols = dataset.shape
    for networks, name in (("sequence", "soft one-hot"), ("gumbel", "Gumbel-softmax")):
        split = dataset.label(per_class=1, seed=seed)
        model = SSGAN.for_split(split, GAN, networks, seed)
        for _ in train(model, split, args.gan_steps): pass
        yield name, model.sample(n, seed)
    lstm, codes = LetterLSTM(n_symbols, seed=seed), dataset.x_train.argmax(2)
    for _ in fit_likelihood(lstm, codes, args.likelihood_steps, seed): pass
    print(f"LSTM: {bits_per_letter(lstm, dataset.x_test.argmax(2)):.2f} bits a symbol of the test part", flush=True)
    def written(temperature=1.0): return torch.eye(n_symbols)[lstm.sample(n, length, temperature, seeded(seed, "words"))]
    for temperature in temperatures: yield f"LSTM at {temperature}", written(temperature)
    discriminator, _ = build_networks("sequence", dataset.shape, "sequence", 1, seed)
    initialize_from_data(discriminator, dataset.x_train[:500])
    for record in reinforce(lstm, discriminator, dataset.x_train, args.reinforce_steps, seed):
        if record["step"] % 20 == 0: print({key: round(value, 3) for key, value in record.items()}, flush=True)
    yield "REINFORCE", written()
