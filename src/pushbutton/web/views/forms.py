"""A task's params as form fields, and a submitted form as raw inputs. What values mean is decided in `domain`.

A param's field is called `in-<name>`, and names of our own fields hold a dash as well: what a browser's form answers
to by itself (`action`, `submit`, `closest`, …) holds none, so no author's name can hide it, and no param's name can be
one of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.datastructures import FormData, QueryParams, UploadFile

from pushbutton.domain.event import Json
from pushbutton.domain.inputs import as_sent, asked_for, cleared_is_empty, in_order, picked, same
from pushbutton.domain.inputs import sent as sent_as
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.targets import Arguments
from pushbutton.domain.task import Task
from pushbutton.domain.upload import of_value
from pushbutton.domain.visible import visible
from pushbutton.web.http import csrf
from pushbutton.web.words.i18n import Texts, mark

from .patterns import in_browsers

INPUT: Final = "in-"  # before a param's name
KEY: Final = "press-key"
WHY: Final = "press-why"
SEEN: Final = "press-seen"  # the newest run of the task when the form was shown
SURE: Final = "press-sure"  # the question was answered
FROM_RUN: Final = "from-run"  # in the URL: fill in the inputs of this run
PRESET: Final = "preset"  # in the URL: fill in those of this preset

_LINE = 120
_CARDS = 5  # more choices than this become a list
_CARD_TEXT = 40  # characters; longer labels need the room of a list
_YES = frozenset({"true", "1", "on", "yes"})

SHOWN: Final = 1000
"""Choices that a field shows; a program may tell more."""

Values = Mapping[str, Sequence[str]]
"""The texts in the fields, by param name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One param as a control with what stands in it."""

    param: Param
    control: str  # cards, select, tick, ticks, area, password, file, or an input's type
    values: tuple[str, ...] = ()
    wrong: str = ""
    only: str = ""  # "Production", where it is asked only then
    depends: str = ""  # what must stand in others for it to be asked: their names and values as they are sent, as JSON
    asked: bool = True  # as the other fields stand
    loose: bool = False  # nothing has to stand in it

    @property
    def id(self) -> str:
        return f"f-{self.param.name}"

    @property
    def name(self) -> str:
        """As the form sends it."""
        return f"{INPUT}{self.param.name}"

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def shown(self) -> tuple[Choice, ...]:
        """The first choices, and those that are chosen: nobody reads a list of thousands."""
        first, rest = self.param.choices[:SHOWN], self.param.choices[SHOWN:]
        return (*first, *(choice for choice in rest if sent_as(self.param, choice) in self.values))

    @property
    def grouped(self) -> bool:
        """Several inputs under one legend."""
        return self.control in ("cards", "ticks")

    @property
    def optional(self) -> bool:
        """May be left empty, and empty is something else than the default."""
        empty = self.param.may_be_none or (not self.param.required and self.param.default == "")
        return empty and self.control not in ("tick", "ticks")

    @property
    def must(self) -> bool:
        """Something has to stand in it before it is sent."""
        return not self.loose and (not self.optional if self.control == "cards" else self.param.required)

    @property
    def pattern(self) -> str:
        """For the browser; "" where it would read another one."""
        return in_browsers(self.param.pattern) if self.control in ("text", "password") else ""

    @property
    def asked_for(self) -> str:
        return asked_for(self.param)

    @property
    def says_it_all(self) -> bool:
        """The help's own sentence tells the mistake, and need not be read twice."""
        return bool(self.wrong) and self.wrong.removesuffix(".") == self.param.help.strip().removesuffix(".")

    @property
    def digits(self) -> bool:
        """Whether a keyboard of digits is enough: those of phones have no minus."""
        return isinstance(self.param.min, int | float) and self.param.min >= 0

    def options(self, t: Texts) -> list[tuple[str, str, str]]:
        """The choices: the value that is sent, the text that is shown, and one sentence more."""
        if self.param.type is ParamType.BOOL:
            return [("true", t("Yes"), ""), ("false", t("No"), "")]
        return [(sent_as(self.param, one.value), label(self.param, one, t), one.help) for one in self.shown]

    def cleared(self, t: Texts) -> str:
        """The value of the field when it is emptied, where there was something in it; "" if that needs no words."""
        param = self.param
        if param.default in (None, "") or param.required or self.grouped or self.control in ("tick", "select"):
            return ""
        if param.may_be_none or param.type is ParamType.LIST:
            return t("none")
        return t("empty") if cleared_is_empty(param) else as_sent(param.default)

    def described(self) -> str:
        """The ids for aria-describedby: the hint, then what is wrong."""
        ids = [f"{self.id}-hint"] if self.param.help and self.control != "tick" else []
        return " ".join([*ids, f"{self.id}-wrong"] if self.wrong else ids)


