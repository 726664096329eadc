"""Build datasets/tunes/tunes.tsv.gz: four bars of dance tunes from Ryan's Mammoth Collection (1883), as sequences of symbols.

Needs music21, which carries the collection (`pip install 'ssgan_edu[music]'`); the same version gives the same bytes. Takes about two minutes.
The rules are in datasets/tunes/README.md.
"""
import argparse
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

from music21 import converter, corpus, stream
from record import write_packed

from ssgan_edu.data import PITCHES
from ssgan_edu.music import BARS, HOLD, PLACES, REST

TYPES = ("reel", "hornpipe", "strathspey", "clog")
BEATS = {"2/4": 2, "C|": 4, "C": 4, "4/4": 4}  # quarter notes in a bar, as the book writes it; a bar of any of them lasts as long to a dancer
TRAIN, TEST = 300, 80  # windows of each type
LOWEST, HIGHEST, MIDDLE = 55, 91, 76  # MIDI numbers; a tune is moved to the octave that brings its median nearest to the middle
UNTITLED = ("N...... In De Wood Pile", "Old Zip Coon")  # titles that mock Black people; the tunes stay, their titles don't


@dataclass
class Bar:
    "Sixteen symbols; a note that is held over from the bar before is kept in `tied`, in case a window begins here."
    symbols: list
    tied: int | None
    full: bool


@dataclass
class Tune:
    title: str
    type: str
    parts: list[list[Bar]]  # the bars between double bars or repeat signs, without the pickup


def field(piece: str, letter: str) -> str:
    found = re.search(rf"(?m)^{letter}:[ \t]*([^%\n]*)", piece)
    return found[1].strip() if found else ""


def title_of(piece: str) -> str:
    title = re.sub(r"\s*--.*", "", field(piece, "T")).strip("\"' .,")
    return re.sub(r"(?<=[’'])[A-Z](?=[a-z]?\b)", lambda found: found[0].lower(), title.title()) if title.isupper() else title


def tonic(key: str) -> int:
    letter, sign = re.match(r"([A-G])([b#]?)", key).groups()
    return {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter] + {"": 0, "b": -1, "#": 1}[sign]


def on_grid(measure: stream.Measure, beats: int) -> Bar | None:
    "A measure on the grid: a symbol where a note or rest begins, HOLD while it lasts. None if it is longer than a bar."
    length = Fraction(measure.duration.quarterLength)
    if length > beats: return None
    symbols, tied, end = [HOLD] * PLACES, None, 0
    for note in measure.notesAndRests:
        if note.duration.isGrace: continue
        begin, end = (int(Fraction(t) / beats * PLACES + Fraction(1, 2)) for t in (note.offset, note.offset + note.quarterLength))
        if begin >= PLACES or symbols[begin] != HOLD: continue  # faster than the grid: the first of them stays
        if note.isRest: symbols[begin] = REST
        elif note.tie and note.tie.type != "start": tied = note.pitches[-1].midi if begin == 0 else tied
        else: symbols[begin] = note.pitches[-1].midi
    if end < PLACES: symbols[end] = REST  # the last bar of a part, shorter by the pickup
    return Bar(symbols, tied, length == beats)


def parts_of(measures: list[stream.Measure], beats: int) -> list[list[Bar]]:
    parts: list[list] = [[]]
    for measure in measures:
        if measure.leftBarline and parts[-1]: parts.append([])
        is_pickup = not parts[-1] and measure.duration.quarterLength < beats
        if not is_pickup: parts[-1].append(on_grid(measure, beats))
        if measure.rightBarline: parts.append([])
    return parts


def moved(parts: list[list[Bar]], key: str) -> list[list[Bar]]:
    "The tune with its tonic on C, in the octave that suits the range."
    pitches = [s for part in parts for bar in part if bar for s in bar.symbols if isinstance(s, int)]
    shift = min((-tonic(key) % 12 + octave for octave in (-24, -12, 0, 12)), key=lambda s: abs(median(pitches) + s - MIDDLE)) if pitches else 0
    def move(s): return s + shift if isinstance(s, int) else s
    return [[bar and Bar([*map(move, bar.symbols)], move(bar.tied), bar.full) for bar in part] for part in parts]


def tunes() -> Iterator[Tune]:
    "The tunes of the types above, in the order of the collection's files."
    for path in sorted((Path(corpus.__file__).parent / "ryansMammoth").glob("*.abc")):
        for piece in re.split(r"(?m)^(?=X:)", path.read_text(encoding="utf-8"))[1:]:
            type_, meter = field(piece, "R").lower(), field(piece, "M")
            if type_ not in TYPES or meter not in BEATS: continue
            measures = list(converter.parseData(piece, format="abc").parts[0].getElementsByClass(stream.Measure))
            yield Tune(title_of(piece), type_, moved(parts_of(measures, BEATS[meter]), field(piece, "K")))


