"""Jobs as another user of this machine: by a server of root's, and through sudo by a server of somebody else's."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pushbutton.supervisor import process

from . import somebody
from .serving import PATIENCE, Served, environment, until
from .test_private import END, supervisor
from .worlds import alive, marked, script

OTHER = "bin"
"""A user that every system has, and nobody uses."""
SUDO = shutil.which("sudo") or ""
RULES = f"Defaults use_pty\nnobody ALL=({OTHER}) NOPASSWD: ALL\n"
OWN_RULES = 'mount --bind {folder} /etc/sudoers.d && exec "$@"'
"""In a mount namespace of their own: nobody else of this machine gets them."""
LOOK = """
import os, subprocess, sys, tempfile
print(os.getuid(), os.getgid(), os.getgroups() == [os.getgid()])
print(os.environ["HOME"], os.environ["USER"], os.environ["NAME"], os.environ["WORD"])
files = os.environ["PUSHBUTTON_FILES"]
open(f"{files}/made.txt", "w").write("made")
os.write(3, f"status at work\\nartifact {files}/made.txt\\n".encode())
told = "from pushbutton import artifact, status; status('from elsewhere'); artifact(sys.argv[1], 'Late')"
subprocess.run([sys.executable, "-c", "import sys; " + told, f"{files}/made.txt"], check=True, close_fds=True)
open("/dev/stderr", "w").write("to /dev/stderr\\n")
print(open(os.environ["BROUGHT"]).read(), end="")
for path in (os.environ["DATA"], os.environ["SECRET_FILE"]):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path)
        print("reads", path)
    except PermissionError:
        print("no")
"""
TREE = """
import os, signal, subprocess, sys, time
where = os.environ["WHERE"]
signal.signal(signal.SIGTERM, lambda *_: open(f"{where}/asked", "w").close())
here = "import os, signal, time; os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN); "
here += f"open('{where}/part', 'w').write('{os.getpid()} ' + str(os.getpid())); "
here += f"os.rename('{where}/part', '{where}/pids'); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", here], env={})
while True:
    time.sleep(60)
"""
"""Hears the request to end and stays, with a child that has left its session and its environment."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to be several users")


