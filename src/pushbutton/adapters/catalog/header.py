"""The block for the head of a script, or for a command, to be pasted: what is read from the source, what is guessed,
what the script told of itself.

Read inputs are named, to be corrected; all others are declared as a whole.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pushbutton.describe.arguments.found import Argument, Command, NotRead, Script
from pushbutton.describe.shebang import SHELLS, program_of
from pushbutton.describe.shell.guess import Guess, guess
from pushbutton.describe.shell.parse import parse
from pushbutton.describe.shell.read import Reading
from pushbutton.describe.usage import told_by
from pushbutton.domain.argument_text import protected
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.task import Task
from pushbutton.domain.template import holes
from pushbutton.domain.ways import By, Way
from pushbutton.errors import BadInput, ConfigError

from .describing import Describer
from .param_keys import correcting, declaring
from .script_form import ScriptForm, forms_of, is_secret
from .scripts import block_of

__all__ = ["Block", "block_for", "block_for_command", "literals"]

_SIGNS: Mapping[str, str] = {"node": "//", "deno": "//", "bun": "//", "php": "//", "lua": "--", "luajit": "--"}
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile("[\x7f-\x9f]")


@dataclass
class Block:
    """`params`: what is said of each input; `notes`: what nothing tells, for whoever pastes it."""

    sign: str = "#"
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)  # inputs of which nothing is certain
    yaml: str = ""  # it is for a pushbutton.yaml: "whole", or "add" to the inputs that stand there

    @property
    def remark(self) -> str:
        return f"Guessed, so look at it: {', '.join(self.guessed)}." if self.guessed else ""

    def __str__(self) -> str:
        if self.yaml:
            return "\n".join(self._yaml())
        lines = ["/// pushbutton", *(f"# {' '.join(note.split())}" for note in self.notes)]
        for name, keys in self.params.items():
            lines += ["", f"[params.{name}]", *(f"{_key(key)} = {_toml(value)}" for key, value in keys.items())]
        return "\n".join(f"{self.sign} {line}".rstrip() for line in [*lines, "///"])

    def _yaml(self) -> Iterator[str]:
        yield from (f"    # {' '.join(note.split())}" for note in self.notes)
        if self.yaml == "whole":
            yield "    params:"
        for name, keys in self.params.items():
            yield f"      {name}:{'' if keys else ' {}'}"
            yield from (f"        {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())


async def block_for(path: Path, said: str | None = None) -> Block:
    """`said`: what the script printed when it was asked for its help. Raises `BadInput` and `ConfigError`."""
    text, shebang = _script(path)
    answer = await _read(path)
    forms = forms_of(answer) if "kind" in answer else []
    told = _form(told_by(said)) if said is not None else None
    seems = _guessed(text) if program_of(shebang) in SHELLS else Guess()
    block = Block(_SIGNS.get(program_of(shebang), "#"))
    if forms:
        required = _required(answer["command"]["arguments"], seems)
        _corrections(block, forms, told, required)
        block.guessed += [f"{name} is required" for name in block.params if name in required]
    elif told is not None:
        _declared(block, told)
    before = set(block.params)
    _besides(block, seems, told=told is not None and bool(told.params))
    block.guessed += [name for name in block.params if name not in before]
    if not forms:
        block.notes += _why(answer.get("sentence", ""), seems, told)
    if not block.params:
        raise ConfigError(_nothing(answer, said), file=str(path), line=1)
    return block


async def block_for_command(task: Task, said: str | None = None) -> Block:
    """The inputs of a command in a `pushbutton.yaml`, from the source of the script that it starts. Raises `BadInput`
    and `ConfigError`.
    """
    argv = literals(task)
    block = Block(yaml="add" if task.params else "whole")
    form: ScriptForm | None = None
    answer: Mapping[str, Any] = {}
    found = next(((at, file) for at, word in enumerate(argv[:2]) if (file := _file(word, task)) is not None), None)
    if said is not None:
        form = _form(told_by(said))
    elif found is not None:
        at, file = found
        answer = await _read(file)
        forms = forms_of(answer) if "kind" in answer else []
        words = " ".join(argv[at + 1 :])
        form = next((one for one in forms if one.words == words), forms[0] if len(forms) == 1 else None)
        block.notes += [f"{file.name}, line {gap}" for gap in form.gaps] if form else []
        if form is None and len(forms) > 1:
            names = ", ".join(one.words for one in forms)
            raise BadInput(f"{file.name} has subcommands: put one of them behind it in “command” ({names}).")
    if form is not None:
        _declared(block, form, {param.name for param in task.params})
    if not block.params:
        raise ConfigError(_nothing(answer, said), file=task.source.file, line=task.source.line)
    return block


def literals(task: Task) -> list[str]:
    """The words of a command before its first input."""
    return list(itertools.takewhile(lambda word: not holes(word), task.target.written))


def _file(word: str, task: Task) -> Path | None:
    """The script that a word of a command is."""
    path = Path(task.cwd or Path(task.source.file).parent, word)
    return path if path.is_file() and b"\0" not in path.read_bytes()[:1024] else None


async def _read(path: Path) -> dict[str, Any]:
    describer = Describer(sys.executable)
    try:
        (answer,) = await describer.arguments([path])
    finally:
        await describer.close()
    return answer


def _script(path: Path) -> tuple[str, str]:
    """Its text and its first line."""
    content = path.read_bytes()
    text = content.decode("utf-8", "replace")
    shebang = text.partition("\n")[0]
    if b"\0" in content[:1024] or not shebang.startswith("#!"):
        raise BadInput(f"{path} does not begin with “#!”, so no block in it would be read.")
    inside, first, problem = block_of(text.splitlines())
    if inside is not None or problem:
        raise BadInput(
            f"{path} has a block already, in line {first - 1}: change it there; check says what it comes to."
        )
    return text, shebang


def _form(script: Script) -> ScriptForm:
    return forms_of(json.loads(json.dumps(script.json())))[0]


def _guessed(text: str) -> Guess:
    try:
        return guess(Reading(parse(text)))
    except NotRead:
        return Guess()


# -- what is read


def _corrections(block: Block, forms: Sequence[ScriptForm], told: ScriptForm | None, required: Collection[str]) -> None:
    for form in forms:
        for param in form.params:
            better = _told_better(param, form, told)
            if param.name in required:
                better = replace(better, required=True)
            keys = correcting(better, param)
            before = block.params.get(param.name)
            block.params[param.name] = keys if before is None else _alike(before, keys)
    seen = {gap.text: gap for form in forms for gap in form.gaps}
    lost = {one.name: declaring(one, told.passing[one.name]) for one in told.params} if told else {}
    for gap in seen.values():
        if gap.left_out and gap.name in lost and gap.name not in block.params:
            block.params[gap.name] = lost[gap.name]
        elif gap.about != "operands" and not (gap.about and gap.about in block.params.get(gap.name, {})):
            block.notes.append(f"line {gap.line}: {gap.text}")


def _told_better(param: Param, form: ScriptForm, told: ScriptForm | None) -> Param:
    """With what the script printed of it where its source left a gap."""
    other = next((one for one in told.params if one.name == param.name), None) if told else None
    if other is None:
        return param
    about = {gap.about for gap in form.gaps if gap.name == param.name}
    made = param if param.help else replace(param, help=other.help)
    if "choices" in about and other.choices and param.type is ParamType.STR:
        made = replace(made, type=ParamType.CHOICE, choices=other.choices)
    if "default" in about and other.default is not None and _fits(other.default, made):
        made = replace(made, default=other.default)
    return made


def _fits(default: Any, param: Param) -> bool:
    wanted = {ParamType.INT: int, ParamType.FLOAT: float}.get(param.type, str)
    offered = [choice.value for choice in param.choices]
    return isinstance(default, wanted) and (not offered or default in offered)


def _required(arguments: Sequence[Mapping[str, Any]], seems: Guess) -> set[str]:
    """The inputs whose variables a shell script does not go on without."""
    return {one["name"] for one in arguments if one["variable"] in seems.required and one["default"] is None}


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The options of inputs that have one name in two subcommands."""
    return {key: value for key, value in one.items() if key in other and other[key] == value}


