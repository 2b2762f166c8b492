"""Whatever a job, an HTTP caller or a damaged disk writes, who reads it goes on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushbutton.runtime.spool_records import ending, read
from pushbutton.runtime.watchdog import Liveness
from pushbutton.supervisor import orphans, process
from pushbutton.supervisor.control import Control
from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reports import Reports
from pushbutton.supervisor.spool import Record, read_records
from pushbutton.terminal.terminal import Terminal
from tests.unit.terminal.test_splits import PIECES

from .pythons import Bare, pythons
from .supervised import Supervised

MARKS = st.sampled_from(
    [*'{}[],:"\\-', "\\u", "d800", "{{ name }}", "'a'", "nul", "Infinity", "1e999", "9" * 5000],
)
"""Of which JSON consists, and what looks like it."""
ALMOST = st.builds(
    lambda value, at, mark: (text := json.dumps(value))[: at % (len(text) + 1)] + mark + text[at % (len(text) + 1) :],
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.integers(0, 200),
    MARKS,
)
TEXTS = ALMOST | st.lists(MARKS | st.text(max_size=3), max_size=12).map("".join)
many = settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
some = settings(many, max_examples=150)


@pytest.fixture(scope="module", params=pythons())
def bare(request: pytest.FixtureRequest) -> Iterator[Bare]:
    with Bare(request.param) as process:
        yield process


@many
@given(text=TEXTS)
def test_a_supervisor_reads_and_refuses_what_json_reads_and_refuses(bare: Bare, text: str):
    try:
        expected = ["is", json.loads(text)]
    except (ValueError, RecursionError):
        expected = ["is no JSON"]
    assert repr(bare.read(text)) == repr(expected)  # NaN is not equal to itself


@many
@given(data=st.binary(max_size=40) | TEXTS.map(lambda text: f"{{{text}\n".encode(errors="surrogatepass")))
def test_no_report_ends_a_supervisor(bare: Bare, data: bytes):
    assert all(isinstance(line, str) for line in bare.report(data))


@pytest.mark.parametrize("line", [b"{", b"{{ name }}", b"{'a': 1}", b'{"a":1,}', b'{"a":\x01"b"}', b"{\xff"])
def test_a_report_that_begins_like_json_is_a_text(bare: Bare, line: bytes):
    assert bare.report(line + b"\n") == [line.decode(errors="replace")]


ORDERS = st.builds(
    lambda order, wrong: json.dumps({**order, **wrong}).encode(),
    st.fixed_dictionaries({"n": st.integers(1, 4), "do": st.sampled_from(["stop", "report"])}),
    st.dictionaries(
        st.sampled_from(["n", "do", "lines"]), st.none() | st.integers() | st.floats() | st.text(), max_size=1
    ),
)
DEEP = st.sampled_from([b"[" * 30_000, b'{"a":' * 10_000, b"[" * 30_000 + b"]" * 30_000])
CONTROLS = st.lists(
    ORDERS | st.binary(max_size=40) | DEEP | TEXTS.map(lambda text: text.encode(errors="surrogatepass"))
)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in itertools.pairwise(at)]


@some
@given(lines=CONTROLS, cuts=st.lists(st.integers(0, 4000), max_size=6))
def test_no_control_line_ends_a_supervisor_and_the_next_order_is_heard(bare: Bare, lines: list[bytes], cuts: list[int]):
    data = b"\n".join([*lines, b""])
    *orders, heard = bare.orders(in_pieces(data, cuts))
    assert all(isinstance(order, dict) for order in orders)
    assert [order["n"] for order in orders if "n" in order] == list(range(1, heard + 1))
    here = Control()
    assert repr(here.feed(data)) == repr(orders)  # NaN is not equal to itself
    assert here.heard == heard
    following = {"n": heard + 1, "do": "stop"}
    assert bare.orders([data, json.dumps(following).encode() + b"\n"])[-2:] == [following, heard + 1]


@pytest.mark.parametrize("python", pythons())
def test_a_job_whose_reports_only_look_like_json_goes_on_to_its_end(tmp_path: Path, python: str):
    lines = r'{a: 1}\n{\n{"x": [}\n{\377\n'
    job = f"""printf '{lines}' >&3; printf '{{"b": \\001}}\\n' > "$PUSHBUTTON_CHANNEL"; echo done"""
    with Supervised(tmp_path, ["sh", "-c", job], python=python) as supervised:
        assert supervised.wait_for("end")["code"] == 0
    assert sorted(supervised.lines) == ["{", '{"b": \x01}', '{"x": [}', "{a: 1}", "{\ufffd"]
    assert supervised.output == b"done\n"


def test_a_fault_of_ours_costs_one_report_and_is_told_in_the_log(capfd: pytest.CaptureFixture[str]):
    class Faulty(Redactor):
        def clean(self, text: str, **_: bool) -> str:
            if "bad" in text:
                raise SystemError("no words for it")
            return text

    reports = Reports(Faulty([]))
    assert reports.feed(0, b"one\nbad\nthree\n") == ["one", "three"]
    assert (reports.taken, reports.spoiled) == (3, 1)
    assert "no words for it" in capfd.readouterr().err


# -- what is read of a spool


SMALL = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.text(max_size=3))
KINDS = (
    "born",
    "started",
    "unmasked",
    "line",
    "stop",
    "exit",
    "truncated",
    "deaf",
    "storage",
    "end",
    "of another release",
)
RIGHT = {
    **dict.fromkeys(("pid", "start", "kept", "grace", "count"), 1),
    **dict.fromkeys(("t", "o", "lost", "code", "unheard", "spoiled"), 0),
    **dict.fromkeys(("boot", "line", "why", "error"), ""),
    "survivors": [],
}
DAMAGED = st.builds(
    lambda kind, wrong, gone: {
        name: value for name, value in {"k": kind, **RIGHT, **wrong}.items() if name not in gone
    },
    st.sampled_from(KINDS) | SMALL,
    st.dictionaries(st.sampled_from(list(RIGHT)), SMALL, max_size=2),
    st.sets(st.sampled_from(list(RIGHT)), max_size=1),
)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool") / "events"


SEQUENCES = st.sampled_from([*PIECES, "é\u0301🏳️‍🌈漢".encode()]) | st.builds(
    lambda numbers, final: b"\x1b[" + b";".join(numbers) + final,
    st.lists(st.integers(0, 10**6).map(b"%d".__mod__) | st.just(b"9" * 5000), max_size=4),
    st.sampled_from([bytes([code]) for code in range(0x40, 0x7F)]),
)


@pytest.fixture(scope="module")
def spooled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("others")


def read_all(events: Path, lines: list[bytes]) -> list[Record]:
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    with events.open("rb") as file:
        return read_records(file.fileno(), 0)[0]


@many
@given(records=st.lists(DAMAGED, max_size=4))
def test_no_record_of_a_damaged_spool_stops_who_reads_it(events: Path, records: list[dict[str, object]]):
    found = read_all(events, [json.dumps(record).encode() for record in records])
    reading = read(found)
    Liveness().heard(found)
    for draft in reading.drafts:
        assert 0 <= draft.at < 1 << 63
    if reading.end:
        ending(reading.end)
    for record in found:
        if record["k"] == "born":
            process.living(int(str(record["pid"])), record["start"])


@some
@given(
    lines=st.lists(
        st.binary(max_size=40)
        | DEEP
        | DAMAGED.map(lambda record: json.dumps(record).encode())
        | TEXTS.map(lambda text: text.encode(errors="surrogatepass")),
        max_size=4,
    )
)
def test_every_python_finds_the_same_records_in_a_damaged_spool(bare: Bare, events: Path, lines: list[bytes]):
    data = b"".join(line + b"\n" for line in lines)
    found, position = bare.records(data)
    assert repr(found) == repr(read_all(events, lines))
    assert position == len(data)


@some
@given(
    data=st.binary(max_size=60)
    | DEEP
    | TEXTS.map(lambda text: text.encode(errors="surrogatepass"))
    | st.builds(
        lambda fact, value: json.dumps({"boot": process.boot_id(), fact: value}).encode(),
        st.sampled_from(["pid", "start", "timeout", "through"]),
        SMALL,
    )
)
def test_no_file_of_a_damaged_spool_ends_who_reads_it(bare: Bare, spooled: Path, data: bytes):
    for name in ("lock", "room", "events"):
        (spooled / name).write_bytes(data + b"\n")
    (spooled / "tree").write_bytes(process.boot_id().encode() + b"\n" + data + b"\nend\n")
    protocol, _, listed, through = bare.folder(spooled)
    assert protocol in {0, 1, 2}
    assert all(pid >= 0 and start >= 0 for pid, start in listed)
    assert all(isinstance(word, str) for word in through)


@some
@given(
    data=st.binary(max_size=200) | st.lists(SEQUENCES, max_size=30).map(b"".join), cuts=st.lists(st.integers(0, 400))
)
def test_every_python_shows_the_same_lines_of_any_bytes(bare: Bare, data: bytes, cuts: list[int]):
    here = Terminal()
    here.feed(data)
    assert bare.lines(in_pieces(data, cuts)) == [line.text for line in here.reach()]


def test_what_every_release_writes_is_read(events: Path):
    written = [{"k": kind, **RIGHT} for kind in KINDS]
    assert read_all(events, [json.dumps(record).encode() for record in written]) == written


@given(text=st.text(alphabet="0123456789²٣ \n\x1c-xe", max_size=30) | st.just("9" * 5000))
def test_a_damaged_list_of_processes_names_nobody_or_somebody(events: Path, text: str):
    boot = process.boot_id()
    (events.parent / "tree").write_text(f"{boot}\n{text} {text} sh\n1 2 sh\nend\n", encoding="utf-8")
    assert all(pid >= 0 and start >= 0 for pid, start in orphans.listed(str(events.parent)))


# -- what an order may say


@pytest.mark.parametrize("grace", ["NaN", "Infinity", "-1", "1e300", "9" * 400, "true", '"soon"', "[]", "null", "0"])
def test_an_order_with_any_number_of_seconds_ends_the_job_and_not_its_supervisor(tmp_path: Path, grace: str):
    with Supervised(tmp_path, ["sleep", "600"], grace=0) as supervised:
        supervised.wait_for("started")
        supervised.order(
            b'{"do": "stop", "grace": ' + grace.encode() + b', "by": ["x"]}\n\xff{\n[' + b"[" * 9000 + b"\n"
        )
        assert supervised.wait_for("end")["why"] == "cancel"
