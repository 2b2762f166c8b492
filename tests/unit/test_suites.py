"""What the tests promise of themselves: each port has a suite that runs over each of its adapters, and what tests one
room of the source lies in the folder of that name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

import pushbutton
from pushbutton.runtime import ports
from pushbutton.runtime.ports import bundles, files, output, people, supervisors

CONTRACT = Path(__file__).parents[1] / "contract"
ROOMS = Path(pushbutton.__file__).parent

SUITES = {
    "Audit": ("test_audit", "test_audit_changed", "test_audit_end"),
    "Authority": ("test_authority",),
    "Bundles": ("test_bundles",),
    "Catalog": ("test_catalog",),
    "Deliveries": ("test_deliveries",),
    "Dispatch": ("test_dispatch",),
    "Factor": ("test_factor",),
    "Files": ("test_files",),
    "FilesSeen": ("test_files_seen",),
    "Memos": ("test_memos",),
    "Messages": ("test_messages",),
    "Nodes": ("test_nodes",),
    "Notifier": ("test_dispatch", "test_hints"),
    "Log": ("test_output",),
    "Output": ("test_output",),
    "Passwords": ("test_passwords",),
    "Patterns": ("test_patterns",),
    "People": ("test_people",),
    "Provider": ("test_provider",),
    "Records": ("test_supervisors",),
    "Sealed": ("test_sealed",),
    "Secrets": ("test_secrets",),
    "Shipping": ("test_shipping",),
    "Store": ("test_store", "test_gate", "test_held", "test_orders"),
    "Supervisors": ("test_supervisors",),
}


def declared(module: Any) -> set[str]:
    """The protocols that a module declares."""
    values = vars(module).items()
    return {name for name, value in values if isinstance(value, type) and Protocol in value.__bases__}


PORTS = (
    declared(ports)
    | declared(people)
    | (declared(files) - {"Writing"})
    | declared(output)
    | declared(supervisors)
    | declared(bundles)
)


def test_each_port_has_a_suite():
    assert SUITES.keys() == PORTS


@pytest.mark.parametrize("suite", sorted({suite for suites in SUITES.values() for suite in suites}))
def test_a_suite_is_there(suite):
    assert "def test_" in (CONTRACT / f"{suite}.py").read_text()


def test_each_folder_of_unit_tests_is_a_room_of_the_source():
    folders = {path.parent.relative_to(Path(__file__).parent) for path in Path(__file__).parent.rglob("test_*.py")}
    assert {str(folder) for folder in folders if not (ROOMS / folder).is_dir()} == set()
