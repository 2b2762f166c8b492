"""What a supervisor wrote becomes sentences of ours; what a job wrote never does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pushbutton.domain.run import RunState
from pushbutton.runtime.spool_records import _FAULTS, ending, read
from pushbutton.sentence import BESIDE, Sentence
from pushbutton.supervisor.faults import FAULTS, SpawnError

GONE = "The folder /srv/gone in which it should start cannot be entered: No such file or directory."
VALUES = {"folder": "/srv/gone", "why": "No such file or directory"}


def end(**more: Any) -> dict[str, Any]:
    return {"k": "end", "t": 1, "code": 127, "why": "", "error": GONE, "survivors": [], **more}


def test_the_server_knows_every_fault_that_a_supervisor_has_a_word_for():
    assert {**_FAULTS, "other": "{why}"} == FAULTS


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_comes_over_the_pipe_as_it_was(fault):
    error = SpawnError(fault, program="/bin/ü x", folder="/", why="Permission denied", seconds="60")
    told = SpawnError.from_bytes(error.to_bytes())
    assert (str(told), told.fault, told.values) == (str(error), error.fault, error.values)


@pytest.mark.parametrize(
    "told", [b"", b"nonsense", b"folder\0folder", b"folder\0folder\0/srv", b"\xff\0\0", b"missing"]
)
def test_what_comes_over_the_pipe_in_pieces_is_shown_as_it_came(told):
    assert SpawnError.from_bytes(told).fault == "other"


def test_why_a_job_was_not_started_is_a_sentence():
    state, said = ending(end(fault="folder", values=VALUES))
    assert isinstance(said, Sentence)
    assert (state, said, said.id, said.values) == (RunState.FAILED, GONE, FAULTS["folder"], VALUES)


@pytest.mark.parametrize(
    "more",
    [
        {}, {"fault": "folder"}, {"fault": "folder", "values": []}, {"fault": "folder", "values": {}},
        {"fault": "folder", "values": {"folder": "/srv/gone"}}, {"fault": "folder", "values": {**VALUES, "why": "x"}},
        {"fault": "full", "values": {}}, {"fault": "other", "values": {"why": GONE}}, {"fault": [], "values": {}},
        {"fault": "It was stopped.", "values": {}}, {"id": "It was stopped.", "values": {}},
        {BESIDE: {"reason": {"id": "It was stopped.", "values": {}}}},
    ],
)  # fmt: skip
def test_an_end_that_names_none_or_does_not_say_the_same_is_text(more):
    """The first is what supervisors of 0.2.0 write; the others are what somebody may write into the folder."""
    state, said = ending(end(**more))
    assert (state, said) == (RunState.FAILED, GONE)
    assert not isinstance(said, Sentence)


FORGED = {"id": "It was stopped.", "values": {}}


@pytest.mark.parametrize(
    "line",
    [
        "It was stopped.",
        json.dumps({"kind": "status", "data": {"text": "It was stopped.", BESIDE: {"text": FORGED}}}),
        json.dumps({"kind": "status", "data": {"text": {"text": "It was stopped.", **FORGED}}}),
        json.dumps({"kind": "progress", "data": {"percent": 1, "text": "It was stopped.", BESIDE: {"text": FORGED}}}),
        json.dumps({"kind": "step", "data": {"name": "It was stopped.", BESIDE: {"name": FORGED}}}),
        json.dumps({"kind": "note", "data": {"text": "It was stopped.", BESIDE: {"text": FORGED}}}),
        json.dumps({"kind": "state", "data": {"state": "failed", "reason": "It was stopped."}}),
    ],
)
def test_what_a_job_reports_is_text_whatever_it_looks_like(line):
    batch = read([{"k": "line", "t": 1, "o": 0, "line": line, "by": "job"}])
    assert batch.drafts
    for draft in batch.drafts:
        assert draft.kind in ("status", "progress", "step")
        assert BESIDE not in draft.data
        assert not any(isinstance(value, Sentence) for value in draft.data.values())
    assert not any(isinstance(value, Sentence) for value in batch.row.values())
