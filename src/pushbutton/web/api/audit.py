"""The audit trail for programs, with an administrator's token."""

from __future__ import annotations

import re
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.audit import line
from pushbutton.errors import BadInput
from pushbutton.runtime import audit
from pushbutton.runtime.ports.people import AuditQuery
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation
from pushbutton.web.words.audit import KINDS

from .answers import answer
from .lazily import schemas

MOST = 1000


@operation(
    "Records, newest first",
    "audit trail",
    description="For administrators. `kind` is the first part of the verb (`run`) or all of it (`run.press`); `since` "
    "and `until` are RFC 3339; `before` is the id of the last record that you have.",
    answers="list[RecordShape]",
)
async def records(
    request: Request,
    actor: str = "",
    kind: str = "",
    about: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
    limit: str = "",
) -> Response:
    if kind and kind.partition(".")[0] not in KINDS:
        raise BadInput(f"“{kind[:60]}” is no kind. There are: {', '.join(KINDS)}.")
    for value in (before, limit):
        if value and not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            raise BadInput("“before” and “limit” are numbers.")
    query = AuditQuery(
        actor=actor,
        verb=kind,
        about=about,
        since=_micros("since", since),
        until=_micros("until", until),
        before=int(before or 0),
        limit=max(1, min(int(limit or 50), MOST)),
    )
    found = await audit.records(core_of(request), actor_of(request), query)
    return Response(f"[{','.join(line(record) for record in found)}]", media_type="application/json")


def _micros(name: str, text: str) -> int:
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return max(1, int(moment.timestamp() * 1_000_000))
    except (ValueError, OverflowError):
        raise BadInput(f"“{name}” is a time with its zone, such as 2026-11-23T09:42:07Z.") from None


@operation(
    "Check the chain now",
    "audit trail",
    description="Walks all records. That it was checked, and what came of it, is a record as well.",
    answers="CheckedShape",
)
async def check(request: Request) -> Response:
    return answer(schemas.CheckedShape.of(await audit.verify(core_of(request), actor_of(request))))
