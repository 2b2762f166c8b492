"""The command line as a whole: help, errors, and the page that documents it."""

from __future__ import annotations

import logging
import os
import re
import runpy
import subprocess
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pushbutton import __version__
from pushbutton.cli import commands, contents, group, logs
from pushbutton.cli.exits import MEANING
from pushbutton.cli.serve import _private
from pushbutton.config import Settings, variable
from pushbutton.errors import Refused

ROOT = Path(__file__).parents[3]
PATHS = {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_help_teaches_by_example_and_lists_every_command_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "pushbutton serve tasks/" in shown
    for word in ("serve", "press", "watch", "runs", "stop", "run", "check", "schema", "status", "progress", "step"):
        assert re.search(rf"^. {word} ", shown, re.MULTILINE), word
    for code in MEANING:
        assert re.search(rf"^\s+{code.value}  ", shown, re.MULTILINE), code


def test_the_help_ends_with_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(["-h"]) == 0
    shown = capsys.readouterr().out
    last = shown[shown.index("\nExit codes\n") :]
    assert [int(line.split()[0]) for line in last.splitlines()[2:-2]] == [code.value for code in MEANING]
    assert commands.run([]) == 2
    assert capsys.readouterr().out == shown


def test_the_help_lists_every_command_under_its_heading_with_the_beginning_of_its_own_help() -> None:
    whole: Any = group.parser()
    assert {name: command.rich_help_panel for name, command in whole.commands.items()} == {
        name: heading for heading, rows in contents.COMMANDS.items() for name in rows
    }
    for rows in contents.COMMANDS.values():
        for name, (_, sentence) in rows.items():
            assert " ".join(whole.commands[name].help.split()).startswith(sentence.rstrip("."))


@pytest.mark.parametrize("command", ["", *(name for rows in contents.COMMANDS.values() for name in rows)])
def test_nothing_stands_behind_a_flag_in_the_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run([*filter(None, [command]), "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--help" in shown
    assert "bool" not in shown


def loaded(*words: str) -> set[str]:
    """The modules of a process that was asked this."""
    code = f"import sys; from pushbutton.__main__ import main; sys.argv[1:] = {words!r}; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], env=PATHS, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_whoever_asks_what_there_is_or_says_something_waits_for_no_module_that_it_does_not_need() -> None:
    for words in (["--help"], ["--version"]):
        assert not loaded(*words) & {"typer", "rich", "httpx", "asyncio", "fastapi", "pushbutton.app"}
    assert not loaded("status", "hello") & {"re", "json", "typing", "typer", "pushbutton.cli"}


def test_words_are_read_without_models() -> None:
    """Those of a server that is started thousands of times, and of a client that a script calls in a loop."""
    for words in (["serve", "here", "--port", "0", "--data", "d"], ["press", "--server", "http://127.0.0.1:1", "go"]):
        read = f"from pushbutton.cli.group import parser; p = parser({words[0]!r})"
        read += f"; p.commands[{words[0]!r}].make_context('x', {words[1:]!r})"
        code = f"import sys; {read}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], env=PATHS, capture_output=True, text=True, check=True)
        assert not set(done.stdout.split()) & {"pydantic", "fastapi"}


@pytest.mark.parametrize("command", ["serve", "press", "watch", "runs", "stop", "run", "check", "schema"])
def test_the_help_of_each_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run([command, "--help"]) == 0
    assert re.search(rf"^ +pushbutton {command}\b", capsys.readouterr().out, re.MULTILINE)


def test_serve_has_an_option_for_each_setting_that_is_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert commands.run(["serve", "--help"]) == 0
    shown = capsys.readouterr().out
    for spec in fields(Settings):
        name = f"{spec.name}_file" if spec.metadata["secret"] else spec.name
        assert f"--{name.replace('_', '-')} " in shown
        assert variable(name) in shown


def test_no_secret_can_be_given_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = [spec.name for spec in fields(Settings) if spec.metadata["secret"]]
    own = ["store", "webhook_secret", "metrics_token", "smtp_password"]
    assert secrets == [*own, "oidc_client_secret", "ldap_bind_password"]
    for address in ("postgresql://ada:hush@h/x", "postgresql://h/x?password=hush", "postgresql://ada:hu/sh@h:1/hush"):
        assert commands.run(["serve", "--store", address]) == 6
        shown = capsys.readouterr()
        assert "the password does not belong there" in shown.err
        assert "hush" not in shown.err + shown.out
    for name in secrets[1:]:
        assert commands.run(["serve", f"--{name.replace('_', '-')}", "hush"]) == 2
        shown = capsys.readouterr()
        assert "No such option" in shown.err
        assert "hush" not in shown.err + shown.out


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(["--version"]) == 0
    assert capsys.readouterr().out == f"pushbutton {__version__}\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["serv"], 2, "No such command 'serv'. Did you mean 'serve', 'user', 'secret'? See: pushbutton --help"),
        (["serve", "--prot", "1"], 2, "No such option: --prot"),
        (["watch", "x"], 2, "Invalid value for 'RUN': "),
        (["watch", "0"], 2, "Invalid value for 'RUN': "),
        (["run", "nowhere.py"], 3, "There is no file nowhere.py."),
        (["press", "--env", "prod"], 2, "Name the task first: pushbutton press TASK --env …"),
        (["press", "x", "--json", "--follow"], 2, "--json and --follow do not go together"),
        (["runs", "--server", "nonsense"], 2, "“nonsense” is no address of a server"),
        (["serve", "--host", "192.0.2.1"], 4, "192.0.2.1 can be reached from other machines"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run(words) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("pushbutton: ")
    assert sentence in shown.err
    assert shown.err.count("\n") == 1


def test_a_setting_from_the_environment_that_makes_no_sense_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSHBUTTON_PORT", "many")
    assert commands.run(["serve"]) == 6
    assert "PUSHBUTTON_PORT" in capsys.readouterr().err


def test_a_fault_of_ours_names_the_file_with_its_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(group, "app", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert commands.run(["runs"]) == 70
    told = capsys.readouterr().err
    [file] = tmp_path.iterdir()
    assert (
        told
        == f"pushbutton: Something broke in Pushbutton itself (ZeroDivisionError). What happened is written in {file}\n"
    )
    assert "Traceback" in file.read_text()
    assert commands.run(["--debug", "runs"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_addresses_of_this_machine_alone_are_served(host: str) -> None:
    _private(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "", "localhost.example.org"])
def test_addresses_that_others_reach_are_refused(host: str) -> None:
    with pytest.raises(Refused):
        _private(host)


def test_a_log_record_is_one_line_whatever_is_in_it() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb\x1b[2J\u2028é", None, None)
    line = logs._OneLine("%(levelname)s %(message)s").format(record)
    assert line == "INFO a\\nb\\x1b[2J\\u2028é"


def test_the_reference_is_made_from_the_commands_of_today() -> None:
    make = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))
    for page, text in make["PAGES"].items():
        there = (ROOT / "docs" / "reference" / page).read_text()
        assert there == text(), f"docs/reference/{page} is old: run python docs/make_reference.py"
