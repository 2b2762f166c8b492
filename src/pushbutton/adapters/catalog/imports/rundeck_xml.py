"""Rundeck's older XML, as the tree that its YAML has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .kind import Source
from .tree import Node

__all__ = ["read_jobs"]

_DEEPEST = 100


@dataclass
class _Element:
    tag: str
    attributes: dict[str, str]
    line: int
    children: list[_Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def child(self, *path: str) -> _Element | None:
        here: _Element | None = self
        for tag in path:
            here = next((one for one in here.children if one.tag == tag), None) if here else None
        return here

    @property
    def text(self) -> str:
        return "".join(self.texts).strip("\n") if not self.children else ""

    @property
    def node(self) -> Node:
        return Node(self.text.strip() if "\n" not in self.text.strip() else self.text, self.line)


def read_jobs(source: Source) -> Node:
    """A list of jobs. Raises `ConfigError`: also for a document that declares entities, which may grow without end."""
    root = _parsed(source)
    if root.tag != "joblist":
        raise source.wrong(f"It begins with <{root.tag}>, and a list of jobs with <joblist>.", root.line)
    return Node([_job(one) for one in root.children if one.tag == "job"], root.line)


def _parsed(source: Source) -> _Element:
    parser = expat.ParserCreate()
    top = _Element("", {}, 1)
    open_now = [top]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if len(open_now) > _DEEPEST:
            raise source.wrong("Its elements go too deep.", parser.CurrentLineNumber)
        element = _Element(tag, attributes, parser.CurrentLineNumber)
        open_now[-1].children.append(element)
        open_now.append(element)

    def declared(*_: object) -> None:
        raise source.wrong("It has a DOCTYPE, which no list of jobs needs: take it out.", parser.CurrentLineNumber)

    def ended(_: str) -> None:
        open_now.pop()

    def said(text: str) -> None:
        open_now[-1].texts.append(text)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, ended, said
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(source.text.encode(), True)
    except expat.ExpatError as error:
        raise source.wrong(f"This cannot be read as XML: {expat.ErrorString(error.code)}.", error.lineno) from None
    return top.children[0]


def _job(job: _Element) -> Node:
    found = {one.tag: one.node for one in job.children if one.text}
    found |= {"options": _options(job.child("context", "options"), job.line)}
    found |= {"sequence": _sequence(job.child("sequence"), job.line)}
    for tag in ("nodefilters", "notification", "orchestrator"):
        if there := job.child(tag):
            found[tag] = _whole(there)
    if schedule := job.child("schedule"):
        found["schedule"] = _whole(schedule)
    return Node(found, job.line)


def _whole(element: _Element) -> Node:
    """Attributes and children alike by their names."""
    found: dict[str, Node] = {key: Node(text, element.line) for key, text in element.attributes.items()}
    for one in element.children:
        found[one.tag] = one.node if not one.children and not one.attributes else _whole(one)
    return Node(found, element.line)


_RENAMED: Mapping[str, str] = {"enforcedvalues": "enforced"}


def _options(options: _Element | None, line: int) -> Node:
    found = []
    for one in options.children if options else ():
        table = dict(_whole(one).table)
        table |= {new: table.pop(old) for old, new in _RENAMED.items() if old in table}
        if "values" in table:
            delimiter = table["valuesListDelimiter"].text if "valuesListDelimiter" in table else ","
            words = [word.strip() for word in table["values"].text.split(delimiter or ",")]
            table["values"] = Node([Node(word, one.line) for word in words if word], one.line)
        found.append(Node(table, one.line))
    return Node(found, line)


def _sequence(sequence: _Element | None, line: int) -> Node:
    if sequence is None:
        return Node({}, line)
    commands = [_command(one) for one in sequence.children if one.tag == "command"]
    found: dict[str, Node] = {key: Node(text, sequence.line) for key, text in sequence.attributes.items()}
    return Node({**found, "commands": Node(commands, sequence.line)}, sequence.line)


_OF_COMMAND: Mapping[str, str] = {"scriptargs": "args", "scriptinterpreter": "scriptInterpreter"}


def _command(command: _Element) -> Node:
    found: dict[str, Node] = {}
    made: Callable[[_Element], Any] = _whole
    for one in command.children:
        if one.tag == "script":
            found["script"] = Node(one.text, one.line, one.line)
        elif one.tag == "errorhandler":
            found["errorhandler"] = Node({**_command(one).table, **_attributes(one)}, one.line)
        else:
            plain = not one.children and not one.attributes
            found[_OF_COMMAND.get(one.tag, one.tag)] = one.node if plain or one.text else made(one)
    return Node(found, command.line)


def _attributes(element: _Element) -> dict[str, Node]:
    return {key: Node(text, element.line) for key, text in element.attributes.items()}
