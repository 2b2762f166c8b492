"""Corrections by a script's head of inputs that were read from its source, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.ways import Way
from pushbutton.errors import InvalidInputs
from pushbutton.job.kinds import nearest

from .input_table import PLAIN, can_have, input_of
from .schema import KeyPath
from .script_form import ScriptForm
from .way_keys import WAY_KEYS, count_faults

__all__ = ["corrected"]

_FINER: Mapping[ParamType, frozenset[ParamType]] = {
    ParamType.STR: frozenset(
        {ParamType.INT, ParamType.FLOAT, ParamType.DATE, ParamType.TIME, ParamType.DATETIME, ParamType.FILE}
    ),
    ParamType.FILE: frozenset({ParamType.STR}),
}
"""The types that a head may give to a text, or to a path, of the source."""


def corrected(
    form: ScriptForm, name: str, said: Mapping[str, Any], at: KeyPath, wrong: list[tuple[KeyPath, str]]
) -> ScriptForm:
    """The form with what the head says of one of its inputs. Of what cannot be, a sentence is added to `wrong`."""
    param = next((one for one in form.params if one.name == name), None)
    if param is None:
        if name not in form.names:
            hint = nearest(name, sorted(form.names))
            way = "say how it gets it (flag, place or pass)"
            wrong.append((at, f"The script takes nothing that is called “{name}”; {way}.{hint}"))
        return form
    mistakes = list(_against(param, form.passing.get(name, Way()), said))
    wrong += [((*at, key), sentence) for key, sentence in mistakes]
    if mistakes:
        return form
    if said.get("hide") is True:
        params = [one for one in form.params if one is not param]
        passing = {key: way for key, way in form.passing.items() if key != name}
        return replace(form, params=tuple(params), passing=passing)
    made = _laid_over(param, said, at, wrong)
    return replace(form, params=tuple(made if one is param else one for one in form.params))


def _laid_over(param: Param, said: Mapping[str, Any], at: KeyPath, wrong: list[tuple[KeyPath, str]]) -> Param:
    kind, each = _kind(param, said), ParamType(said.get("of", param.of))
    own = {key: value for key, value in said.items() if key not in (*WAY_KEYS, "pass", "hide", "type")}
    held = {key: value for key, value in _held(param, said).items() if can_have(kind, each, key)}
    required = said.get("required", False if "default" in said else param.required)
    of = {"of": str(each)} if kind is ParamType.LIST else {}
    made = input_of(param.name, {**held, **of, **own, "type": str(kind), "required": required}, at, wrong)
    if "default" in said:
        return made
    default = param.default if kind is param.type or made.choices or made.choices_from else _read_anew(made, param)
    nullable = param.nullable and default is not None
    return replace(made, default=default, nullable=nullable, required=required if default is None else False)


def _kind(param: Param, said: Mapping[str, Any]) -> ParamType:
    """The type that it has then."""
    if "choices" in said or "choices_from" in said:
        several = param.type in (ParamType.LIST, ParamType.CHOICES)
        return param.type if param.type is ParamType.BOOL else ParamType.CHOICES if several else ParamType.CHOICE
    if "type" in said:
        return ParamType(said["type"])
    if "upload" in said and param.type in (ParamType.STR, ParamType.FILE):
        return ParamType.FILE if said["upload"] else ParamType.STR
    return param.type


def _held(param: Param, said: Mapping[str, Any]) -> dict[str, Any]:
    """As keys of a table: what was read of it."""
    plain = {key: getattr(param, key) for key in PLAIN}
    found = {
        key: value for key, value in plain.items() if value is not None and value is not False and value not in ("", {})
    }
    if "choices" not in said and "choices_from" not in said and param.choices:
        found["choices"] = [(one.value, one.label, one.help) for one in param.choices]
    return found


def _read_anew(made: Param, param: Param) -> Any:
    """The script's own default as a value of the type that it has now; None: it is left to the script."""
    if not isinstance(param.default, str) or made.type is ParamType.FILE:
        return None
    alone = Param(made.name, made.type, required=False)
    try:
        return parse([alone], {made.name: param.default}, form=True).get(made.name)
    except InvalidInputs:
        return None


def _against(param: Param, way: Way, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(the key, a sentence) for what the source says otherwise."""
    name = param.name
    for key in ("type", "of", "pass", *WAY_KEYS):
        if key in said and not _agrees(param, way, key, said):
            yield key, f"“{key}” of “{name}” is what the script's source says: leave it out here."
    if way.count:
        yield from count_faults(name, said)
    ordered = way.words and param.min_length == param.max_length and (param.max_length or 0) > 1
    for key in ("choices", "choices_from"):
        if key in said and ordered:
            yield key, f"“{name}” takes {param.max_length} values in their order, which choices do not have."
    if said.get("hide") is True and param.required:
        yield "hide", f"The script does not start without “{name}”, so it cannot be hidden."
    elif said.get("hide") is True and (other := next((key for key in said if key != "hide"), "")):
        yield other, f"“{name}” is hidden, so nothing more can be said of it: leave “{other}” or “hide” out."


def _agrees(param: Param, way: Way, key: str, said: Mapping[str, Any]) -> bool:
    value = said[key]
    if key == "type":
        chosen = {"choice": ParamType.CHOICE, "choices": ParamType.CHOICES}.get(value)
        offered = ("choices" in said or "choices_from" in said) and chosen is _kind(param, said)
        return bool(offered) or value == param.type or value in _FINER.get(param.type, ())
    if key == "of":
        return param.type is ParamType.LIST and (param.of is ParamType.STR or value == param.of)
    if key in ("pass", "flag"):
        return bool(value == (str(way.by) if key == "pass" else way.flag))
    if key == "words":
        return way.words is bool(value != 1)
    if key == "under":
        return bool(way.under) and set(value) == {way.under, *way.also}
    return key in ("off", "repeat", "count") and bool(value == getattr(way, key))
