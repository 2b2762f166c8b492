"""What a function returns is never lost, whatever it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.job.plain import plain
from tests.unit.job.test_child import ran

HEAD = "import collections, dataclasses, datetime as dt, decimal, enum, pathlib, uuid\n"


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("{'due': dt.date(2026, 3, 1), 'at': dt.time(9, 5), 'when': dt.datetime(2026, 3, 1, 9, 5)}",
         {"due": "2026-03-01", "at": "09:05:00", "when": "2026-03-01T09:05:00"}),
        ("{3, 1, 2}", [1, 2, 3]),
        ("frozenset({'b', 'a'})", ["a", "b"]),
        ("(1, [2, {'k': {4}}])", [1, [2, {"k": [4]}]]),
        ("enum.Enum('Shop', {'MAIN': 'main'}).MAIN", "main"),
        ("enum.IntEnum('N', {'TWO': 2}).TWO", 2),
        ("decimal.Decimal('1204.50')", "1204.50"),
        ("b'gr\\xc3\\xbc\\xc3\\x9f'", "grüß"),
        ("b'\\xff\\x00'", "/wA="),
        ("float('nan')", "nan"),
        ("{'share': float('inf')}", {"share": "inf"}),
        ("pathlib.PurePosixPath('/srv/till')", "/srv/till"),
        ("uuid.UUID(int=7)", "00000000-0000-0000-0000-000000000007"),
        ("dt.timedelta(minutes=90)", "1:30:00"),
        ("collections.deque([1, 2])", [1, 2]),
        ("{dt.date(2026, 3, 1): 1, None: 2, 3: 4}", {"2026-03-01": 1, "None": 2, "3": 4}),
        ("collections.namedtuple('P', 'x y')(1, {2})", {"x": 1, "y": [2]}),
        ("dataclasses.make_dataclass('Till', ['id', 'open'])(7, dt.date(2026, 3, 1))", {"id": 7, "open": "2026-03-01"}),
        ("type('Model', (), {'model_dump': lambda self: {'at': dt.date(2026, 3, 1)}})()", {"at": "2026-03-01"}),
        ("type('Number', (), {'item': lambda self: 12})()", 12),
        ("type('Odd', (), {'__str__': lambda self: 'an odd thing'})()", "an odd thing"),
        ("type('Wild', (), {'__str__': lambda self: 1 / 0})()", "<Wild>"),
        ("0", 0), ("False", False), ("[]", []),
    ],
)  # fmt: skip
def test_what_is_returned_is_printed(tmp_path: Path, value: str, printed: object) -> None:
    done = ran(tmp_path, f"{HEAD}def go(): return {value}\n")
    assert (json.loads(done.out), done.err) == (printed, "")


MODELS = """
from pydantic import BaseModel, Field, RootModel, SecretStr, computed_field

class Line(BaseModel):
    what: str
    price: decimal.Decimal

class Bill(BaseModel):
    due: dt.date
    lines: list[Line] = []
    paid: bool = Field(default=False, alias="settled")
    raw: bytes = b"\\xff"
    pin: SecretStr = SecretStr("4711")

    @computed_field
    @property
    def total(self) -> decimal.Decimal:
        return sum((line.price for line in self.lines), decimal.Decimal())

class Tills(RootModel[list[int]]): ...
class Pairs(RootModel[list[tuple[str, int]]]): ...

LINE = Line(what="tea", price="2.50")
"""
LINE = {"what": "tea", "price": "2.50"}


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("LINE", LINE),
        ("{'all': [LINE, (LINE,)]}", {"all": [LINE, [LINE]]}),
        ("Bill(due='2026-03-01', settled=True, lines=[LINE, LINE])",
         {"due": "2026-03-01", "lines": [LINE, LINE], "paid": True, "raw": "/w==", "pin": "*" * 10, "total": "5.00"}),
        ("Tills([1, 2])", [1, 2]),
        ("Tills([])", []),
        ("{'tills': Tills([3])}", {"tills": [3]}),
        ("Pairs([('a', 1), ('a', 2)])", [["a", 1], ["a", 2]]),
    ],
)  # fmt: skip
def test_a_model_of_pydantic_is_printed_with_all_that_it_holds(tmp_path: Path, value: str, printed: object) -> None:
    done = ran(tmp_path, f"{HEAD}{MODELS}\ndef go(): return {value}\n")
    assert (json.loads(done.out), done.err) == (printed, "")


def test_what_holds_itself_ends_somewhere(tmp_path: Path) -> None:
    done = ran(tmp_path, "def go():\n    self = {'name': 'till'}\n    self['self'] = self\n    return self\n")
    assert json.loads(done.out) == {"name": "till", "self": "…"}


@pytest.mark.parametrize(
    "body",
    [
        "    yield 'one'\n    return {'rows': 42}\n",
        "    yield 'one'\n    yield from []\n    return {'rows': 42}\n",
    ],
)
def test_what_a_generator_returns_is_its_result(tmp_path: Path, body: str) -> None:
    assert json.loads(ran(tmp_path, f"def go():\n{body}").out) == {"rows": 42}


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.dates(), inner) | st.tuples(inner),
)


@given(_ANY)
def test_everything_becomes_json(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)
