"""As whom a task's jobs run is said to those who may see how it is made, and to nobody else."""

from __future__ import annotations

import os
import pwd

from .people import people
from .serving import Served, until
from .worlds import script

ME = pwd.getpwuid(os.geteuid()).pw_name
TASK = f"As the user of this machine: {ME}"
RUN = f"<dt>Runs as</dt><dd>{ME}</dd>"
HEAD = 'user = "{}"\napprovals = 1'


def test_it_is_said_on_the_tasks_page_and_on_the_runs(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "copy.sh", "echo copied", head=HEAD.format(ME))
    script(tasks, "plain.sh", "echo plain")
    known = people(tmp_path / "data", {"ada": ["admin"], "abe": ["approver"], "pia": ["presser"], "vic": ["viewer"]})
    with Served(tasks, data=tmp_path / "data", job_users=ME) as server:

        def page(who: str, path: str) -> str:
            cookie = {"cookie": f"pushbutton={known[who].session}"}
            return server.http.get(path, headers=cookie).raise_for_status().text

        number = (
            server.http.post("/api/tasks/copy/runs", json={"inputs": {}}, headers=known["pia"].headers)
            .raise_for_status()
            .json()["number"]
        )
        said = {who: (TASK in page(who, "/tasks/copy"), RUN in page(who, f"/runs/{number}")) for who in known}
        assert said == {"ada": (True, True), "abe": (True, True), "pia": (False, False), "vic": (False, False)}
        assert "How it runs" not in page("ada", "/tasks/plain")
        script(tasks, "copy.sh", "echo other", head=HEAD.format(ME))
        until(lambda: RUN not in page("ada", f"/runs/{number}"), what="the task is another than was pressed")
        assert TASK in page("ada", "/tasks/copy")