def control(param: Param) -> str:
    if param.type is ParamType.CHOICE or (param.type is ParamType.STR and param.choices):
        short = all(len(choice.label or str(choice.value)) <= _CARD_TEXT for choice in param.choices)
        return "cards" if short and 0 < len(param.choices) <= _CARDS else "select"
    if param.type is ParamType.STR:
        return "area" if param.multiline else "text"
    return {
        ParamType.INT: "number",
        ParamType.FLOAT: "number",
        ParamType.BOOL: "cards" if param.may_be_none else "tick",
        ParamType.DATE: "date",
        ParamType.TIME: "time",
        ParamType.DATETIME: "datetime-local",
        ParamType.CHOICES: "ticks",
        ParamType.LIST: "area",
        ParamType.FILE: "file",
        ParamType.SECRET: "password",
    }[param.type]


def fields(task: Task, values: Values | None = None, wrong: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """`values` None: the declared defaults. A file or a secret never stands in a field. The dry run has no field: it is
    a button.
    """
    made = [
        Field(
            param,
            control(param),
            () if param.type in (ParamType.FILE, ParamType.SECRET) else _standing(param, values),
            (wrong or {}).get(param.name, ""),
        )
        for param in task.params
        if param.name != task.dry_run
    ]
    return tuple(_depending(made))


def _depending(made: Sequence[Field]) -> list[Field]:
    """With what each says about when it is asked."""
    by_name = {field.param.name: field for field in made}
    found: dict[str, Field] = {}
    for param in in_order([field.param for field in made])[0]:
        field = by_name[param.name]
        wanted = {name: [sent_as(by_name[name].param, one) for one in values] for name, values in param.when.items()}
        asked = all(found[name].asked and set(values) & set(_said(found[name])) for name, values in wanted.items())
        only = ", ".join(_label(by_name[name].param, one) for name, values in param.when.items() for one in values)
        depends = json.dumps(wanted, ensure_ascii=False) if wanted else ""
        found[param.name] = replace(field, only=only, asked=asked, depends=depends)
    return [found.get(field.param.name, field) for field in made]


def _said(field: Field) -> Sequence[str]:
    """The values that a form would send for it; a tick that is not set says no."""
    return (field.value or "false",) if field.control == "tick" else field.values


def _label(param: Param, value: Json) -> str:
    """A value in words, with the name of its field where it says little by itself."""
    text = next((choice.label for choice in param.choices if same(choice.value, value)), "") or sent_as(param, value)
    return text if param.choices else param.title if value is True else f"{param.title}: {text}"


EMPTY: Final = mark("(empty)")


def label(param: Param, choice: Choice, t: Texts) -> str:
    """The text of a choice: two that look alike are told apart, and one that is empty is named."""
    return choice.label or sent_as(param, choice.value) if choice.value != "" else choice.label or t(EMPTY)


def _standing(param: Param, values: Values | None) -> tuple[str, ...]:
    if values is None or param.name not in values:
        return _as_text(param, param.default) if values is None else ()
    return tuple(values[param.name])


def prefilled(task: Task, query: QueryParams) -> Values | None:
    """The defaults, with what the URL says in their place; None where it says nothing."""
    named = {param.name for param in task.params} & set(query.keys())
    if not named:
        return None
    values = {param.name: _as_text(param, param.default) for param in task.params}
    for param in task.params:
        if param.name in named:
            given = query.getlist(param.name)
            values[param.name] = _from_address(param, given)
    return values


def of_inputs(task: Task, inputs: Mapping[str, Json]) -> Values:
    """The inputs of an earlier run, as far as the task still has them."""
    return {param.name: _as_text(param, inputs[param.name]) for param in task.params if param.name in inputs}


def of_preset(task: Task, inputs: Mapping[str, Json]) -> Values:
    """Those of a preset, and the defaults of what the task got since."""
    return {**{param.name: _as_text(param, param.default) for param in task.params}, **of_inputs(task, inputs)}


def refused(task: Task, query: QueryParams) -> list[str]:
    """The titles of secrets and files that the URL names, whose values are not taken from there."""
    return [one.title for one in task.params if one.name in query and one.type in (ParamType.SECRET, ParamType.FILE)]


def sent(form: FormData, name: str) -> list[UploadFile | str]:
    """The values that a form holds for a param. A page that was opened before an update sends the bare name."""
    return form.getlist(f"{INPUT}{name}") or ([] if name == csrf.FIELD else form.getlist(name))


def of_form(task: Task, form: FormData) -> Values:
    """The typed texts, to be shown again."""
    values: dict[str, tuple[str, ...]] = {}
    for param in task.params:
        given = tuple(text for text in sent(form, param.name) if isinstance(text, str))
        values[param.name] = ("true" if given else "false",) if control(param) == "tick" else given
    return values


def raw(task: Task, form: FormData) -> dict[str, object]:
    """The inputs for a press with `form`: text as it was typed, lists for several choices, "on" or "off", uploads."""
    given: dict[str, object] = {}
    for param in task.params:
        values = sent(form, param.name)
        if control(param) == "tick":
            given[param.name] = "on" if values else "off"
        elif param.type is ParamType.CHOICES:
            given[param.name] = [value for value in values if isinstance(value, str)]
        elif param.type is ParamType.FILE:
            uploads = [value for value in values if isinstance(value, UploadFile) and value.filename]
            if uploads:
                given[param.name] = uploads[-1]
        elif values and isinstance(values[-1], str):
            lines = param.multiline or param.type is ParamType.LIST
            text = values[-1].replace("\r\n", "\n") if lines else values[-1]
            given[param.name] = None if text == "" and param.type is ParamType.CHOICE else text
    return given


def is_dry(task: Task, form: FormData) -> bool:
    """Whether the button was the one that changes nothing."""
    return bool(task.dry_run) and bool(sent(form, task.dry_run))


def shown(param: Param | None, value: Json, t: Texts) -> str:
    """An input as a page shows it."""
    if param is not None and param.type is ParamType.SECRET:
        return t("not shown")
    if value == "" and param is not None and (param.choices or param.default not in (None, "")):
        return next((label(param, one, t) for one in param.choices if one.value == ""), t(EMPTY))
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return t("Yes") if value else t("No")
    if isinstance(value, Mapping):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(shown(param, item, t) for item in value)
    if param is not None and param.type is ParamType.FILE:
        return of_value(str(value)).name
    chosen = next((one for one in param.choices if same(one.value, value)), None) if param else None
    return label(param, chosen, t) if param and chosen else as_sent(value)


def facts(task: Task | None, inputs: Mapping[str, Json], t: Texts) -> list[tuple[str, str]]:
    """Inputs as label and value, in the order of the form; inputs that the task lost come last, under their names."""
    params = task.params if task else ()
    dry_run = task.dry_run if task else ""  # a dry run says so in its state
    known = [(param.title, shown(param, inputs.get(param.name), t)) for param in params
             if param.name != dry_run and (param.name in inputs or param.type is ParamType.SECRET)]  # fmt: skip
    names = {param.name for param in params}
    return known + [(name, shown(None, value, t)) for name, value in inputs.items() if name not in names]


def summary(task: Task | None, inputs: Mapping[str, Json], t: Texts) -> str:
    """Inputs in one short line: "2.14.3 · Production". Numbers and ticks only where they are not the default."""
    params = {param.name: param for param in task.params} if task else {}
    parts = []
    for name, value in inputs.items():
        param = params.get(name)
        bare = isinstance(value, bool | int | float)
        if task is not None and name == task.dry_run:
            continue  # the state says so
        if value in (None, "", []) or (bare and param is not None and value == param.default):
            continue
        text = " ".join(visible(line) for line in shown(param, value, t).split("\n"))
        parts.append(f"{param.title if param else name}: {text}" if bare else text)
    line = " · ".join(parts)
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


def asked_first(task: Task, t: Texts) -> str:
    """The question before it starts, with the places that its author left in it; "": none is asked."""
    if task.confirm or task.target.undescribed is not Arguments.READ:
        return task.confirm
    return t("It takes arguments that nobody has described, and starts without any. Start it?")


_PLACE = re.compile(r"\{(\w+)\}")


def filled(template: str, standing: Sequence[Field], t: Texts) -> str:
    """A button's or question's text with `{name}` replaced by what stands in the field, "…" where nothing does."""
    by_name = {field.param.name: field for field in standing}
    return _PLACE.sub(lambda match: _place(match, by_name, t), template)


def _place(match: re.Match[str], by_name: Mapping[str, Field], t: Texts) -> str:
    field = by_name.get(match[1])
    if field is None:
        return match[0]
    if field.param.type is ParamType.BOOL:
        return {"true": t("Yes"), "": "…" if field.param.may_be_none else t("No")}.get(field.value, t("No"))
    labels = {value: shown_ for value, shown_, _ in field.options(t)}
    return ", ".join(visible(labels.get(value, value)) for value in field.values if value) or "…"


def _as_text(param: Param, value: Json) -> tuple[str, ...]:
    """A value as it stands in a field."""
    if value is None or isinstance(value, Mapping):
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        texts = tuple(text for item in value for text in _as_text(param, item))
        return ("\n".join(texts),) if param.type is ParamType.LIST else texts
    return (sent_as(param, value) if param.choices else as_sent(value),)


def _from_address(param: Param, given: Sequence[str]) -> tuple[str, ...]:
    """The value in an address, as it stands in a field."""
    if param.type is ParamType.BOOL:
        return ("true" if given[-1].lower() in _YES else "false" if given[-1] or not param.may_be_none else "",)
    if not param.choices:
        return tuple(given)
    found = [picked(param, text) for text in given]
    return tuple(sent_as(param, one) if any(same(one, choice.value) for choice in param.choices) else str(one)
                 for one in found)  # fmt: skip
