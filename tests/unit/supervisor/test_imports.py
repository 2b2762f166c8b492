"""The supervisor starts fast and stays small: what it loads is counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pushbutton

SOURCE = str(Path(pushbutton.__file__).parent.parent)
HEAVY = {"asyncio", "subprocess", "threading", "logging", "typing", "inspect", "dataclasses", "pathlib", "shutil"}
SLOW = {"collections", "ctypes", "enum", "functools", "json", "re", "signal", "socket"}
"""Each takes milliseconds, of which a start has few."""


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
            for part in (
                *(
                    "",
                    ".base64",
                    ".control",
                    ".faults",
                    ".main",
                    ".reported_file",
                    ".native",
                    ".private",
                    ".process",
                    ".redact",
                    ".reports",
                ),
                *(".slim_json", ".spool"),
            )
        ),
    }
    foreign = {name.partition(".")[0] for name in loaded("import pushbutton.supervisor.main")}
    assert foreign - {"pushbutton", "__main__"} <= set(sys.stdlib_module_names) | {"__main__"}


def test_the_supervisor_loads_nothing_heavy():
    assert loaded("import pushbutton.supervisor.main") & (HEAVY | SLOW) == set()


def test_copying_results_loads_nothing_heavy():
    assert loaded("import pushbutton.supervisor.results") & (HEAVY | SLOW) == set()


def test_a_supervisor_whose_run_has_no_secrets_never_loads_what_is_slow():
    life = (
        "from pushbutton.supervisor import process, redact, reports, slim_json; process.become_subreaper();"
        "taken = reports.Reports(redact.Redactor([], 'the-run-s-token'));"
        r"taken.feed(0, b'{\"kind\": \"status\"}\n\x1b[1mhello the-run-s-token\x1b[0m\n');"
        "slim_json.dumps({'k': 'line'})"
    )
    assert loaded(life) & (HEAVY | SLOW) == set()
