"""Whether a script looks at its arguments, told from its source."""

from __future__ import annotations

import pytest

from pushbutton.adapters.catalog.arguments import arguments
from pushbutton.domain.contact import Contact, contact_of
from pushbutton.domain.targets import Arguments


@pytest.mark.parametrize(
    "line",
    [
        'rsync -a "$1" /srv', "echo ${2:-none}", "cp $@ there", 'main "$@"', "[ $# -gt 0 ] && exit", "echo ${10}",
        "while getopts ab: opt; do :; done", "shift", "for each; do shift; done", "echo ${#}", "cat <<END\n$1\nEND",
        "old() { echo hello; }\nold; echo $1", "x=${1#--}", "echo ${!1}",
    ],
)  # fmt: skip
def test_a_shell_script_that_reads_its_arguments_is_known(line: str) -> None:
    assert arguments(f"#!/bin/sh\n{line}\n", "#!/bin/sh") is Arguments.READ


@pytest.mark.parametrize(
    "text",
    [
        "echo done", "ps aux | awk '{print $1}'", 'say() { echo "$1"; }\nsay hello', "# usage: $1\ntrue",
        'say ()\n{\n  if true; then { echo "$1"; shift; }; fi\n}\nsay x',
        "function log {\n  printf '%s' \"$*\"\n}\nlog a",
        "cat <<'END'\n$1\nEND", "cat <<-\\END\n\t$1\n\tEND\ntrue", 'echo "${list[@]}" ${#list[@]}', r"echo \$1",
        "echo it\\'s; awk '{print $2}' f", "echo $0 $? $$", 'echo "a # b"; true',
    ],
)  # fmt: skip
def test_a_shell_script_that_does_not_is_known(text: str) -> None:
    assert arguments(f"#!/usr/bin/env bash\n{text}\n", "#!/usr/bin/env bash") is Arguments.NONE


@pytest.mark.parametrize(
    ("shebang", "source", "found"),
    [
        ("#!/usr/bin/env python3", "import argparse", Arguments.READ),
        ("#!/usr/bin/python3.11", "from sys import argv", Arguments.READ),
        ("#!/usr/bin/env python3", "import os, click", Arguments.READ),
        ("#!/usr/bin/env -S python3 -u", "print('hello')", Arguments.NONE),
        ("#!/usr/bin/perl -w", "my $file = $ARGV[0];", Arguments.READ),
        ("#!/usr/bin/perl", "print 1;", Arguments.NONE),
        ("#!/usr/bin/env ruby", "ARGV.each { |a| puts a }", Arguments.READ),
        ("#!/usr/bin/env node", "console.log(process.argv)", Arguments.READ),
        ("#!/usr/bin/tclsh", "puts $argv", Arguments.UNKNOWN),
        ("", "echo $1", Arguments.UNKNOWN),
    ],
)
def test_other_languages_are_known_by_what_reads_arguments_there(shebang: str, source: str, found: Arguments) -> None:
    assert arguments(f"{shebang}\n{source}\n", shebang) is found


@pytest.mark.parametrize("text", ["'", '"', "<<", "f() {", "echo <<A <<B\nx\nA\n$1\nB", "\\", '"\\', "<<'E'", "}}}"])
def test_no_source_makes_it_fail_or_go_on_for_ever(text: str) -> None:
    assert arguments(text, "#!/bin/sh") in set(Arguments)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("the platform team", Contact("the platform team")),
        ("platform@example.org", Contact("platform@example.org", "mailto:platform@example.org")),
        ("Platform team <platform@example.org>", Contact("Platform team", "mailto:platform@example.org")),
        ("On call <https://example.org/call?team=2>", Contact("On call", "https://example.org/call?team=2")),
        ("https://example.org/chat", Contact("https://example.org/chat", "https://example.org/chat")),
        ("Eve <javascript:alert(1)>", Contact("Eve <javascript:alert(1)>")),
        ("a@b?cc=everybody@example.org", Contact("a@b?cc=everybody@example.org")),
        ("<platform@example.org>", Contact("<platform@example.org>")),
    ],
)
def test_a_contact_opens_a_mail_or_a_link_and_nothing_else(written: str, meant: Contact) -> None:
    assert contact_of(written) == meant
