"""What the programs of this folder share."""
from argparse import Namespace


def command(program: str, args: Namespace) -> str:
    "The command that repeats a run; options that were left empty are left out."
    given = ((f"--{key.replace('_', '-')}", value if isinstance(value, list) else [value]) for key, value in vars(args).items())
    return " ".join(["python", f"tools/{program}", *(" ".join(map(str, [option, *values])) for option, values in given if values not in ([], [None]))])
