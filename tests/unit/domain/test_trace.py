"""Which span of which trace a run is."""

from __future__ import annotations

import pytest

from pushbutton.domain.run import Run, RunState
from pushbutton.domain.trace import span_of, usable

KEY = b"k" * 32
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CONTEXT = f"00-{TRACE}-{CALLER}-01"


def run(number: int, trace: str = "", series: int = 0) -> Run:
    return Run(number, "t", "T", RunState.RUNNING, 1, "ada", {}, 1, trace=trace, series=series)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (CONTEXT, CONTEXT),
        (f" {CONTEXT} ", CONTEXT),
        (f"cc-{TRACE}-{CALLER}-01-what-comes-later", CONTEXT),
        (f"ff-{TRACE}-{CALLER}-01", ""),
        (f"00-{'0' * 32}-{CALLER}-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE.upper()}-{CALLER}-01", ""),
        ("", ""),
        ("x" * 10_000, ""),
    ],
)
def test_a_context_is_kept_as_the_standard_says_and_nothing_else_is(sent, kept):
    assert usable(sent) == kept


def test_a_run_is_below_its_caller_with_a_span_of_its_own_that_stays_the_same():
    span = span_of(run(7, CONTEXT), KEY)
    assert (span.trace, span.parent, span.sampled) == (TRACE, CALLER, True)
    assert span.id not in {CALLER, "0" * 16}
    assert span == span_of(run(7, CONTEXT), KEY) != span_of(run(8, CONTEXT), KEY)
    assert span.traceparent == f"00-{TRACE}-{span.id}-01"


def test_tries_at_one_press_share_a_trace_and_other_presses_have_others():
    first, second, other = (span_of(one, KEY) for one in (run(7, series=7), run(8, series=7), run(9)))
    assert first.trace == second.trace != other.trace
    assert first.id != second.id
    assert not first.parent


def test_what_the_caller_does_not_sample_is_not_told_and_the_job_hears_so():
    span = span_of(run(7, CONTEXT.replace("-01", "-00")), KEY)
    assert not span.sampled
    assert span.traceparent.endswith("-00")
