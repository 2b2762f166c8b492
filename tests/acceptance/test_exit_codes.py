"""What each command ends with is what the table says, and nothing else: against a server where people sign in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pushbutton.cli import commands, contents
from pushbutton.cli.exits import JOB, OF, Exit
from pushbutton.domain.policy import EVERYONE
from pushbutton.domain.token import personal

from .people import Signed, people
from .proxy import free_port
from .serving import Served
from .worlds import script

EVERY = {Exit.OK, Exit.USAGE, Exit.FAULT, Exit.INTERRUPTED}
SECRETS = "secrets:\n  LOST: {file: nowhere}\ntasks:\n  needy: {command: [env], secrets: [LOST]}\n"


@dataclass
class World:
    folder: Path
    server: Served
    ada: Signed
    runs: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    script(folder, "fine.sh", "true")
    script(folder, "bad.sh", "exit 7")
    script(folder, "long.sh", "sleep 600")
    script(folder, "alone.sh", "kill -9 $PPID; sleep 600")
    script(folder, "broken.sh", "true", head="titel = 1\n")
    (folder / "pushbutton.yaml").write_text(SECRETS)
    ada = people(folder / ".pushbutton", {EVERYONE: ["see"], "ada": ["admin"]})["ada"]
    with Served(folder) as server:
        made = World(folder, server, Signed(server.port, ada))
        for task in ("fine", "bad", "long"):
            answer = server.http.post(f"/api/tasks/{task}/runs", json={}, headers=ada.headers)
            made.runs[task] = answer.json()["number"]
        server.http.post(f"/api/runs/{made.runs['long']}/cancel", headers=ada.headers)
        with made.ada:
            yield made


UNTRIED = {"login": {Exit.NOT_FOUND}}  # nobody answers in the browser for ten minutes

CASES: dict[str, list[tuple[int, str]]] = {
    "serve": [
        (Exit.REFUSED, "serve {empty} --host 0.0.0.0"),
        (Exit.TROUBLE, "serve {empty} --port {port}"),
        (Exit.CONFIG, "serve {empty}/nowhere --port 0"),
        (Exit.CONFIG, "serve {empty} --port 99999"),
    ],
    "worker": [
        (Exit.OK, "worker list"),
        (Exit.NOT_FOUND, "worker drain nobody"),
        (Exit.REFUSED, "worker list --server {out}"),
        (Exit.TROUBLE, "worker list --server {dead}"),
        (Exit.CONFIG, "worker {empty}"),
    ],
    "press": [
        (Exit.OK, "press fine"),
        (7, "press bad --follow"),
        (Exit.FAILED, "press alone --follow"),
        (Exit.USAGE, "press fine --x 1"),
        (Exit.NOT_FOUND, "press fin"),
        (Exit.CONFIG, "press broken"),
        (Exit.REFUSED, "press fine --server {out}"),
        (Exit.TROUBLE, "press fine --server {dead}"),
    ],
    "watch": [
        (Exit.OK, "watch {fine}"),
        (7, "watch {bad}"),
        (Exit.FAILED, "watch {long}"),
        (Exit.NOT_FOUND, "watch 99"),
        (Exit.REFUSED, "watch {fine} --server {out}"),
        (Exit.TROUBLE, "watch {fine} --server {dead}"),
    ],
    "runs": [
        (Exit.OK, "runs"),
        (Exit.USAGE, "runs --limit 0"),
        (Exit.REFUSED, "runs --server {out}"),
        (Exit.TROUBLE, "runs --server {dead}"),
    ],
    "stop": [
        (Exit.NOT_FOUND, "stop 99"),
        (Exit.REFUSED, "stop {fine}"),
        (Exit.TROUBLE, "stop 1 --server {dead}"),
    ],
    "comment": [
        (Exit.NOT_FOUND, "comment 99 known"),
        (Exit.OK, "comment {fine} known"),
        (Exit.USAGE, "comment {fine}"),
        (Exit.REFUSED, "comment {fine} --on-it"),
        (Exit.TROUBLE, "comment 1 known --server {dead}"),
    ],
    "move": [
        (Exit.USAGE, "move 99 soon"),
        (Exit.NOT_FOUND, "move 99 now"),
        (Exit.REFUSED, "move {fine} now"),
        (Exit.TROUBLE, "move 1 now --server {dead}"),
        (Exit.USAGE, "move 1"),
        (Exit.USAGE, "move --from {folder} --to {empty}"),
        (Exit.CONFIG, "move --from {folder} --to postgresql://"),
    ],
    "schedule": [
        (Exit.OK, "schedule list"),
        (Exit.USAGE, "schedule next nightly"),
        (Exit.NOT_FOUND, "schedule next fine/nightly"),
        (Exit.USAGE, "schedule add fine --every never"),
        (Exit.NOT_FOUND, "schedule remove fine/nightly"),
        (Exit.REFUSED, "schedule list --server {out}"),
        (Exit.TROUBLE, "schedule list --server {dead}"),
    ],
    "preset": [
        (Exit.OK, "preset save fine usual"),
        (Exit.OK, "preset list fine"),
        (Exit.USAGE, "preset save fine usual --x 1"),
        (Exit.NOT_FOUND, "preset remove fine never"),
        (Exit.NOT_FOUND, "preset list nobody"),
        (Exit.REFUSED, "preset list fine --server {out}"),
        (Exit.TROUBLE, "preset list fine --server {dead}"),
    ],
    "files": [
        (Exit.OK, "files fine"),
        (Exit.NOT_FOUND, "files nobody"),
        (Exit.REFUSED, "files fine --server {out}"),
        (Exit.TROUBLE, "files fine --server {dead}"),
    ],
    "channel": [
        (Exit.OK, "channel list"),
        (Exit.USAGE, "channel add Ops ops@example.org"),
        (Exit.NOT_FOUND, "channel test nowhere"),
        (Exit.NOT_FOUND, "channel remove nowhere"),
        (Exit.REFUSED, "channel list --server {out}"),
        (Exit.TROUBLE, "channel list --server {dead}"),
    ],
    "pause": [
        (Exit.OK, "pause alone --reason stock-taking"),
        (Exit.USAGE, "pause alone --until soon"),
        (Exit.NOT_FOUND, "pause nobody"),
        (Exit.REFUSED, "pause alone --server {out}"),
        (Exit.TROUBLE, "pause alone --server {dead}"),
    ],
    "resume": [
        (Exit.OK, "resume all"),
        (Exit.NOT_FOUND, "resume nobody"),
        (Exit.REFUSED, "resume alone --server {out}"),
        (Exit.TROUBLE, "resume alone --server {dead}"),
    ],
    "approvals": [
        (Exit.OK, "approvals"),
        (Exit.REFUSED, "approvals --server {out}"),
        (Exit.TROUBLE, "approvals --server {dead}"),
    ],
    "approve": [
        (Exit.NOT_FOUND, "approve 99"),
        (Exit.REFUSED, "approve {fine}"),
        (Exit.TROUBLE, "approve 1 --server {dead}"),
    ],
    "reject": [
        (Exit.USAGE, "reject 99"),
        (Exit.NOT_FOUND, "reject 99 --why no"),
        (Exit.REFUSED, "reject {fine} --why no"),
        (Exit.TROUBLE, "reject 1 --why no --server {dead}"),
    ],
    "run": [
        (Exit.OK, "run {folder}/fine.sh"),
        (7, "run {folder}/bad.sh"),
        (Exit.FAILED, "run {folder}/alone.sh"),
        (Exit.USAGE, "run {folder}"),
        (Exit.NOT_FOUND, "run {folder}/fin.sh"),
        (Exit.TROUBLE, "run {folder}/pushbutton.yaml"),
        (Exit.CONFIG, "run {folder}/broken.sh"),
    ],
    "check": [
        (Exit.OK, "check {folder}/fine.sh"),
        (Exit.CONFIG, "check {folder}"),
        (Exit.CONFIG, "check {folder}/nowhere"),
    ],
    "header": [
        (Exit.OK, "header {options}"),
        (Exit.USAGE, "header {folder}"),
        (Exit.NOT_FOUND, "header {folder}/nowhere"),
        (Exit.CONFIG, "header {folder}/fine.sh"),
    ],
    "import": [
        (Exit.OK, "import crontab {tab}"),
        (Exit.USAGE, "import crontap {tab}"),
        (Exit.USAGE, "import crontab {folder}"),
        (Exit.NOT_FOUND, "import crontab {folder}/nowhere"),
        (Exit.CONFIG, "import crontab {file}"),
    ],
    "schema": [(Exit.OK, "schema"), (Exit.USAGE, "schema --yaml")],
    "publish": [
        (Exit.TROUBLE, "publish {folder} --data {file} --store postgresql://nobody@127.0.0.1:1/x"),
        (Exit.CONFIG, "publish {folder}"),
    ],
    "login": [
        (Exit.USAGE, "login {out} --with-token"),
        (Exit.REFUSED, "login {out} --with-token < {stranger}"),
        (Exit.TROUBLE, "login {dead}"),
    ],
    "logout": [(Exit.OK, "logout {out}"), (Exit.USAGE, "logout {out} --all")],
    "user": [
        (Exit.OK, "user list --tasks {folder}"),
        (Exit.USAGE, "user"),
        (Exit.NOT_FOUND, "user remove eve --tasks {folder}"),
        (Exit.REFUSED, "user remove ada --tasks {folder}"),
        (Exit.TROUBLE, "user list --data {file}"),
        (Exit.CONFIG, "PUSHBUTTON_PORT=many user list --tasks {folder}"),
    ],
    "link": [
        (Exit.OK, "link list"),
        (Exit.USAGE, "link make fine --x 1"),
        (Exit.NOT_FOUND, "link make fin"),
        (Exit.REFUSED, "link list --server {out}"),
        (Exit.TROUBLE, "link list --server {dead}"),
    ],
    "hook": [
        (Exit.OK, "hook list"),
        (Exit.NOT_FOUND, "hook calls nothing"),
        (Exit.REFUSED, "hook list --server {out}"),
        (Exit.TROUBLE, "hook list --server {dead}"),
    ],
    "secret": [
        (Exit.OK, "secret list {folder}"),
        (Exit.USAGE, "secret set 1A {folder}"),
        (Exit.NOT_FOUND, "secret remove NONE {folder}"),
        (Exit.TROUBLE, "secret list --data {file} {folder}"),
        (Exit.CONFIG, "PUSHBUTTON_PORT=many secret list {folder}"),
    ],
    "audit": [
        (Exit.OK, "audit verify {folder}"),
        (Exit.FAILED, "audit verify {folder} --head 9999:" + "0" * 64),
        (Exit.USAGE, "audit export {folder} --kind x"),
        (Exit.TROUBLE, "audit verify {folder} --data {file}"),
        (Exit.CONFIG, "PUSHBUTTON_PORT=many audit verify {folder}"),
    ],
    "release": [
        (Exit.OK, "release"),
        (Exit.NOT_FOUND, "release 99"),
        (Exit.REFUSED, "release {fine}"),
        (Exit.TROUBLE, "release --server {dead}"),
    ],
    "backup": [
        (Exit.OK, "backup {empty}/b {folder}"),
        (Exit.TROUBLE, "backup {folder} {folder}"),
        (Exit.CONFIG, "PUSHBUTTON_PORT=many backup {empty}/b {folder}"),
    ],
    "restore": [
        (Exit.TROUBLE, "restore {empty}/nowhere --data {empty}/r"),
        (Exit.CONFIG, "PUSHBUTTON_PORT=many restore {empty}/nowhere --data {empty}/r"),
    ],
    "status": [(Exit.OK, "status hello"), (Exit.USAGE, "status")],
    "progress": [(Exit.OK, "progress 3/8"), (Exit.USAGE, "progress soon")],
    "step": [(Exit.OK, "step one"), (Exit.USAGE, "step")],
    "artifact": [(Exit.OK, "artifact {file}"), (Exit.USAGE, "artifact")],
}


@pytest.mark.parametrize("command", [name for rows in contents.COMMANDS.values() for name in rows])
def test_a_command_ends_with_the_codes_of_its_row(
    command: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, empty, tab = tmp_path / "file", tmp_path / "empty", tmp_path / "tab"
    file.touch()
    tab.write_text("0 3 * * * true\n")
    options = tmp_path / "options.sh"
    options.write_text("#!/bin/sh\nwhile getopts v o; do case $o in v) verbose=1;; *) exit 2;; esac; done\n")
    empty.mkdir()
    stranger = personal()
    known: dict[str, object] = {
        **world.runs,
        "folder": world.folder,
        "file": file,
        "empty": empty,
        "tab": tab,
        "options": options,
        "stranger": stranger,
        "out": world.server.url,
        "dead": f"http://127.0.0.1:{free_port()}",
        "port": world.server.port,
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PUSHBUTTON_SERVER", world.ada.url)
    ended = []
    for code, line in CASES[command]:
        words, _, typed = line.format(**known).partition(" < ")
        setting, _, rest = words.partition(" ") if words.startswith("PUSHBUTTON_") else ("", "", words)
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(typed))
            if setting:
                patch.setenv(*setting.split("="))
            given = commands.run(rest.split())
        assert given == code, f"{words}: {capsys.readouterr()}"
        ended.append(given)
    own = {7} if command in JOB else set()
    assert set(ended) - EVERY - own == set(OF[command]) - UNTRIED.get(command, set())
    assert own <= set(ended)
    assert Exit.OK in ended or command in {
        "serve",
        "stop",
        "move",
        "approve",
        "reject",
        "login",
        "restore",
        "publish",
    }  # tested elsewhere


def test_the_table_has_a_row_for_each_command_and_no_other() -> None:
    names = [name for rows in contents.COMMANDS.values() for name in rows]
    assert list(OF) == names
    assert list(CASES) == names
