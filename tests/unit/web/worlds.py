"""Runs, events and tasks made up for the tests of pages."""

from dataclasses import replace
from typing import Any

from pushbutton.domain.event import Event, Kind
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task

S = 1_000_000
NOW = 1_795_426_927_000_000  # 2026-11-23, 09:42:07 UTC


def a_run(
    number: int = 42, state: RunState = RunState.RUNNING, *, ago: float = 60, lasted: float = 30, **more: Any
) -> Run:
    """Pressed `ago` seconds ago, started at once, over after `lasted` seconds if its state says so."""
    pressed = NOW - int(ago * S)
    started = pressed if state not in (RunState.WAITING, RunState.HELD, RunState.SKIPPED) else None
    ended = pressed + int(lasted * S) if state.over else None
    run = Run(number, "deploy", "Deploy", state, 1, "local", {}, pressed, started, ended)
    return replace(run, **more)


def events(run: Run, *said: tuple[float, Kind, dict[str, Any]]) -> list[Event]:
    """Each is (seconds after the press, kind, data)."""
    return [Event(place, run.id, run.task, run.pressed_at + int(after * S), kind, data)
            for place, (after, kind, data) in enumerate(said, 1)]  # fmt: skip


def a_task(*params: Param, **more: Any) -> Task:
    title = more.pop("title", "Deploy")
    target = more.pop("target", CommandTarget(("true",)))
    return Task("deploy", title, target, Source("tasks.py"), params=params, **more)


EVERY = (
    Param("name", ParamType.STR, help="Two letters or more.", min_length=2),
    Param("note", ParamType.STR, required=False, multiline=True),
    Param("number", ParamType.INT, min=1, max=8, default=2),
    Param("amount", ParamType.FLOAT, required=False),
    Param("sure", ParamType.BOOL),
    Param("day", ParamType.DATE, default="2026-11-23"),
    Param("at", ParamType.TIME, default="09:42"),
    Param("moment", ParamType.DATETIME, required=False),
    Param("where", ParamType.CHOICE, choices=(Choice("test", "Test"), Choice("live", "Live", "For customers"))),
    Param("version", ParamType.CHOICE, choices=tuple(Choice(f"1.{n}") for n in range(9)), default="1.3"),
    Param("rooms", ParamType.CHOICES, choices=(Choice("a"), Choice("b"), Choice("c")), default=["a", "c"]),
    Param("sheet", ParamType.FILE, max_length=1000),
    Param("password", ParamType.SECRET),
)
