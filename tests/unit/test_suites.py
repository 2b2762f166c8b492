"""What the tests promise of themselves: each port has a suite that runs over each of its adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from pushbutton.runtime import ports
from pushbutton.runtime.ports import files, output, people, supervisors

CONTRACT = Path(__file__).parents[1] / "contract"

SUITES = {
    "Audit": ("test_audit", "test_audit_changed", "test_audit_end"),
    "Files": ("test_files",),
    "Output": ("test_output",),
    "Dispatch": ("test_dispatch",),
    "Notifier": ("test_dispatch",),
    "People": ("test_people",),
    "Records": ("test_supervisors",),
    "Secrets": ("test_secrets",),
    "Supervisors": ("test_supervisors",),
    "Store": ("test_store", "test_held"),
}
MISSING = frozenset(
    ["Authority", "Catalog", "Factor", "Passwords", "Patterns", "Provider", "Sealed"],
)
"""Those that have none yet."""


def declared(module: Any) -> set[str]:
    """The protocols that a module declares."""
    values = vars(module).items()
    return {name for name, value in values if isinstance(value, type) and Protocol in value.__bases__}


PORTS = declared(ports) | declared(people) | (declared(files) - {"Writing"}) | declared(output) | declared(supervisors)


def test_each_port_has_a_suite():
    assert SUITES.keys() == PORTS - MISSING


@pytest.mark.parametrize("suite", sorted({suite for suites in SUITES.values() for suite in suites}))
def test_a_suite_is_there(suite):
    assert "def test_" in (CONTRACT / f"{suite}.py").read_text()