class World:
    """A server, its tasks, and a folder that is anybody's."""

    def __init__(self, stack: ExitStack, *, root: bool) -> None:
        self.tasks = stack.enter_context(somebody.place(0 if root else somebody.NOBODY))
        self.tasks.chmod(0o755)
        self.open = stack.enter_context(somebody.place(0))
        self.open.chmod(0o777)
        self.become: list[str] = []
        if not root:
            rules = stack.enter_context(somebody.place(0))
            (rules / "pushbutton").write_text(RULES)
            (rules / "pushbutton").chmod(0o440)
            code = OWN_RULES.format(folder=rules)
            self.become = ["unshare", "-m", "sh", "-c", code, "sh", *somebody.become()]
        self.uid = 0 if root else somebody.NOBODY
        env = {"PUSHBUTTON_JOB_USERS": f"{OTHER}, daemon, nobody-of-that-name", **somebody.modules()}
        data = stack.enter_context(somebody.place(self.uid)) / "data"
        self._write()
        self.server = stack.enter_context(
            Served(self.tasks, data=data, before=self.become, by=somebody.python(), env=env)
        )

    def folder(self) -> Path:
        """A new one that anybody may write to."""
        folder = Path(tempfile.mkdtemp(dir=self.open))
        folder.chmod(0o777)
        return folder

    def _write(self) -> None:
        params = "".join(f"[params.{name}]\n" for name in ("name", "data", "secret_file", "where"))
        head = f'user = "{OTHER}"\n'
        word, brought = "[params.word]\ntype = 'secret'\n", "[params.brought]\ntype = 'file'\n"
        params = params.replace("[params.where]\n", "")
        path = somebody.modules().get("PYTHONPATH", "")
        script(self.tasks, "look.py", LOOK, head=f"{head}env = {{PYTHONPATH = '{path}'}}\n{params}{word}{brought}")
        script(self.tasks, "tree.py", TREE, head=head + "grace = 1\n[params.where]")
        stay = "echo here; until [ -e $WHERE/go ]; do sleep 0.1; done; echo as it was; basename $0"
        script(self.tasks, "stay.sh", stay, head=f"{head}[params.where]\n{word}")
        script(self.tasks, "hand.sh", 'echo "artifact $FILE" >&3', head=head + "[params.file]")
        script(self.tasks, "nowhere.sh", "true", head=head + 'cwd = "closed"')
        kept = "id -un; : >$WHERE/new && echo makes; cat /proc/self/status | grep NoNewPrivs; echo status fine >&3"
        script(self.tasks, "kept.sh", kept, head=f"{head}confine = 'data'\n[params.where]")
        script(
            self.tasks,
            "screen.sh",
            "id -un; stty size </dev/tty; stty size </dev/stdin; echo x >/dev/tty; echo y >/dev/stderr",
            head=head + "tty = true",
        )
        script(self.tasks, "daemon.sh", "id -un", head='user = "daemon"')
        named = """printf '{"kind":"artifact","data":{"path":"%s","receipt":"%s"}}\\n'"""
        sly = f"cd $PUSHBUTTON_FILES; echo mine >mine; ln -s $FILE $PUSHBUTTON_RECEIPTS/sly; {named} $PWD/mine sly >&3"
        script(self.tasks, "sly.sh", sly, head=head + "[params.file]")
        made = "$PUSHBUTTON_FILES/made.txt"
        script(self.tasks, "make.sh", f'id -un >{made}; echo "artifact {made}" >&3', head=head)
        script(self.tasks, "root.sh", "true", head='user = "root"')
        script(self.tasks, "unknown.sh", "true", head='user = "nobody-of-that-name"')
        script(self.tasks, "choose.sh", "true", head=f"{head}[params.what]\nchoices_from = ['echo', 'a']")
        (self.tasks / "closed").mkdir(mode=0o700)
        code = f"from pushbutton import status, task\n\n@task(user={OTHER!r})\ndef work(times: int):\n"
        (self.tasks / "work.py").write_text(f"{code}    import os\n    status(f'{{os.getuid()}} {{times}}')\n")


@pytest.fixture(scope="module", params=["root", "sudo"])
def world(request) -> Iterator[World]:
    with ExitStack() as stack:
        if request.param == "sudo":
            if not SUDO:
                pytest.skip("sudo is not here")
            if subprocess.run(["unshare", "-m", "true"], check=False).returncode:
                pytest.skip("sudo cannot be given rules of its own here")
        yield World(stack, root=request.param == "root")


def test_a_job_is_another_users_and_has_all_that_a_job_has(world, tmp_path):
    other, server = pwd.getpwnam(OTHER), world.server
    sheet = server.http.post("/api/uploads?name=sheet.csv", content=b"12 for Mona\n").json()["value"]
    closed = world.tasks / "not-theirs"
    closed.write_text("secret")
    closed.chmod(0o600)
    number = server.press(
        "look", name="A B'c", word="hidden-word", brought=sheet, data=str(server.data), secret_file=str(closed)
    )
    assert server.finished(number)["state"] == "succeeded", server.output(number)
    said = server.output(number).decode().splitlines()
    assert said == [
        f"{other.pw_uid} {other.pw_gid} True",
        f"{other.pw_dir} {OTHER} A B'c •••",
        "to /dev/stderr",
        "12 for Mona",
        "no",
        "no",
    ]
    statuses = [event["data"]["text"] for event in server.events(number) if event["kind"] == "status"]
    assert statuses == ["at work", "from elsewhere"]
    assert server.http.get(f"/api/runs/{number}/artifacts/made.txt").content == b"made"
    worked = server.press("work", times=3)
    assert server.finished(worked)["state"] == "succeeded", server.output(worked)
    assert [e["data"]["text"] for e in server.events(worked) if e["kind"] == "status"] == [f"{other.pw_uid} 3"]


