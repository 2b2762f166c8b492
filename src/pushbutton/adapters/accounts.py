"""The users of this machine as whom jobs may run, and the way to become one."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pushbutton.domain.task import Command, Task
from pushbutton.errors import NotFound
from pushbutton.supervisor import spool

__all__ = ["Account", "Room", "another", "leave", "refused", "room"]

_OWN = ("TMPDIR", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")
"""Of what a job inherits, what is of the server's user alone."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user who is not the server's."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str

    @property
    def through(self) -> list[str]:
        """Words in front of a program that is to run as them; none where the server's user can become anybody."""
        return ["sudo", "-n", "-u", self.name, "--"] if os.geteuid() else []

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in inherited.items() if name not in _OWN}
        return {**kept, "HOME": self.home, "USER": self.name, "LOGNAME": self.name, "SHELL": self.shell}


def another(name: str) -> Account | None:
    """None for the server's own user, and for nobody in particular. Raises `NotFound` when there is no such user."""
    if not name:
        return None
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise NotFound(f"“user” is “{name}”, and there is no such user on this machine.") from None
    if found.pw_uid == os.geteuid():
        return None
    return Account(name, found.pw_uid, found.pw_gid, found.pw_dir, found.pw_shell or "/bin/sh")


def refused(task: Task, allowed: Collection[str] | None) -> str:
    """Why a task's job cannot run as whom it names, as a sentence; nothing where it can, or names nobody. `allowed`:
    None for everybody.
    """
    if not task.user:
        return ""
    if allowed is not None and task.user not in allowed:
        return (
            f"“user” is “{task.user}”, and this server lets no job run as them: start it with --job-users {task.user}."
        )
    try:
        account = another(task.user)
    except NotFound as error:
        return str(error)
    if account is None:
        return ""
    if account.through and not shutil.which(account.through[0]):
        return f"“user” is “{task.user}”, and a server that is not root's needs sudo for that, which is not here."
    if account.through and task.tty:
        return "“tty” and “user” go together where the server is root's alone: leave one of them out."
    if asked := next((param.name for param in task.params if param.choices_from), ""):
        return (
            f"“{asked}” has choices that a program tells, and that runs as the server's user: leave them or “user” out."
        )
    return ""


class Room:
    """The part of its run that a job as another user reaches, outside of the data folder, which is closed to them: a
    folder for its files, the pipe for its reports, and copies of what was brought. Nobody else finds it: the folder
    around it can be entered, and not listed.
    """

    def __init__(self, folder: Path, account: Account) -> None:
        """`folder` is the run's spool, in which a note says what to take away again."""
        self._account = account
        self._outer = Path(tempfile.mkdtemp(prefix="pushbutton-"))
        (folder / spool.ROOM).write_text(json.dumps({"room": str(self._outer), "through": account.through}))
        self.path = self._outer / secrets.token_hex(16)
        self._given = str(folder / spool.GIVEN)
        self.path.mkdir(mode=0o711)
        for name in (spool.FILES, spool.HANDED_OUT, spool.RECEIPTS):
            (self.path / name).mkdir()
            self._open(self.path / name, account, 0o700, 0o1777)
        os.mkfifo(self.path / spool.CHANNEL)
        self._open(self.path / spool.CHANNEL, account, 0o600, 0o622)
        if Path(self._given).is_dir():
            shutil.copytree(self._given, self.path / spool.GIVEN)
            for path in (self.path / spool.GIVEN).rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o444)
            (self.path / spool.GIVEN).chmod(0o755)
        self.path.chmod(0o711)
        self._outer.chmod(0o711)

    @staticmethod
    def _open(path: Path, account: Account, theirs: int, everybodys: int) -> None:
        if account.through:
            path.chmod(everybodys)
        else:
            os.chown(path, account.uid, account.gid)
            path.chmod(theirs)

    def environment(self, env: Mapping[str, str], command: Command) -> dict[str, str]:
        """A job's, as it is for that user and here."""
        ours = {
            "PUSHBUTTON_FILES": str(self.path / spool.FILES),
            "PUSHBUTTON_RESULTS": str(self.path / spool.HANDED_OUT),
            "PUSHBUTTON_RECEIPTS": str(self.path / spool.RECEIPTS),
        }
        every = {**self._account.environment(env), **command.env, **ours}
        return {name: self.moved(value) for name, value in every.items()}

    def moved(self, text: str) -> str:
        """A text of the job's, with the names of what was brought as they are here."""
        return text.replace(self._given + "/", f"{self.path / spool.GIVEN}/")

    def moved_json(self, text: str) -> str:
        here, there = (json.dumps(f"{path}/")[1:-1] for path in (self._given, self.path / spool.GIVEN))
        return text.replace(here, there)


def leave(folder: Path) -> None:
    """Take away the room of a run, if it had one. What another user has made in folders of their own stays."""
    if outer := room(folder):
        shutil.rmtree(outer, ignore_errors=True)


def room(folder: Path) -> Path | None:
    """The folder around the room of a run, if it has one."""
    try:
        return Path(json.loads((folder / spool.ROOM).read_text())["room"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
