"""How much of what scripts take is read from their sources: `python bench/corpus.py [FOLDER]` prints one table.

Two hundred scripts are made, in the shapes and about the proportions in which scripts of public repositories take their
arguments, each with its answer beside it: NAME.py and NAME.json. The answer is made with the plan of the script, before
the script, and knows nothing of how scripts are read. Read and compared, a script is

    whole   each input as the answer has it, and nothing left open
    gaps    what the reading left open is named; all else is as the answer has it
    unread  it has no form, and the reading says that it looks at its arguments
    wrong   anything else: an input, a flag, a default, a choice that is not so, or a gap that nobody named

With FOLDER the scripts stay there.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus_args import VERBS, Arg, Draw, Plan
from corpus_shapes import HOUSE, SHAPES

from pushbutton.adapters.catalog.describing import Describer
from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.adapters.catalog.scripts import read_script
from pushbutton.domain.param import Param
from pushbutton.domain.targets import Arguments, ScriptTarget
from pushbutton.domain.ways import Way, ways

__all__ = ["COUNTS", "Verdict", "judged", "read_all", "write"]

COUNTS = {
    "argparse": 76, "argparse, subcommands": 14, "optparse": 14, "click": 16, "click, subcommands": 10, "typer": 20,
    "typer, subcommands": 8, "docopt": 8, "docopt, subcommands": 4, "fire": 4, "fire, subcommands": 4, "getopt": 4,
    "by hand": 6, "nothing": 12,
}  # fmt: skip
_KINDS: dict[str, tuple[str, ...]] = {
    "argparse": ("text", "text", "int", "float", "yes", "yes", "pair", "count", "repeat", "two", "choice", "sheet"),
    "optparse": ("text", "text", "int", "float", "yes", "count", "repeat", "two", "choice"),
    "click": ("text", "text", "int", "float", "yes", "pair", "count", "repeat", "two", "choice", "sheet"),
    "typer": ("text", "text", "int", "float", "yes", "pair", "count", "repeat", "choice", "sheet"),
    "docopt": ("text", "text", "yes", "count", "repeat"),
    "fire": ("text", "text", "int", "float", "pair"),
    "getopt": ("text", "text", "int", "float", "yes", "count", "repeat"),
}
_GAPS: dict[str, tuple[tuple[str, str], ...]] = {  # which, and of which kind of option
    "argparse": (
        ("default", "text"),
        ("default", "text"),
        ("choices", "choice"),
        ("left out", "text"),
        ("perhaps", "text"),
    ),
    "optparse": (("default", "text"), ("left out", "text")),
    "click": (("default", "text"), ("choices", "choice")),
    "typer": (("default", "text"),),
    "fire": (("default", "text"),),
}
_OPEN = 8  # of so many scripts of a library one has something that only running tells


def write(folder: Path) -> list[Path]:
    """The scripts, with their answers beside them, and the module that they import. The same ones each time."""
    (folder / "house").mkdir()
    (folder / "house" / "tillkit.py").write_text(HOUSE)
    scripts = []
    for kind, count in COUNTS.items():
        for number in range(count):
            shape = SHAPES[kind][number % len(SHAPES[kind])]
            seed = sum(map(ord, kind)) * 1000 + number
            plan = planned(kind, seed, number)
            path = folder / f"{kind.replace(', ', '_').replace(' ', '_')}_{number:02}.py"
            path.write_text(shape(plan, random.Random(seed)))
            path.chmod(0o755)
            answer = {**plan.answer(), "shape": shape.__name__.strip("_")}
            path.with_suffix(".json").write_text(json.dumps(answer, indent=1))
            scripts.append(path)
    return scripts


def planned(kind: str, seed: int, number: int) -> Plan:
    library, _, commands = kind.partition(", ")
    if library not in _KINDS:
        return Plan(library)
    draw = Draw(seed, _KINDS[library], dashes=library == "typer" or seed % 2 == 0, shorts=library != "fire")
    gap = _GAPS.get(library, ())
    opened = number % _OPEN == 3 and gap
    which = [draw.option(kind=one[1], gap=one[0]) for one in [gap[number // _OPEN % len(gap)]]] if opened else []
    if library in ("argparse", "docopt") and number % 5 == 1 and number % 8 != 5:  # a helper adds no groups
        which.append(draw.either())
    if not commands:
        return _fitted(Plan(library, (*draw.options(1, 8), *which, *_operands(draw, library))))
    names = draw.any.sample(VERBS, draw.any.randint(2, 6) if number % 7 else 10)
    below = {name: (*draw.options(0, 3), *_operands(draw, library)) for name in names}
    below[names[0]] = (*below[names[0]], *which)
    top = draw.options(0, 2) if library in ("argparse", "click") else ()
    return _fitted(Plan(library, top, below))


def _operands(draw: Draw, library: str) -> tuple[Arg, ...]:
    if library == "fire":
        return tuple(replace(draw.option("text"), required=True, default=None) for _ in range(draw.any.randint(0, 1)))
    if library == "getopt":
        return tuple(draw.operand() for _ in range(draw.any.randint(0, 1)))
    found = [draw.operand() for _ in range(draw.any.choice((0, 1, 1, 2)))]
    last = draw.any.choice(("", "", "many", "perhaps"))
    if last and library != "optparse":
        found.append(draw.operand("many") if last == "many" else draw.operand(required=False))
    return tuple(found)


def _fitted(plan: Plan) -> Plan:
    """Less what its library does not know."""

    def fitted(arg: Arg) -> Arg:
        if plan.library == "optparse" and not arg.operand:
            return replace(arg, required=False)
        if plan.library == "docopt":
            default = str(arg.default) if arg.default is not None else None
            return arg if arg.kind == "either" else replace(arg, default=default, long=arg.long or f"--{arg.name}")
        if plan.library == "typer" and not arg.operand:
            long = f"--{arg.name.replace('_', '-')}"
            return replace(arg, long=long, short="" if arg.kind == "pair" else arg.short)
        if plan.library == "getopt":
            name = "arg" if arg.operand else arg.name
            return replace(arg, name=name, default=None, required=arg.operand)
        if plan.library == "fire":
            return replace(arg, long=f"--{arg.name}")
        return arg

    commands = {name: tuple(map(fitted, args)) for name, args in plan.commands.items()}
    return replace(plan, args=tuple(map(fitted, plan.args)), commands=commands)


# -- read, and compared


@dataclass(frozen=True)
class Verdict:
    script: str
    kind: str
    what: str  # whole, gaps, unread or wrong
    why: tuple[str, ...] = ()


def judged(script: Path, reading: FileTasks) -> Verdict:
    answer = json.loads(script.with_suffix(".json").read_text())
    kind = answer["library"]
    targets = [task.target for task in reading.tasks if isinstance(task.target, ScriptTarget)]
    if not all(target.read for target in targets):
        looks = all(target.undescribed is not Arguments.NONE for target in targets)
        if kind == "nothing":
            return Verdict(script.name, kind, "wrong" if looks else "whole")
        return Verdict(script.name, kind, "unread" if looks else "wrong", tuple(reading.notes))
    found = {target.command: (task.params, ways(target.passing)) for task in reading.tasks
             if isinstance(target := task.target, ScriptTarget)}  # fmt: skip
    told = "\n".join(gap for target in targets for gap in target.gaps)
    if found.keys() != answer["forms"].keys():
        return Verdict(script.name, kind, "wrong", (f"forms {sorted(found)}, and not {sorted(answer['forms'])}",))
    why = [one for name, inputs in answer["forms"].items() for one in _differs(inputs, *found[name])]
    why += [f"nothing is said of {name}" for name in answer["gaps"] if name not in told.replace("-", "_")]
    return Verdict(script.name, kind, "wrong" if why else "gaps" if told else "whole", tuple(why))


def _differs(inputs: list[dict[str, Any]], params: tuple[Param, ...], passing: Mapping[str, Way]) -> Iterator[str]:
    wanted = {one["name"]: one for one in inputs}
    there = {param.name: _as_answered(param, passing[param.name]) for param in params}
    for name in sorted(wanted.keys() ^ there.keys()):
        yield f"{name} is {'missing' if name in wanted else 'too much'}"
    for name in sorted(wanted.keys() & there.keys()):
        for key, value in there[name].items():
            if value != wanted[name][key]:
                yield f"{key} of {name} is {value!r}, and not {wanted[name][key]!r}"


def _as_answered(param: Param, way: Way) -> dict[str, Any]:
    return {
        "type": str(param.type),
        "required": param.required,
        "default": param.default,
        "choices": [choice.value for choice in param.choices],
        "flag": way.flag.removesuffix("=True"),
        "off": f"--no-{way.off[2:-6]}" if way.off.endswith("=False") else way.off,
    }


async def read_all(scripts: list[Path]) -> list[FileTasks]:
    readings = [read_script(Found(script, Form.SCRIPT)) or FileTasks() for script in scripts]
    asked = [script for script, reading in zip(scripts, readings, strict=True) if reading.ask]
    reader = Describer(sys.executable)
    try:
        told = dict(zip(asked, await reader.arguments(asked), strict=True))
    finally:
        await reader.close()
    return [reading.ask.laid(told[script]) if reading.ask else reading
            for script, reading in zip(scripts, readings, strict=True)]  # fmt: skip


def table(verdicts: list[Verdict]) -> Iterator[str]:
    columns = ("whole", "gaps", "unread", "wrong")
    yield f"{'':10}{'scripts':>9}" + "".join(f"{column:>8}" for column in columns)
    for kind, group in itertools.groupby(verdicts, key=lambda one: one.kind):
        counts = Counter(one.what for one in group)
        yield f"{kind:10}{counts.total():>9}" + "".join(f"{counts[column]:>8}" for column in columns)
    counts = Counter(one.what for one in verdicts)
    yield f"{'all':10}{counts.total():>9}" + "".join(f"{counts[column]:>8}" for column in columns)


def main() -> int:
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else spare)
        folder.mkdir(exist_ok=True)
        scripts = write(folder)
        begin = time.perf_counter()
        readings = asyncio.run(read_all(scripts))
        took = (time.perf_counter() - begin) * 1000 / len(scripts)
        verdicts = [judged(script, reading) for script, reading in zip(scripts, readings, strict=True)]
    print("\n".join(table(verdicts)))
    print(f"{took:.1f} ms each")
    for one in verdicts:
        if one.what == "wrong" or (one.what == "unread" and one.why):
            print(f"{one.script}: {one.what}: {'; '.join(one.why)}")
    return int(any(one.what == "wrong" for one in verdicts))


if __name__ == "__main__":
    sys.exit(main())
