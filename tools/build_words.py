"""Build datasets/words/words.tsv.gz: words of eight languages that belong to one of them only.

Needs wordfreq (`pip install 'ssgan_edu[text]'`) and the lists of offensive words of the npm package naughty-words:

    npm pack naughty-words@1.2.0 && tar xzf naughty-words-1.2.0.tgz
    python tools/build_words.py --offensive package

The same versions give the same bytes. The rules are in datasets/words/README.md.
"""
import argparse
import hashlib
import json
import unicodedata
from collections import Counter
from pathlib import Path

from record import write_packed
from wordfreq import get_frequency_dict

LANGUAGES = ("en", "fr", "de", "es", "it", "pl", "fi", "nl")
SHORTEST, LONGEST, TRAIN, TEST = 4, 12, 7000, 1000
APART = 100  # times as frequent as in any of the other languages
STEM = 4  # words of a language that share so many first letters stay on one side of the split
NOT_LISTED = {  # beginnings of offensive words that the lists lack, found by reading
    "en": ("dumbass", "dipshit", "goddam", "pooping"),
    "fr": ("niqu", "chiant", "merd", "connar"),
    "it": ("cazz", "fancul", "fottut", "incazz", "sfigat", "fighe", "scem"),
    "es": ("jod", "pelotud", "boludo", "zorra", "caga", "tetas", "negras"),
    "fi": ("huor", "homo"),
    "nl": ("neuk", "kutje", "kanker", "lullen"),
}
RAREST_LETTER = 20  # a letter that fewer words of its language have is foreign to it


def plain(word: str) -> str:
    "The word without diacritics, to compare spellings."
    word = word.translate(str.maketrans({"ł": "l", "œ": "oe", "æ": "ae", "ß": "ss"}))
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def is_latin(word: str) -> bool: return word.isalpha() and plain(word).isascii()


class Offensive:
    "Words of a language that begin with a listed one, inflected or not, or contain a long one. The English list holds for all."
    def __init__(self, language: str, folder: Path):
        listed = {plain(word.lower()) for name in ("en", language) for word in json.loads((folder / f"{name}.json").read_text())}
        self.words = {word for word in listed if is_latin(word)}
        beginnings = {word[:-1] if len(word) > 5 else word for word in self.words if len(word) >= 4}
        self.beginnings = (*sorted(beginnings), *NOT_LISTED.get(language, ()))
        self.anywhere = [word for word in self.words if len(word) >= 6]

    def __contains__(self, word: str) -> bool:
        word = plain(word)
        return word in self.words or word.startswith(self.beginnings) or any(part in word for part in self.anywhere)


def candidates(language: str, frequencies: dict[str, dict[str, float]], offensive: Offensive) -> list[str]:
    "Words of a language that belong to it only, the most frequent first."
    others = [frequencies[other] for other in LANGUAGES if other != language]
    ordered = sorted(frequencies[language].items(), key=lambda entry: (-entry[1], entry[0]))
    return [word for word, f in ordered if SHORTEST <= len(word) <= LONGEST and is_latin(word)
            and f >= APART * max(other.get(word, 1e-9) for other in others) and word not in offensive]


def native(words: list[str], n: int) -> list[str]:
    "The first `n` words whose letters are all common enough among them."
    counts = Counter(letter for word in words[:2 * n] for letter in set(word))
    return [word for word in words if all(counts[letter] >= RAREST_LETTER for letter in word)][:n]


def parts(language: str, words: list[str]) -> list[str]:
    "train or test for each word: whole families of words are drawn for the test part, by the hash of their stem, until it is full."
    families = Counter(plain(word)[:STEM] for word in words)
    drawn, room = set(), TEST
    for stem in sorted(families, key=lambda stem: hashlib.sha256(f"{language}/{stem}".encode()).digest()):
        if families[stem] <= room: drawn.add(stem); room -= families[stem]
    assert room == 0, f"{language}: {room} words short"
    return ["test" if plain(word)[:STEM] in drawn else "train" for word in words]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offensive", type=Path, required=True, help="the unpacked package naughty-words")
    parser.add_argument("--out", type=Path, default=Path("datasets/words"))
    args = parser.parse_args()
    frequencies = {language: get_frequency_dict(language, "large") for language in LANGUAGES}
    lines = []
    for language in LANGUAGES:
        words = native(candidates(language, frequencies, Offensive(language, args.offensive)), TRAIN + TEST)
        lines += [f"{language}\t{part}\t{word}\n" for part, word in zip(parts(language, words), words)]
    size = write_packed(args.out, {"words.tsv.gz": "".join(lines).encode()})
    print(f"{len(lines):,} words, {size:,} bytes")


if __name__ == "__main__": main()
