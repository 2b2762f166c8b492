"""An Ansible playbook that asks for variables, or a task template of Semaphore: one task, which runs the playbook.

What is filled in comes in the environment, and `-e` has a template that looks it up there: nothing of a value is ever
a part of the command line, of YAML or of another template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from shlex import join

from pushbutton.describe.title import title_of

from .kind import Draft, Left, Param, Source, Task, literal
from .names import Names, plain_name
from .place import STANDARD_INPUT, beside
from .tree import Node, read_json, read_yaml

__all__ = ["read"]

_YES_NO = re.compile(r"[(\[]?\b(?P<yes>y|yes)\s*[/|]\s*(?:n|no)\b[)\]]?\s*[?:]?\s*$", re.IGNORECASE)
_FALLBACK = re.compile(r"\{\{\s*(\w+)\s*\|\s*default\(\s*(['\"])([^'\"{}]*)\2\s*(?:,\s*true\s*)?\)\s*\}\}")
_COMMENT = re.compile(r"\s#\s*(.*)$")
_HOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class _Variable:
    """One that the playbook is given. `fixed`: what it always is; `may_miss`: without a value it is not given."""

    name: str
    param: Param | None
    fixed: str = ""
    may_miss: bool = False

    @property
    def template(self) -> str:
        """Its value for `-e`, as JSON."""
        if self.param is None:
            return json.dumps({self.name: self.fixed})
        filters = {"int": " | int", "float": " | float", "bool": " | bool"}.get(self.param.type, "")
        return json.dumps({self.name: f"{{{{ lookup('env', '{self.param.name.upper()}'){filters} }}}}"})


def read(source: Source) -> Draft:
    if source.text.lstrip().startswith("{"):
        return _template(source, read_json(source))
    plays = read_yaml(source)
    if not plays.is_list or not any("hosts" in play or "import_playbook" in play for play in plays):
        raise source.wrong("It is no playbook: a list of plays with “hosts” would stand in it.")
    return _Playbook(source, plays).draft()


class _Playbook:
    def __init__(self, source: Source, plays: Node) -> None:
        self._source, self._plays = source, plays
        self._lines = source.text.split("\n")
        self._names = Names()
        self._left: list[Left] = []
        self._variables: dict[str, _Variable] = {}
        self._questions: list[str] = []

    def draft(self) -> Draft:
        prompts = [one for play in self._plays for one in play["vars_prompt"] if one["name"].text]
        for one in prompts:
            self._prompt(one)
        for play in self._plays:
            self._hosts(play["hosts"])
            for name, value in play["vars"].table.items():
                self._documented(name, value)
            if play["import_playbook"]:
                what = f"What is imported is not read: {play['import_playbook'].text}"
                self._left.append(Left(play["import_playbook"].line, what, "Import that playbook by itself."))
        first = next(iter(self._plays))
        file = PurePath(self._source.name).name if self._source.name != STANDARD_INPUT else "playbook.yml"
        named = next((play["name"].text for play in self._plays if play["name"]), "")
        found = list(self._variables.values())
        task = Task(
            named or title_of(PurePath(file).stem.replace("-", "_")),
            _command((file,), found),
            first.line,
            params=tuple(one.param for one in found if one.param),
            confirm=" ".join(self._question(text) for text in self._questions),
            cwd=beside(self._source),
        )
        return Draft((task,), tuple(self._left))

    def _prompt(self, one: Node) -> None:
        name, text = one["name"].text, _undecorated(one["prompt"].text)
        if (match := _YES_NO.search(text)) and one["default"].text.lower() in ("", "n", "no"):
            self._questions.append(text[: match.start()].strip())
            self._variables[name] = _Variable(name, None, self._accepted(name, match["yes"].lower()))
            return
        if one["encrypt"]:
            what = f"“{name}” is not encrypted ({one['encrypt'].text}) where it comes from outside."
            do = f"Write {{{{ {name} | password_hash('sha512') }}}} where the playbook uses it."
            self._left.append(Left(one["encrypt"].line, what, do))
        label = text.splitlines()[0].rstrip(": ") if text else ""
        more = "\n".join(text.splitlines()[1:])
        private = one["private"].truth is not False
        default = one["default"].text or None
        if private and default:
            self._left.append(Left(one["default"].line, f"The default of “{name}” is secret, and not taken."))
        param = Param(
            self._called(name),
            "secret" if private else "",
            label=label,
            help=more,
            default=None if private else default,
            required=False if "default" in one and (private or not default) else None,
        )
        self._variables[name] = _Variable(name, param, may_miss=private and bool(default))

    def _accepted(self, name: str, usual: str) -> str:
        """The answer that lets the playbook go on."""
        match = re.search(rf"\b{re.escape(name)}(?:\s*\|\s*\w+)*\s*==\s*['\"](\w+)['\"]", self._source.text)
        return match[1] if match else usual

    def _hosts(self, node: Node) -> None:
        for match in _FALLBACK.finditer(node.text):
            if match[1] not in self._variables:
                param = Param(self._called(match[1]), help="The hosts that it is for.", default=match[3] or None)
                self._variables[match[1]] = _Variable(match[1], param)
        bare = _HOLE.fullmatch(node.text.strip())
        if bare and bare[1] not in self._variables:
            param = Param(self._called(bare[1]), help="The hosts that it is for.")
            self._variables[bare[1]] = _Variable(bare[1], param)

    def _documented(self, name: str, node: Node) -> None:
        """A variable of a play that a comment explains, beside it or above: what people may want to change."""
        said = self._comment(node.line)
        if not said or name in self._variables:
            return
        if not node.text or "{{" in node.text or "\n" in node.text:
            self._left.append(Left(node.line, f"“{name}” is no plain value, and stays as the playbook sets it."))
            return
        param = Param(self._called(name), help=said, default=node.text)
        if isinstance(node.value, bool):
            param = replace(param, type="bool", default=node.value or None)
        elif not node.is_text and node.number is not None:
            param = replace(param, type="float" if isinstance(node.number, float) else "int", default=node.number)
        self._variables[name] = _Variable(name, param)

    def _comment(self, line: int) -> str:
        written = self._lines[line - 1] if line <= len(self._lines) else ""
        if match := _COMMENT.search(written):
            return match[1].strip()
        above: list[str] = []
        at = line - 2
        while at >= 0 and self._lines[at].strip().startswith("#"):
            above.insert(0, self._lines[at].strip().lstrip("#").strip())
            at -= 1
        return "\n".join(above)

    def _called(self, name: str) -> str:
        """Ansible itself acts on variables whose name begins with its own."""
        return self._names.of(f"input_{name}" if plain_name(name).startswith("ansible") else name)

    def _question(self, text: str) -> str:
        found, before = [], 0
        for match in _HOLE.finditer(text):
            one = self._variables.get(match[1])
            shown = f"{{{one.param.name}}}" if one and one.param and one.param.type != "secret" else "…"
            found += [literal(text[before : match.start()]), shown]
            before = match.end()
        return " ".join("".join([*found, literal(text[before:])]).split())


def _undecorated(text: str) -> str:
    """Without lines of “====”."""
    return "\n".join(line.strip() for line in text.splitlines() if re.search(r"\w", line)).strip()


def _template(source: Source, tree: Node) -> Draft:
    """A task template of Semaphore with its survey."""
    if not tree["playbook"].text:
        raise source.wrong("It is no task template of Semaphore: “playbook” would stand in it.")
    if tree["app"].text not in ("", "ansible"):
        raise source.wrong(
            f"It is a template for {tree['app'].text}, and only those for Ansible are read.", tree["app"].line
        )
    left: list[Left] = []
    names = Names()
    found = [variable for one in tree["survey_vars"] if (variable := _surveyed(one, names)) is not None]
    for key, what, do in (
        ("inventory", "The inventory “{}” is kept by Semaphore.", "Add -i and its file to the command."),
        ("repository", "The repository “{}” is not fetched.", "Serve beside a copy of it."),
        ("environment", "What the environment “{}” sets is kept by Semaphore.", "Add it to “env” or “secrets”."),
        ("vault_key_id", "The key of the vault ({}) is kept by Semaphore.", "Add it as a secret."),
    ):
        if tree[key]:
            left.append(Left(tree[key].line, what.format(tree[key].text), do))
    if tree["allow_override_args_in_task"].truth:
        line = tree["allow_override_args_in_task"].line
        left.append(
            Left(line, "Arguments of one's own cannot be added to a run.", "Add an input for each that is needed.")
        )
    task = Task(
        tree["name"].text or title_of(PurePath(tree["playbook"].text).stem.replace("-", "_")),
        _command((*_arguments(source, tree["arguments"]), tree["playbook"].text), found),
        tree.line,
        params=tuple(one.param for one in found if one.param),
        help=tree["description"].text,
        cwd=beside(source),
        notes=(f"schedule: {tree['cron'].text}",) if tree["cron"].text else (),
    )
    return Draft((task,), tuple(left))


def _arguments(source: Source, node: Node) -> Iterator[str]:
    """A list, or the text of one."""
    if node.is_list:
        yield from (one.text for one in node if one.text)
    elif node.text.strip():
        try:
            given = json.loads(node.text)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise source.wrong("“arguments” is no list of texts.", node.line)
        yield from given


def _surveyed(one: Node, names: Names) -> _Variable | None:
    name, kind = one["name"].text, one["type"].text
    if not name:
        return None
    called = names.of(f"input_{name}" if plain_name(name).startswith("ansible") else name)
    choices = {value["value"].text: value["name"].text for value in one["values"] if value["value"].text}
    default = one["default_value"]
    needed = one["required"].truth is True
    plain = Param(called, label=one["title"].text, help=one["description"].text)
    if kind == "enum" and choices:
        first = default.text if default.text in choices else None
        param = replace(plain, choices=choices, default=first, required=None if first else needed)
    elif kind == "int":
        number = default.number if isinstance(default.number, int) else None
        param = replace(plain, type="int", default=number, required=None if number is not None else needed)
    elif kind == "secret":
        param = replace(plain, type="secret", required=needed)
    else:
        param = replace(plain, default=default.text or None, required=None if default.text else needed)
    return _Variable(name, param, may_miss=param.default is None and not needed)


def _command(words: Sequence[str], variables: Sequence[_Variable]) -> tuple[str, ...]:
    """Plain where every variable has a value; else a shell adds those that have one."""
    sure = [item for one in variables if not one.may_miss for item in ("-e", one.template)]
    start = ["ansible-playbook", *words, *sure]
    if not any(one.may_miss for one in variables):
        return tuple(literal(word) for word in start)
    lines = [f"set -- {join(start)}"]
    lines += [
        f'[ -z "${one.param.name.upper()}" ] || set -- "$@" {join(["-e", one.template])}'
        for one in variables
        if one.may_miss and one.param
    ]
    return ("sh", "-c", literal("\n".join([*lines, 'exec "$@"'])))