def windows(tune: Tune) -> Iterator[str]:
    "Each run of four bars of a part: three full ones, and a fourth that may be short."
    for part in tune.parts:
        for bars in zip(*(part[i:] for i in range(BARS))):
            if None in bars or not all(bar.full for bar in bars[:-1]): continue
            symbols = [s for bar in bars for s in bar.symbols]
            if symbols[0] == HOLD and bars[0].tied: symbols[0] = bars[0].tied
            if symbols[0] == HOLD or not all(LOWEST <= s <= HIGHEST for s in symbols if isinstance(s, int)): continue
            yield " ".join(f"{PITCHES[s % 12]}{s // 12 - 1}" if isinstance(s, int) else s for s in symbols)


def families(found: list[tuple[Tune, list[str]]]) -> list[int]:
    "A number for each tune; tunes that share two bars in a row, under whatever titles, have the same."
    root = list(range(len(found)))
    def top(i):
        while root[i] != i: i = root[i]
        return i
    first: dict[str, int] = {}
    for i, (_, texts) in enumerate(found):
        for text in texts:
            symbols = text.split()
            for at in (0, PLACES, 2 * PLACES):
                root[top(i)] = top(first.setdefault(" ".join(symbols[at:at + 2 * PLACES]), i))
    return [top(i) for i in range(len(found))]


def shown(title: str) -> str:
    "The title without what scanning left in it (`Great: Eastern`), and without quotation marks that don't pair."
    if title in UNTITLED: return "(title left out)"
    return " ".join(title.replace("at:", "at").replace('"', "").split())


def by_hash(*names: str) -> bytes: return hashlib.sha256("/".join(names).encode()).digest()


def chosen(rows: dict[str, list[str]], n: int) -> list[tuple[str, str]]:
    "`n` windows of the tunes in `rows`, by title: one of each tune in turn, in the order of their hashes."
    queues = {title: sorted(set(texts), key=lambda text: by_hash(title, text)) for title, texts in rows.items()}
    order = [(rank, by_hash(title), title, text) for title, texts in queues.items() for rank, text in enumerate(texts)]
    assert len(order) >= n, f"{n - len(order)} windows short"
    return sorted((title, text) for *_, title, text in sorted(order)[:n])


def for_testing(windows_of: dict[int, Counter]) -> set[int]:
    "The families of the test part: drawn by their hash, type by type, until a fifth of each type's windows is there and enough are left to train on."
    total, drawn, have = sum(windows_of.values(), Counter()), set(), Counter()
    for type_ in TYPES:
        wanted, most = max(TEST, total[type_] // 5), total[type_] - TRAIN
        for number in sorted((n for n in windows_of if windows_of[n][type_]), key=lambda n: by_hash("test", type_, str(n))):
            if have[type_] >= wanted: break
            if number not in drawn and have[type_] + windows_of[number][type_] <= most: drawn.add(number); have += windows_of[number]
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("datasets/tunes"))
    args = parser.parse_args()
    found = [(tune, texts) for tune in tunes() if (texts := list(dict.fromkeys(windows(tune))))]
    family, types_of, windows_of = families(found), defaultdict(set), defaultdict(Counter)
    for tune, texts in found:
        for text in texts: types_of[text].add(tune.type)
    rows = defaultdict(dict)  # by type and family: title and windows; what occurs in tunes of two types is left out, and what occurs twice is kept once
    seen = set()
    for number, (tune, texts) in zip(family, found):
        fresh = [text for text in texts if len(types_of[text]) == 1 and text not in seen]
        seen.update(fresh)
        rows[tune.type, number].setdefault(tune.title, []).extend(fresh)
        windows_of[number][tune.type] += len(fresh)
    test, lines = for_testing(windows_of), []
    for type_ in TYPES:
        for part, n in (("train", TRAIN), ("test", TEST)):
            mine = {title: texts for (t, number), by_title in rows.items() if t == type_ and (number in test) == (part == "test") for title, texts in by_title.items()}
            picked = chosen(mine, n)
            lines += [f"{type_}\t{part}\t{shown(title)}\t{text}\n" for title, text in picked]
            print(f"{type_:10} {part:5} {n} of {sum(map(len, mine.values()))} windows, from {len({title for title, _ in picked})} of {len(mine)} tunes")
    size = write_packed(args.out, {"tunes.tsv.gz": "".join(lines).encode()})
    print(f"{len(lines):,} windows, {size:,} bytes")


if __name__ == "__main__": main()
