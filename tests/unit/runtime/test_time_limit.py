"""The time limit of a run whose supervisor wrote it nowhere: what the trail says of its task."""

from __future__ import annotations

import pytest

from pushbutton.adapters.memory.people import MemoryAudit
from pushbutton.domain.audit import SERVER, Act, Deed
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime import time_limit

RUN = Run(7, "report", "Report", RunState.RUNNING, 1, "ada", {}, 100, started_at=110)


@pytest.mark.parametrize(
    ("declared", "seconds"),
    [
        ([(90, "limits.timeout: 60.0\n")], 60.0),
        ([(90, 'title: "Report"\nlimits.timeout: 60\nlimits.grace: 1.0\n')], 60.0),
        ([(90, 'title: "Report"\n')], None),
        ([(50, ""), (90, "limits.timeout: 60.0\n")], 60.0),
        ([(90, "limits.timeout: 60.0\n"), (120, "limits.timeout: 5.0\n")], 60.0),
        ([(90, "limits.timeout: 5.0\n"), (120, "limits.timeout: 60.0\n")], 60.0),
        ([(90, "limits.timeout: 60.0\n"), (120, "")], None),
        ([(90, ""), (120, "limits.timeout: 60.0\n")], None),
        ([(120, "limits.timeout: 60.0\n")], None),
        ([(90, "limits.timeout: none of ours\n")], None),
        ([], None),
    ],
)  # fmt: skip
async def test_the_limit_is_the_longest_that_the_task_had_since_the_run_began(declared, seconds):
    audit = MemoryAudit()
    for at, text in declared:
        await audit.record(Act(SERVER, Deed.TASK_CHANGED, "task report", at, {"text": text}))
        await audit.record(Act(SERVER, Deed.TASK_CHANGED, "task other", at, {"text": "limits.timeout: 9.0\n"}))
    assert await time_limit.of(audit, RUN) == seconds


async def test_while_the_tasks_file_was_broken_it_had_no_limit_of_its_own():
    audit = MemoryAudit()
    await audit.record(Act(SERVER, Deed.TASK_ADDED, "task report", 90, {"text": "limits.timeout: 60.0\n"}))
    await audit.record(Act(SERVER, Deed.TASK_BROKEN, "task report", 120, {"text": 'broken: "It is."\n'}))
    assert await time_limit.of(audit, RUN) == 60.0


async def test_many_changes_are_read_page_by_page():
    audit = MemoryAudit()
    await audit.record(Act(SERVER, Deed.TASK_ADDED, "task report", 90, {"text": "limits.timeout: 600.0\n"}))
    for at in range(120, 320):
        await audit.record(Act(SERVER, Deed.TASK_CHANGED, "task report", at, {"text": "limits.timeout: 60.0\n"}))
    assert await time_limit.of(audit, RUN) == 600.0
