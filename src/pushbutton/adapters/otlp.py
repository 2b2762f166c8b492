"""Spans for a collector, by OTLP over HTTP, with OpenTelemetry's own SDK (the extra `trace`).

What the SDK reads of the environment counts too: OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE,
OTEL_RESOURCE_ATTRIBUTES.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from pushbutton import threads
from pushbutton.domain.run import WRONG, Micros, Run
from pushbutton.domain.trace import Span
from pushbutton.errors import ConfigError, Undelivered

PATIENCE: Final = 10  # seconds for one try
PATH: Final = "/v1/traces"


def check(address: str) -> None:
    """Raises `ConfigError` for an address that is none, and where the extra is not installed."""
    found = urlsplit(address)
    if found.scheme not in {"http", "https"} or not found.hostname:
        raise ConfigError(f"“{address}” is no address of a collector, such as http://collector:4318", file="traces_to")
    if not find_spec("opentelemetry") or not find_spec("opentelemetry.exporter.otlp.proto.http"):
        raise ConfigError("traces need the extra: pip install 'pushbutton[trace]'", file="traces_to")


class OtlpExporter:
    def __init__(self, address: str) -> None:
        """`address`: of the collector; without a path, the usual one."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

        found = urlsplit(address)
        place = found._replace(path=PATH).geturl() if found.path in {"", "/"} else address
        self._exporter = OTLPSpanExporter(endpoint=place, timeout=PATIENCE)
        self._resource = Resource.create({"service.name": "pushbutton"})

    async def send(self, run: Run, span: Span) -> None:
        """Raises `Undelivered`."""
        await threads.tracing(self._send, run, span)

    def close(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK leaves this one out

    def _send(self, run: Run, span: Span) -> None:
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags  # noqa: PLC0415

        def context(id_: str, *, remote: bool) -> SpanContext:
            return SpanContext(int(span.trace, 16), int(id_, 16), remote, TraceFlags(TraceFlags.SAMPLED))

        made = ReadableSpan(
            name=run.task,
            context=context(span.id, remote=False),
            parent=context(span.parent, remote=True) if span.parent else None,
            resource=self._resource,
            attributes=_attributes(run),
            kind=SpanKind.CONSUMER,
            status=Status(StatusCode.ERROR, run.state.value) if run.state in WRONG else Status(StatusCode.UNSET),
            start_time=_nanoseconds(run.started_at or run.ended_at or run.pressed_at),
            end_time=_nanoseconds(run.ended_at or run.pressed_at),
        )
        if self._exporter.export([made]) is not SpanExportResult.SUCCESS:
            raise Undelivered("the collector of traces", "it did not take the span")


def _attributes(run: Run) -> dict[str, str | int]:
    """Nothing of a person, an input or an output."""
    found: dict[str, str | int] = {
        "pushbutton.run": run.id,
        "pushbutton.task": run.task,
        "pushbutton.state": run.state.value,
        "pushbutton.cause": run.cause.kind.value,
        "pushbutton.attempt": run.cause.attempt,
        "pushbutton.worker": run.worker,
        "pushbutton.waited_ms": ((run.started_at or run.ended_at or run.pressed_at) - run.pressed_at) // 1000,
    }
    return found | ({"process.exit.code": run.exit_code} if run.exit_code is not None else {})


def _nanoseconds(at: Micros) -> int:
    return at * 1000