def test_a_stop_ends_its_whole_tree(world):
    server, where = world.server, world.folder()
    number = server.press("tree", where=str(where))
    until((where / "pids").exists, what="the tree")
    everybody = [member.pid for member in process.below(supervisor(server, number))]  # sudo among them
    assert {*tree(where)} < {*everybody} if world.become else {*tree(where)} == {*everybody}
    server.http.post(f"/api/runs/{number}/cancel", json={}).raise_for_status()
    run = server.finished(number)
    assert (run["state"], run["survivors"]) == ("cancelled", [])
    assert (where / "asked").exists()
    assert not any(map(alive, everybody))


def test_what_is_left_when_its_supervisor_is_killed_is_ended_by_the_server(world):
    server, where = world.server, world.folder()
    number = server.press("tree", where=str(where))
    until((where / "pids").exists, what="the tree")
    note = server.data / "runs" / str(number) / "room"
    (server.data / "runs" / str(number) / "tree").unlink(missing_ok=True)  # what was seen last is not always there
    room = Path(json.loads(note.read_text())["room"])
    assert room.exists()
    everybody = [member.pid for member in process.below(supervisor(server, number))]
    os.kill(supervisor(server, number), signal.SIGKILL)
    run = server.finished(number)
    assert (run["state"], run["survivors"]) == ("lost", [])
    assert not any(map(alive, tree(where)))
    until(lambda: not any(map(alive, everybody)), what="sudo has gone with them")
    assert not room.exists()


def test_a_supervisor_that_hangs_is_ended_with_it(world):
    server, where = world.server, world.folder()
    number = server.press("tree", where=str(where))
    until((where / "pids").exists, what="the tree")
    boss, folder = supervisor(server, number), str(server.data / "runs" / str(number))
    everybody = [member.pid for member in process.below(boss)]
    os.kill(boss, signal.SIGSTOP)
    words = [*world.become, somebody.python(), "-c", END, folder]
    ended = subprocess.run(words, env=environment(**somebody.modules()), capture_output=True, text=True, check=True)
    assert ended.stdout == f"{boss} worked, and stayed: []\n"
    assert not any(map(alive, everybody))


def test_a_job_that_stands_still_is_ended_as_well(world):
    server, where = world.server, world.folder()
    number = server.press("tree", where=str(where))
    until((where / "pids").exists, what="the tree")
    everybody = [member.pid for member in process.below(supervisor(server, number))]
    os.kill(tree(where)[0], signal.SIGSTOP)  # and sudo stands still with it
    until(lambda: len(still(everybody)) == (2 if world.become else 1), what="all that stand still")
    server.http.post(f"/api/runs/{number}/cancel", json={}).raise_for_status()
    run = server.finished(number)
    assert (run["state"], run["survivors"]) == ("cancelled", [])
    assert not any(map(alive, everybody))


def still(pids: list[int]) -> list[int]:
    found = [process.read(pid) for pid in pids]
    return [one.pid for one in found if one and one.state == "T"]


def test_an_edit_of_its_script_changes_nothing_and_no_secret_is_in_a_command_line(world):
    server, where = world.server, world.folder()
    number = server.press("stay", where=str(where), word="hidden-word")
    server.output_has(number, b"here")
    assert marked("hidden-word") == []
    (world.tasks / "stay.sh").write_text("#!/bin/sh\n" * 3 + "echo somebody else" * 30)
    (where / "go").touch()
    assert server.finished(number)["state"] == "succeeded"
    assert server.output(number) == b"here\nas it was\nstay.sh\n"
    note = server.data / "runs" / str(number) / "room"
    assert not Path(json.loads(note.read_text())["room"]).exists()


