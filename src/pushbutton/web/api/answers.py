"""What the JSON API shows, as JSON; `schemas` has the models of it."""

from __future__ import annotations

from typing import Any

from pushbutton.domain.actor import Verb
from pushbutton.domain.approval import Hold
from pushbutton.domain.audit_chain import Checked
from pushbutton.domain.event import iso
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task


def run_json(run: Run) -> dict[str, Any]:
    return {
        "number": run.id,
        "task": run.task,
        "title": run.title,
        "state": run.state.value,
        "over": run.state.over,
        "actor": run.actor,
        "cause": {
            "kind": run.cause.kind.value,
            "parent": run.cause.parent or None,
            "attempt": run.cause.attempt,
        },
        "why": run.why,
        "inputs": run.inputs,
        "pressed_at": iso(run.pressed_at),
        "started_at": iso(run.started_at) if run.started_at is not None else None,
        "ended_at": iso(run.ended_at) if run.ended_at is not None else None,
        "exit_code": run.exit_code,
        "reason": run.reason,
        "status": run.status,
        "step": run.step,
        "progress": run.progress,
        "stop_by": run.stop_by,
        "survivors": list(run.survivors),
        "approval": approval_json(run.hold) if run.hold else None,
        "aside": run.aside,
    }


def approval_json(hold: Hold) -> dict[str, Any]:
    return {
        "needs": hold.needs,
        "given": [{"actor": one.actor, "at": iso(one.at), "why": one.why, "plan": one.plan} for one in hold.given],
        "until": iso(hold.until),
        "plan": hold.plan or None,
        "again": hold.again or None,
    }


def checked_json(checked: Checked) -> dict[str, Any]:
    return {
        "well": not checked.fault,
        "said": checked.sentence,
        "head": checked.head.note,
        "fault": checked.fault.name.lower() if checked.fault else None,
        "number": checked.number,
    } | ({"more": list(checked.more)} if checked.more else {})


def param_json(param: Param) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": param.name,
        "type": param.type.value,
        "title": param.title,
        "help": param.help,
        "required": param.required,
        "default": param.default,
    }
    if param.type is ParamType.LIST:
        shown["of"] = param.of.value
    if param.nullable:
        shown["nullable"] = True
    if param.choices_from:
        shown["dynamic"] = True
    if param.choices:
        shown["choices"] = [{"value": c.value, "label": c.label, "help": c.help} for c in param.choices]
    if param.when:
        shown["when"] = {name: list(wanted) for name, wanted in param.when.items()}
    for name in ("min", "max", "min_length", "max_length", "pattern", "pattern_text", "example", "multiline"):
        if (value := getattr(param, name)) not in (None, "", False):
            shown[name] = value
    return shown


def task_json(task: Task, may: frozenset[Verb]) -> dict[str, Any]:
    """`may`: what the one who asks may do with it."""
    return {
        "slug": task.slug,
        "title": task.title,
        "help": task.help,
        "group": task.group,
        "reason": task.reason.value,
        "approvals": task.approval.approvers if task.approval else 0,
        "dry_run": task.dry_run,
        "broken": task.broken if Verb.ADMIN in may or not task.broken else "Its file is broken.",
        "may": sorted(verb.value for verb in may),
        "secrets": list(task.secret_names) if Verb.SECRETS in may else [],
        "params": [param_json(param) for param in task.params],
    }
