"""The lines that a job may write to its events channel, one event each; `parse` makes events of them.

Our own code writes JSON: {"kind": "status", "data": {"text": "Copying", "level": "info"}}
Any other language may write plain lines:

    status TEXT              progress 33 [TEXT]   or 3/8, or ? for unknown
    step NAME                starts a step and ends the plain step before it
    artifact PATH [TITLE]    a path with spaces stands in double quotes
    figure TITLE VALUE       a result; behind it may stand a unit, and “more” or “less” where that is better.
                             A title with spaces stands in double quotes
    again SECONDS            the next try, if this one fails, waits so long; or: again never
    anything else            is a status

{"kind": "result", "data": {…}} is a result of any type, as `job/shapes.py` lists them.

A job can say only these six kinds: what a run's state is, or who answered, is not the job's to claim.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from . import shapes
from .clean import LIMIT, clean

__all__ = ["LIMIT", "Said", "clean", "parse"]

Said = dict[str, Any]
"""{"kind": "status" | "progress" | "step" | "artifact" | "result" | "again", "data": {…}}, with data as
`domain/event.py` lists it; of “again”: after (seconds), or never; of a result that cannot be shown: refused (see
`shapes.Shape`).
"""

LEVELS = ("info", "good", "warn", "bad")
STATES = ("running", "succeeded", "failed", "skipped")

_PROGRESS = re.compile(r"(?P<done>[0-9]{1,12}(?:\.[0-9]{1,12})?)(?:\s*%|\s*/\s*(?P<of>[0-9]{1,12}))?(?:\s+|$)")
_UNKNOWN = re.compile(r"[?-](?:\s+|$)")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_LONGEST_WAIT = 10**9
_NAMED = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>\S+))(?:\s+|$)')
_VALUE = re.compile(r"(?P<number>[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?)(?P<unit>\D.*)?$")


def parse(line: str, *, open_step: str = "") -> list[Said]:
    """The events of one line: none for a blank one, two when a plain step ends the one before, and as many as there are
    results in one that holds a value. Never raises.

    `open_step` is the plain step that is under way; the event that starts one has `"plain": True` in its data.
    """
    if len(line) > LIMIT:
        return [_status(line.removeprefix("status "))]
    line = line.strip()
    if line.startswith("{"):
        if results := _results(line):
            return results
        said = _json(line)
    else:
        word, _, rest = line.partition(" ")
        read = _PLAIN.get(word)
        said = (read(rest.strip()) if read else None) or ({} if line in ("", "status") else _status(line))
    if not said:
        return []
    if open_step and said["data"].get("plain"):
        return [{"kind": "step", "data": {"name": open_step, "state": "succeeded"}}, said]
    return [said]


def _status(text: str, level: str = "info") -> Said:
    return {"kind": "status", "data": {"text": clean(text), "level": level}}


def _plain_status(rest: str) -> Said | None:
    return _status(rest) if rest else None


def _plain_progress(rest: str) -> Said | None:
    if unknown := _UNKNOWN.match(rest):
        return _progress(None, rest[unknown.end() :])
    if not (match := _PROGRESS.match(rest)):
        return None
    done, of = float(match["done"]), match["of"]
    if of is not None:
        done = 100 * done / float(of) if float(of) else 100.0
    return _progress(done, rest[match.end() :])


def _plain_step(rest: str) -> Said | None:
    return {"kind": "step", "data": {"name": clean(rest, 200), "state": "running", "plain": True}} if rest else None


def _plain_artifact(rest: str) -> Said | None:
    if not (match := _NAMED.match(rest)):
        return None
    return _artifact(match["quoted"] or match["plain"], rest[match.end() :])


def _plain_figure(rest: str) -> Said | None:
    if not (match := _NAMED.match(rest)) or not (value := _VALUE.match(rest[match.end() :])):
        return None
    unit = (value["unit"] or "").strip()
    head, _, last = unit.rpartition(" ")
    unit, better = (head, last) if last in ("more", "less") else (unit, "")
    number = float(value["number"]) if "." in value["number"] else int(value["number"])
    title = match["quoted"] or match["plain"]
    return _result({"type": "figure", "title": title, "value": number, "unit": unit, "better": better})


def _progress(percent: object, text: object) -> Said:
    known = isinstance(percent, int | float) and not isinstance(percent, bool) and math.isfinite(percent)
    data: dict[str, Any] = {"percent": round(min(100.0, max(0.0, float(percent))), 2) if known else None}  # type: ignore[arg-type]
    if isinstance(text, str) and text:
        data["text"] = clean(text)
    return {"kind": "progress", "data": data}


def _plain_again(rest: str) -> Said | None:
    if rest == "never":
        return {"kind": "again", "data": {"never": True}}
    return _again(float(rest)) if _SECONDS.fullmatch(rest) else None


def _again(after: float) -> Said:
    return {"kind": "again", "data": {"after": after}}


def _artifact(path: str, title: object) -> Said:
    data = {"path": clean(path, 4096)}
    if isinstance(title, str) and title:
        data["title"] = clean(title, 200)
    return {"kind": "artifact", "data": data}


def _result(data: Mapping[str, Any]) -> Said:
    (shape,) = shapes.read(data)
    return {"kind": "result", "data": shape}


def _results(line: str) -> list[Said]:
    """None for a line that is no report of one."""
    if '"result"' not in line:
        return []
    try:
        said = json.loads(line)
        if said.get("kind") != "result" or not isinstance(data := said.get("data"), dict):
            return []
        return [{"kind": "result", "data": shape} for shape in shapes.read(data)]
    except (ValueError, OverflowError, RecursionError):
        return []


def _json(line: str) -> Said:
    """A line in our own shape, with nothing in it but what that shape has; any other JSON is a status."""
    try:
        said = json.loads(line)
        data = said["data"]
        read = _SHAPES.get(said["kind"]) if isinstance(data, dict) else None
        return (read(data) if read else None) or _status(_readable(line))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return _status(_readable(line))


def _readable(line: str) -> str:
    """JSON with its letters as they are: a supervisor writes what was masked in it as numbers."""
    try:
        return json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) if "\\u" in line else line
    except (ValueError, RecursionError):
        return line


def _json_status(data: Mapping[str, Any]) -> Said | None:
    text, level = data.get("text"), data.get("level")
    return _status(text, level if level in LEVELS else "info") if isinstance(text, str) else None


def _json_progress(data: Mapping[str, Any]) -> Said | None:
    return _progress(data.get("percent"), data.get("text"))


def _json_step(data: Mapping[str, Any]) -> Said | None:
    name, state = data.get("name"), data.get("state", "running")
    if not isinstance(name, str) or not name or state not in STATES:
        return None
    step: dict[str, Any] = {"name": clean(name, 200), "state": state}
    if data.get("plain") is True and state == "running":
        step["plain"] = True
    return {"kind": "step", "data": step}


def _json_artifact(data: Mapping[str, Any]) -> Said | None:
    path = data.get("path")
    return _artifact(path, data.get("title")) if isinstance(path, str) and path else None


def _json_again(data: Mapping[str, Any]) -> Said | None:
    after = data.get("after")
    if data.get("never") is True or after is None:
        return {"kind": "again", "data": {"never": True} if data.get("never") is True else {}}
    known = isinstance(after, int | float) and not isinstance(after, bool) and 0 <= after < _LONGEST_WAIT
    return _again(float(after)) if known else None


_PLAIN: Mapping[str, Callable[[str], Said | None]] = {
    "status": _plain_status,
    "progress": _plain_progress,
    "step": _plain_step,
    "artifact": _plain_artifact,
    "figure": _plain_figure,
    "again": _plain_again,
}

_SHAPES: Mapping[str, Callable[[Mapping[str, Any]], Said | None]] = {
    "status": _json_status,
    "progress": _json_progress,
    "step": _json_step,
    "artifact": _json_artifact,
    "again": _json_again,
}