def test_no_file_is_handed_over_that_its_user_cannot_read(world):
    server, where = world.server, world.folder()
    inside = where / "closed"
    inside.mkdir(mode=0o700)
    for file in (where / "mine", inside / "readable"):
        file.write_text("not theirs")
    (where / "mine").chmod(0o600)
    (where / "all").write_text("everybody's")
    for file in (where, inside, where / "mine", where / "all", inside / "readable"):
        os.chown(file, world.uid, world.uid)  # the server itself can read all of them
    kept = {}
    for name in ("mine", "closed/readable", "all"):
        number = server.press("hand", file=str(where / name))
        server.finished(number)
        kept[name] = [event["data"].get("name") for event in server.events(number) if event["kind"] == "artifact"]
    assert kept == {"mine": [], "closed/readable": [], "all": ["all"]}


def test_it_can_be_kept_from_the_data_folder_by_the_kernel_too(world):
    server, where = world.server, world.folder()
    number = server.press("kept", where=str(where))
    assert server.finished(number)["state"] == "succeeded", server.output(number)
    assert server.output(number).decode().splitlines() == [OTHER, "makes", "NoNewPrivs:\t1"]
    assert [e["data"]["text"] for e in server.events(number) if e["kind"] == "status"] == ["fine"]


def test_it_gets_a_terminal_where_the_server_is_roots(world):
    server = world.server
    if world.become:
        assert "“tty” and “user” go together where the server is root's alone" in server.tasks()["screen"]["broken"]
        return
    number = server.press("screen")
    assert server.finished(number)["state"] == "succeeded", server.output(number)
    assert server.output(number).decode().split() == [OTHER, "24", "80", "24", "80", "x", "y"]


def test_whom_sudo_does_not_know_starts_nothing_and_what_it_said_is_there(world):
    server = world.server
    number = server.press("daemon")
    run = server.finished(number)
    if world.become:
        assert run["state"] == "failed"
        assert run["reason"] == "sudo -n -u daemon did not start it; if it said why, that stands above."
        assert b"sudo: a password is required" in server.output(number)
    else:
        assert (run["state"], server.output(number)) == ("succeeded", b"daemon\n")


def test_no_pipe_for_an_answer_leads_to_a_file_that_is_not_its_users(world):
    server, where = world.server, world.folder()
    victim = where / "victim"
    victim.write_text("as it was")
    victim.chmod(0o600)
    os.chown(victim, world.uid, world.uid)
    number = server.press("sly", file=str(victim))
    assert server.finished(number)["state"] == "succeeded", server.output(number)
    assert [event["kind"] for event in server.events(number) if event["kind"] == "artifact"] == ["artifact"]
    assert victim.read_text() == "as it was"


def test_what_it_made_is_there_after_a_run_without_a_server(world):
    where = world.folder()
    words = [*world.become, somebody.python(), "-m", "pushbutton", "run", str(world.tasks / "make.sh")]
    env = environment(**somebody.modules())
    run = subprocess.run(words, env=env, cwd=where, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 0, run.stderr
    assert (where / "made.txt").read_text() == f"{OTHER}\n"
    assert str(where / "made.txt") in run.stderr + run.stdout


def test_what_it_cannot_enter_is_said_in_a_sentence(world):
    run = world.server.finished(world.server.press("nowhere"))
    folder = world.tasks / "closed"
    assert run["state"] == "failed"
    assert run["reason"] == f"The folder {folder} in which it should start cannot be entered: Permission denied."


def test_whom_nobody_allowed_no_job_becomes(world):
    broken = {
        slug: task["broken"] for slug, task in world.server.tasks().items() if task["broken"] and slug != "screen"
    }
    assert broken == {
        "root": "root.sh line 1: “user” is “root”, and this server lets no job run as them: start it with "
        "--job-users root.",
        "unknown": "unknown.sh line 1: “user” is “nobody-of-that-name”, and there is no such user on this machine.",
        "choose": "choose.sh line 1: “what” has choices that a program tells, and that runs as the server's user: "
        "leave them or “user” out.",
    }


def tree(where: Path) -> list[int]:
    return [int(pid) for pid in (where / "pids").read_text().split()]
