"""The supervisor starts fast and stays small: what it loads is counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pushbutton

SOURCE = str(Path(pushbutton.__file__).parent.parent)
HEAVY = {"asyncio", "subprocess", "threading", "logging", "typing", "inspect", "dataclasses", "pathlib", "shutil"}


def loaded(code: str) -> set[str]:
    """The modules that `code` loads in a bare interpreter, without site-packages."""
    show = f"import sys; sys.path.insert(0, {SOURCE!r}); before = set(sys.modules); {code}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-I", "-S", "-c", show], check=True, capture_output=True, text=True).stdout
    return set(out.split())


def test_the_supervisor_loads_the_standard_library_and_itself_only():
    own = {name for name in loaded("import pushbutton.supervisor.main") if name.startswith("pushbutton")}
    assert own == {
        "pushbutton",
        *(
            f"pushbutton.supervisor{part}"
            for part in ("", ".forms", ".main", ".process", ".redact", ".reports", ".spool")
        ),
    }
    foreign = {name.partition(".")[0] for name in loaded("import pushbutton.supervisor.main")}
    assert foreign - {"pushbutton", "__main__"} <= set(sys.stdlib_module_names) | {"__main__"}


def test_the_supervisor_loads_nothing_heavy():
    assert loaded("import pushbutton.supervisor.main") & (HEAVY - {"typing"}) == set()
