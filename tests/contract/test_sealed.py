"""What everything that seals must guarantee, see `runtime.ports.people.Sealed`."""

from __future__ import annotations

import pytest

from pushbutton.adapters.seal import Seal
from pushbutton.errors import StoreDamaged
from pushbutton.runtime.ports.people import Sealed

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture(params=[Seal])
def sealed(request: pytest.FixtureRequest) -> tuple[Sealed, Sealed, Sealed]:
    """Twice with the same key, and once with another."""
    return request.param(KEY), request.param(KEY), request.param(OTHER)


@pytest.mark.parametrize("text", ["", "GEZDGNBVGY3TQOJQ", "a" * 10_000, "ü\n\0"])
def test_a_text_comes_back_also_after_a_restart_and_cannot_be_read_meanwhile(sealed, text):
    first, later, _ = sealed
    kept = first.close(text)
    assert later.open(kept) == text
    assert not text or text not in kept


def test_what_another_key_sealed_is_told_from_what_this_one_did(sealed):
    first, _, other = sealed
    with pytest.raises(StoreDamaged, match="not the one with which it was kept"):
        other.open(first.close("a secret"))


def test_what_was_changed_meanwhile_is_not_opened(sealed):
    first, _, _ = sealed
    kept = first.close("a secret")
    middle = len(kept) // 2
    with pytest.raises(StoreDamaged):
        first.open(kept[:middle] + ("A" if kept[middle] != "A" else "B") + kept[middle + 1 :])
