"""What the programs of this folder share."""
import gzip
import hashlib
from argparse import Namespace
from pathlib import Path


def command(program: str, args: Namespace) -> str:
    "The command that repeats a run; options that were left empty are left out."
    given = ((f"--{key.replace('_', '-')}", value if isinstance(value, list) else [value]) for key, value in vars(args).items())
    return " ".join(["python", f"tools/{program}", *(" ".join(map(str, [option, *values])) for option, values in given if values not in ([], [None]))])


def write_packed(out: Path, files: dict[str, bytes]) -> int:
    "Compress files into a folder of datasets/, with their checksums beside them; the same contents give the same bytes. Returns the number of bytes."
    out.mkdir(parents=True, exist_ok=True)
    packed = {name: gzip.compress(contents, 9, mtime=0) for name, contents in files.items()}
    for name, contents in packed.items(): (out / name).write_bytes(contents)
    (out / "SHA256SUMS").write_text("".join(f"{hashlib.sha256(contents).hexdigest()}  {name}\n" for name, contents in packed.items()))
    return sum(map(len, packed.values()))
