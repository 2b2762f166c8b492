"""As whom a task may run, and why not."""

from __future__ import annotations

import os
import pwd
import shutil
from typing import Any

import pytest

from pushbutton.adapters import accounts
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import NotFound

OWN = pwd.getpwuid(os.geteuid()).pw_name
OTHER = next(one.pw_name for one in pwd.getpwall() if one.pw_uid not in (0, os.geteuid()))


def task(**more: Any) -> Task:
    return Task("work", "Work", CommandTarget(("true",)), Source("pushbutton.yaml"), **more)


@pytest.fixture(params=["root", "somebody"])
def server(request, monkeypatch) -> str:
    """Whose the server is; sudo is there."""
    own = 0 if request.param == "root" else 12345
    monkeypatch.setattr(os, "geteuid", lambda: own)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return str(request.param)


def test_nobody_is_named_and_nothing_is_refused(server):
    assert accounts.refused(task(), set()) == ""
    assert accounts.another("") is None


def test_only_who_was_allowed(server):
    assert accounts.refused(task(user=OTHER), {OTHER}) == ""
    assert accounts.refused(task(user=OTHER), None) == ""
    assert accounts.refused(task(user=OTHER), {""}) == (
        f"“user” is “{OTHER}”, and this server lets no job run as them: start it with --job-users {OTHER}."
    )


def test_who_is_not_there(server):
    with pytest.raises(NotFound, match="no such user on this machine"):
        accounts.another("nobody-of-that-name")
    assert "no such user on this machine" in accounts.refused(task(user="nobody-of-that-name"), None)


def test_the_servers_own_user_is_no_other():
    assert accounts.another(OWN) is None
    assert accounts.refused(task(user=OWN, tty=(24, 80)), {OWN}) == ""


def test_without_sudo_only_root_can_become_others(server, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    why = f"“user” is “{OTHER}”, and a server that is not root's needs sudo for that, which is not here."
    assert accounts.refused(task(user=OTHER), {OTHER}) == ("" if server == "root" else why)


def test_a_terminal_takes_root(server):
    assert bool(accounts.refused(task(user=OTHER, tty=(24, 80)), {OTHER})) == (server != "root")


def test_choices_that_a_program_tells_would_be_told_by_somebody_else(server):
    asked = Param("what", ParamType.CHOICE, choices_from=("echo", "a"))
    assert "“what” has choices that a program tells" in accounts.refused(task(user=OTHER, params=(asked,)), {OTHER})


def test_nothing_of_the_servers_user_is_left_in_the_environment():
    account = accounts.another(OTHER)
    assert account
    inherited = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/x", "PATH": "/bin", "LC_ALL": "C"}
    found = account.environment({**inherited, "SSH_AUTH_SOCK": "/run/agent", "TMPDIR": "/root/tmp"})
    theirs = {"HOME": account.home, "USER": OTHER, "LOGNAME": OTHER, "SHELL": account.shell}
    assert found == {**theirs, "PATH": "/bin", "LC_ALL": "C"}
