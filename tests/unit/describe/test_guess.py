"""What a shell script seems to take besides its options."""

from __future__ import annotations

import pytest

from pushbutton.describe.shell.guess import Guess, guess
from pushbutton.describe.shell.parse import parse
from pushbutton.describe.shell.read import Reading


def guessed(source: str) -> Guess:
    return guess(Reading(parse(source)))


def operands(source: str) -> list[tuple[str, bool, str | None, str]]:
    return [(one.name, one.required, one.default, one.words) for one in guessed(source).operands]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("FROM_DIR=$1\nTO_DIR=${2:-/tmp}", [("from_dir", False, None, ""), ("to_dir", False, "/tmp", "")]),
        ('SHOP="${1:?which shop}"', [("shop", True, None, "")]),
        ('[ -z "$1" ] && exit 1\ncd "$1"', [("argument_1", True, None, "")]),
        ("if [ $# -ne 2 ]; then exit 1; fi\nA=$1 B=$2", [("a", True, None, ""), ("b", True, None, "")]),
        ("[ $# -eq 0 ] && exit 1\nA=$1 B=$2", [("a", True, None, ""), ("b", False, None, "")]),
        ("A=$1\nshift\nB=$1\nshift 2\nC=$1", [("a", False, None, ""), ("b", False, None, ""), ("c", False, None, "")]),
        ('for shop in "$@"; do echo $shop; done', [("shops", False, None, "*")]),
        ("for file; do :; done", [("files", False, None, "*")]),
        ('rsync "$@"', [("arguments", False, None, "*")]),
        ('# Usage: x FROM [TO]\ncp "$1" "$2"', [("from_", True, None, ""), ("to", False, None, "")]),
        ('main() { A=$1; }\nmain "$@"', [("a", False, None, "")]),
        ('log() { echo "$1"; }\nlog x', []),
        ('echo "$0 $*"\n[ "$1" = --help ] && exit', []),
        ("while getopts a o; do case $o in a) ;; esac; done\nshift $((OPTIND-1))\nA=$1", [("a", False, None, "")]),
    ],
)
def test_an_operand_is_named_by_what_the_script_does_with_it(source: str, expected: list[tuple[object, ...]]):
    assert operands(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        'case "$1" in start|stop) ;; restart) ;; *) exit 1 ;; esac',
        "MODE=$1\ncase $MODE in start|stop) ;; restart) ;; -h) ;; esac",
        "[[ $1 =~ ^(start|stop|restart)$ ]] || exit 1",
        '# usage: x start|stop|restart\necho; X="$1"',
    ],
)
def test_what_an_operand_can_be_is_what_the_script_looks_for(source: str):
    (one,) = guessed(source).operands
    assert one.choices == ("start", "stop", "restart")


def test_variables_of_the_environment_are_those_that_the_script_does_not_fill_itself():
    source = """
: "${SHOP:?which shop}"
RETRIES=${RETRIES:-3}
OWN=1
echo "${OWN:-x} ${LEVEL-low} ${lower:-x} $PLAIN ${CELLAR:=deep}"
for EACH in a; do echo ${EACH:-x}; done
f() { echo "${INSIDE:-yes}"; }
"""
    assert [(one.name, one.required, one.default, one.help) for one in guessed(source).variables] == [
        ("SHOP", True, None, "which shop"),
        ("RETRIES", False, "3", ""),
        ("LEVEL", False, "low", ""),
        ("CELLAR", False, "deep", ""),
        ("INSIDE", False, "yes", ""),
    ]


@pytest.mark.parametrize(
    "check",
    ['[ -n "$SHOP" ] || exit 1', 'if [ -z "$SHOP" ]; then exit 1; fi', "[[ -z $SHOP ]] && exit", ': "${SHOP:?}"'],
)
def test_a_variable_without_which_the_script_ends_is_required(check: str):
    loop = "while getopts s: o; do case $o in s) SHOP=$OPTARG ;; esac; done"
    assert guessed(f"{loop}\n{check}").required == {"SHOP"}


def test_a_word_before_the_options_is_told():
    loop = "while getopts s: o; do case $o in s) SHOP=$OPTARG ;; esac; done"
    assert guessed(f"MODE=$1; shift\n{loop}").before == 2
    assert guessed(f"{loop}\nshift $((OPTIND-1))").before == 0


@pytest.mark.parametrize(
    "check",
    [
        '[ -n "$SHOP" ] && echo "$SHOP"',
        '[ -z "$SHOP" ] && SHOP=all',
        'if [ -n "$SHOP" ]; then exit; fi',
        'echo "$SHOP"',
    ],
)
def test_a_variable_that_is_only_looked_at_is_not_required(check: str):
    assert guessed(check).required == set()
