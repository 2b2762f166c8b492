"""What a task can say of retries, and what is said of a mistake."""

from __future__ import annotations

import pytest

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.domain.retry import Retry
from pushbutton.job.kinds import RETRY, Unfit


def test_a_configuration_file_says_it_without_quotes(tmp_path):
    file = tmp_path / "pushbutton.yaml"
    file.write_text(
        "tasks:\n  ask:\n    command: [ask]\n"
        "    retry: {times: 3, wait: 30 s, factor: 2, most: 10 min, jitter: 0.1, "
        'on: [failed, timeout, "exit 75", "signal KILL"]}\n'
    )
    reading = read_config(Found(file, Form.CONFIG))
    assert [str(problem) for problem in reading.problems] == []
    assert reading.tasks[0].retry == Retry(3, 30, 2, 600, 0.1, ("failed", "timeout", "exit 75", "signal KILL"))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (3, Retry(3)),
        ({"times": 4}, Retry(4)),
        ({"times": 2, "wait": "1 h"}, Retry(2, wait=3600, most=3600)),
        ({"times": 2, "most": 5}, Retry(2, wait=5, most=5)),
        ({"times": 2, "on": "lost"}, Retry(2, on=("lost",))),
        ({"times": 2, "wait": 0}, Retry(2, wait=0)),
    ],
)
def test_what_is_left_out_is_as_usual(said, read):
    found = RETRY.read(said)
    assert Retry(**{**found, "on": tuple(found["on"])}) == read


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("often", "how many tries there are in all, or a table with “times”"),
        (True, "how many tries there are in all"),
        (0, "all tries together, is a whole number from 1 to 100"),
        (101, "all tries together, is a whole number from 1 to 100"),
        ({"wait": 3}, "a table with “times”"),
        ({"times": 3, "wiat": 3}, "has no “wiat”. Did you mean “wait”?"),
        ({"times": 3, "wait": "soon"}, "whose “wait” is seconds, or text such as “10 s”"),
        ({"times": 3, "wait": 60, "most": 30}, "whose “wait” is no longer than its “most”"),
        ({"times": 3, "most": "90 d"}, "whose “most” is 30 days at most"),
        ({"times": 3, "factor": 0.5}, "whose “factor” is a number from 1 to 100"),
        ({"times": 3, "jitter": 2}, "whose “jitter” is a number from 0 to 1"),
        ({"times": 3, "on": []}, "whose “on” lists failed, timeout, lost, “exit 75” or “signal KILL”"),
        ({"times": 3, "on": ["faild"]}, "not “faild”. Did you mean “failed”?"),
        ({"times": 3, "on": ["exit"]}, "not “exit”"),
        ({"times": 3, "on": ["exit 256"]}, "not “exit 256”"),
        ({"times": 3, "on": ["signal SIGKILL"]}, "not “signal SIGKILL”"),
    ],
)
def test_a_mistake_is_told_with_the_key(said, told):
    with pytest.raises(Unfit) as unfit:
        RETRY.read(said)
    assert told in unfit.value.ending
