"""OliveTin's config.yaml: a task for each action that a person starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pushbutton.adapters.catalog.model import slug_of

from .kind import Draft, Left, Param, Source, Task, Timed, literal
from .names import Names
from .shell_text import Hole, Unsafe, assigned, rewritten
from .times import timed
from .tree import Node, read_yaml
from .values import pattern

__all__ = ["read"]

_HOLE = re.compile(r"\{\{-?\s*(?:\.Arguments\.)?([A-Za-z_][\w-]*)\s*-?\}\}")
_ENTITY = re.compile(r"\{\{-?\s*(?:\.CurrentEntity\.|[A-Za-z][\w-]*\.)[\w.-]+\s*-?\}\}")
_LOGIC = re.compile(r"\{\{-?\s*(?:if|range|with|end|else|block|define|template)\b[^}]*\}\}")
_ANY = re.compile(r"\{\{[^}]*\}\}")
_EMAIL = r"[^@\s]+@[^@\s]+"
_URL = r"[A-Za-z][A-Za-z0-9+.-]*:\S+"
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "ascii": {"pattern": "[a-zA-Z0-9]+", "pattern_text": "Letters a-z and digits."},
    "ascii_identifier": {"pattern": r"[a-zA-Z0-9._-]+", "pattern_text": "Letters a-z, digits, “.”, “_” and “-”."},
    "ascii_sentence": {"pattern": "[a-zA-Z0-9 ,.]+", "pattern_text": "Letters a-z, digits, blanks, “,” and “.”."},
    "unicode_identifier": {
        "pattern": r"[\w/\\. ]+",
        "pattern_text": "Letters, digits, blanks, “_”, “.”, “/”, “\\”.",
    },
    "int": {"type": "int", "min": 0},
    "url": {"pattern": _URL, "pattern_text": "An address such as https://example.org."},
    "email": {"pattern": _EMAIL, "pattern_text": "An address such as ida@example.org."},
    "datetime": {"type": "datetime"},
    "password": {"type": "secret"},
    "raw_string_multiline": {"multiline": True},
    "very_dangerous_raw_string": {},
    "checklist": {"type": "choices"},
    "checkbox": {},
}
_ONE_WORD = frozenset({"ascii", "ascii_identifier", "int", "url", "email", "datetime", "checkbox", "password"})
_SAID_OF_NO_FIELD = ("confirmation", "html")
_TOLD: Mapping[str, tuple[str, str]] = {
    "maxRate": ("How often it may be started is not limited here", "Ask for approvals, if that would do."),
    "triggers": ("What it starts when it is over is not taken", "Let its command start that: pushbutton press NAME."),
    "trigger": ("What it starts when it is over is not taken", "Let its command start that: pushbutton press NAME."),
    "enabledExpression": ("It can always be pressed here", "Let its command look first, and end with a message."),
    "shellAfterCompleted": ("What ran behind it is not taken", "Put it at the end of its command, or into a script."),
    "hidden": ("It was hidden, and is shown here", "Give rights to those who may see it."),
    "execOnStartup": ("Nothing starts here by itself", "Press it by a service of systemd."),
    "execOnFileCreatedInDir": ("Nothing starts here by itself", "Press it by what makes the files."),
    "execOnFileChangedInDir": ("Nothing starts here by itself", "Press it by what changes the files."),
    "execOnCalendarFile": ("Nothing starts here by itself", "Press it by cron: pushbutton press NAME."),
    "accessControlLists": ("Who may do what is said to the server, not in a file", "See: pushbutton user give --help."),
    "authLocalUsers": ("People are not taken", "Add them with: pushbutton user add NAME."),
}


def read(source: Source) -> Draft:
    tree = read_yaml(source)
    if not tree["actions"].is_list or not tree["actions"]:
        raise source.wrong("It is no config.yaml of OliveTin: there is no list of “actions” in it.")
    left = list(_told(tree, ""))
    groups = dict(_grouped(tree["dashboards"], ""))
    tasks = []
    for action in tree["actions"]:
        made = _Action(action, groups.get(action["title"].text, ""), left).task()
        tasks += [made] if made else []
    return Draft(tuple(tasks), tuple(left))


def _told(node: Node, title: str) -> Iterator[Left]:
    about = f" (“{title}”)" if title else ""
    for key, (what, do) in _TOLD.items():
        if node[key] and node[key].truth is not False:
            yield Left(node[key].line, f"{what}{about}.", do)


def _grouped(contents: Node, group: str) -> Iterator[tuple[str, str]]:
    """The heading of each title that stands in a dashboard."""
    for one in contents:
        title = one["title"].text
        if one["contents"].is_list:
            yield from _grouped(one["contents"], title or group)
        elif title:
            yield title, group


_ZONE = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)


def _timed(node: Node) -> Timed:
    written = node.text
    match = _ZONE.fullmatch(written.strip())
    times = match[2] if match else written
    return timed(
        times.replace("?", "*"),
        match[1] if match else "",
        written=written,
        nicknames=True,
        from_on=True,
        line=node.line,
    )


class _Action:
    def __init__(self, node: Node, group: str, left: list[Left]) -> None:
        self._node, self._group, self._left = node, group, left
        self._title = node["title"].text
        self._names = Names(assigned(node["shell"].text))
        self._params: dict[str, Param] = {}
        self._kinds: dict[str, str] = {}
        self._exec = node["exec"].is_list
        self._confirms: list[str] = []

    def _tell(self, node: Node, what: str, do: str, line: int | None = None) -> None:
        """`line`: of the node's text, from 0."""
        self._left.append(Left(node.line if line is None else node.at(line), what, do))

    def task(self) -> Task | None:
        node = self._node
        texts = " ".join((self._title, node["shell"].text, *(one.text for one in node["exec"])))
        if match := _LOGIC.search(texts):
            what = f"“{self._title}” is left out: “{match[0]}” decides what its command is."
            self._tell(node["shell"] or node["exec"] or node, what, "Decide it in the shell, or in a script.")
            return None
        if node["entity"] or _ENTITY.search(texts):
            of = f" “{node['entity'].text}”" if node["entity"].text else ""
            self._tell(
                node["entity"] or node,
                f"“{self._title}” is left out: it stands for each of the entities{of}.",
                "Write a task for each, or an input with their names as “choices” or “choices_from”.",
            )
            return None
        before = len(self._left)
        for one in node["arguments"]:
            self._argument(one)
        command = self._command()
        if not command:
            del self._left[before:-1]  # of what is not there, only why
            return None
        for match in _ANY.finditer(_HOLE.sub("", texts)):
            what = f"“{match[0]}” is none of the arguments of “{self._title}”, and stays as it is."
            self._tell(node["shell"] or node["exec"] or node, what, "Look whether that is what its program is to get.")
        self._left += _told(node, self._title)
        cron = node["execOnCron"]
        for one in [node["acls"], *node["acls"]]:
            if one.text:
                do = f"Say: pushbutton user give group:{one.text} presser --where task:{self._slug}"
                self._tell(one, f"Who may press it is said to the server, not in a file: {one.text}.", do)
        at_once = node["maxConcurrent"].whole
        return Task(
            name=self._title or self._slug,
            slug=node["id"].text,
            command=command,
            line=node.line,
            params=tuple(self._params.values()),
            help=node["justification"].text if node["justification"].truth is None else "",
            group=self._group,
            confirm=literal(" ".join(self._confirms)),
            reason="required" if node["justification"] and node["justification"].truth is not False else "",
            timeout=max(3, node["timeout"].whole or 0) if node["timeout"] else None,
            at_once=at_once if at_once and at_once > 1 else None,
            busy="skip" if at_once else "",
            schedules=tuple(_timed(one) for one in [cron, *cron] if one.text),
        )

    @property
    def _slug(self) -> str:
        return slug_of(self._node["id"].text or self._title or "action")

    def _argument(self, node: Node) -> None:
        name, kind = node["name"].text, node["type"].text
        title = node["title"].text
        if kind in _SAID_OF_NO_FIELD:
            if kind == "confirmation":
                self._confirms.append(title or "Are you sure?")
            else:
                self._tell(node, f"What the form of “{self._title}” said is not taken.", "Put it into its “help”.")
            return
        if not name:
            self._tell(node, "An argument without a name is not taken.", "Write it by hand.")
            return
        self._kinds[name] = kind
        self._params[name] = self._param(node, name, kind, title)

    def _param(self, node: Node, name: str, kind: str, title: str) -> Param:
        ours = self._names.of(name)
        given: dict[str, Any] = {"label": title, "help": self._help(node)}
        required = node["rejectNull"].truth is True
        if kind.startswith("regex:"):
            given["pattern"] = pattern(kind.removeprefix("regex:"), node.line, name, self._left)
        elif kind in _KINDS:
            given |= _KINDS[kind]
        else:
            self._tell(node, f"“{name}” is a text here, and not of the type “{kind}”.", "Say more of it by hand.")
        default = node["default"].whole if kind == "int" else node["default"].text or None
        if kind == "checkbox" and not node["choices"]:
            self._tell(node, f"“{name}” comes as true or false.", "Let the command look for that.")
            return Param(ours, "bool", **given, default=node["default"].truth or None)
        if node["choices"]:
            return self._chosen(node, ours, given, default, kind)
        if kind == "very_dangerous_raw_string":
            self._tell(
                node, f"“{name}” was put into the command as it is; here it is one word.", "Try whether it fits."
            )
        if kind == "password":
            default = None
        return Param(ours, **given, required=None if required and default is None else required, default=default)

    def _help(self, node: Node) -> str:
        offered = node["suggestions"].table
        shown = ", ".join(f"{value} ({one.text})" if one.text else value for value, one in offered.items())
        parts = [node["description"].text, f"Such as {shown}." if shown else ""]
        return "\n\n".join(part for part in parts if part)

    def _chosen(self, node: Node, ours: str, given: Mapping[str, Any], default: Any, kind: str) -> Param:
        entries = [one for one in node["choices"] if not one["entity"] and "{{" not in one["value"].text]
        if len(entries) < len(list(node["choices"])):
            what = f"“{node['name'].text}” had the names of entities as choices: they are not taken."
            self._tell(
                node["choices"], what, "Write them as “choices”, or a program that tells them as “choices_from”."
            )
        choices = {one["value"].text: one["title"].text for one in entries if one["value"].text}
        empty = len(choices) < len(entries)  # a choice that stands for nothing
        on = next(iter(choices), "")
        if kind == "checkbox" and self._exec and len(choices) == 1 and re.fullmatch(r"-[^\s{}=]+", on):
            return Param(ours, "bool", label=given["label"], help=given["help"], flag=on, default=default == on or None)
        kept = {key: value for key, value in given.items() if key in ("label", "help") or value == "choices"}
        if not choices:
            return Param(ours, **kept, required=False)
        if default is not None and default not in choices:
            default = None
        dash = any(value.startswith("-") for value in choices)
        required = False if empty or kind == "checklist" else None
        return Param(ours, **kept, choices=choices, default=default, dash=dash, required=required)

    def _command(self) -> tuple[str, ...]:
        if self._exec:
            return tuple(self._item(one) for one in self._node["exec"])
        text = self._node["shell"]
        if not text.text.strip():
            self._tell(
                self._node, f"“{self._title}” is left out: it has no “shell” and no “exec”.", "Write it by hand."
            )
            return ()
        try:
            made = rewritten(text.text, _HOLE, self._hole)
        except Unsafe as error:
            what = f"“{self._title}” is left out: {error.what[:1].lower()}{error.what[1:]}"
            self._tell(text, what, error.do, error.line)
            return ()
        by_ours = {self._names.of(name): name for name in self._params}
        for name, line in dict(made.bare).items():
            source = by_ours[name]
            if self._blanks(self._params[source], self._kinds[source]):
                what = f"“{source}” stood outside of quotes, and is one word here whatever it holds."
                self._tell(text, what, "If it meant several, write a script that takes it apart.", line)
        for name, line in made.json:
            what = f"“{by_ours[name]}” stands in JSON, which a quote in it would break."
            self._tell(text, what, "Give it a “pattern” without quotes.", line)
        for name, param in self._params.items():
            if param.type == "secret" and any(match[1] == name for match in _HOLE.finditer(text.text)):
                what = f"“{name}” is a secret, and everybody on the machine can read a command line."
                self._tell(text, what, f"Let the program read it from ${param.name.upper()}.")
        return ("sh", "-c", literal(made.text))

    def _hole(self, match: re.Match[str]) -> Hole | None:
        param = self._params.get(match[1])
        if param is None:
            line = match.string.count("\n", 0, match.start())
            raise Unsafe(line, f"“{match[1]}” is none of its arguments.", "Name the argument, or write it by hand.")
        return Hole(param.name, empty=param.required is False, number=param.type == "int")

    def _blanks(self, param: Param, kind: str) -> bool:
        if param.choices is not None:
            return any(re.search(r"\s", value) for value in param.choices)
        return kind not in _ONE_WORD

    def _item(self, node: Node) -> str:
        parts: Sequence[str] = _HOLE.split(node.text)
        made = []
        for index, part in enumerate(parts):
            param = self._params.get(part) if index % 2 else None
            made.append(f"{{{param.name}}}" if param else literal(f"{{{{ {part} }}}}" if index % 2 else part))
        return "".join(made)