# -- what is declared


def _declared(block: Block, form: ScriptForm, besides: Collection[str] = ()) -> None:
    """`besides`: inputs that stand there already."""
    place, operands = 0, sum(way.by is By.ARGUMENT for way in form.passing.values())
    for param, way in _without_choosers(form):
        place += way.by is By.ARGUMENT
        if param.name not in besides:
            block.params[param.name] = declaring(param, way, place, last=place == operands)


def _without_choosers(form: ScriptForm) -> Iterator[tuple[Param, Way]]:
    """Of options that exclude each other each is one that may be left out: a file has no key for which one it is."""
    for param in form.params:
        way = form.passing[param.name]
        if way.by is By.CHOOSER:
            for name, flag in way.flags.items():
                if flag:
                    yield Param(name, ParamType.BOOL, required=False, default=False), Way(By.OPTION, flag)
        else:
            yield (replace(param, when={}, required=False) if param.when else param), way


def _besides(block: Block, seems: Guess, *, told: bool) -> None:
    """The operands and variables of a shell script. `told`: it said itself which operands it takes."""
    if not told and not any("place" in keys for keys in block.params.values()):
        form = _form(Script("", Command("", arguments=[_free(one, block) for one in seems.operands])))
        _declared(block, form)
    for variable in seems.variables:
        name = variable.name.lower()
        if protected(variable.name) or name in block.params:
            continue
        secret = is_secret(name)
        param = Param(
            name,
            ParamType.SECRET if secret else ParamType.STR,
            help=variable.help,
            required=variable.required,
            default=None if secret else variable.default or None,
        )
        block.params[name] = declaring(param, Way(By.ENV))


def _free(one: Argument, block: Block) -> Argument:
    return replace(one, name=f"{one.name}_") if one.name in block.params else one


def _why(sentence: str, seems: Guess, told: ScriptForm | None) -> Iterator[str]:
    if sentence:
        yield f"what it takes cannot be read from its source{sentence}"
    if seems.before and told is None:
        yield f"line {seems.before}: its options stand behind a word: say “under” which word each of them belongs"
    elif sentence and told is None:
        yield "its options are not among these: --run asks the script for them"


def _nothing(answer: Mapping[str, Any], said: str | None) -> str:
    if said is not None:
        return "What it printed for --help has no options or operands in it."
    if "kind" in answer:
        return "It takes nothing, so there is nothing to say in a block."
    why = f" ({answer['sentence'].removeprefix(': ')})" if answer.get("sentence") else ""
    return f"Its source does not tell what it takes{why}: ask the script itself with --run, or write the block by hand."


# -- TOML


def _key(key: Any) -> str:
    text = str(key)
    return text if _BARE.fullmatch(text) else _toml(text)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(str(value), ensure_ascii=False))
