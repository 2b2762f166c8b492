"""What the source of a shell script tells of the options that its own loop takes. Nothing of it runs."""

from __future__ import annotations

import contextlib
import textwrap
from typing import Any

import pytest

from pushbutton.describe.arguments.found import Argument, Script
from pushbutton.describe.shell.parse import parse
from pushbutton.describe.shell.read import read_shell
from pushbutton.describe.shell.tree import Case, NotFollowed, commands


def found(source: str) -> Script:
    script = read_shell(textwrap.dedent(source))
    assert script is not None
    return script


def by_name(script: Script) -> dict[str, Argument]:
    return {argument.name: argument for argument in script.command.arguments}


def getopts(letters: str, branches: str, before: str = "", behind: str = "") -> Script:
    return found(f'{before}\nwhile getopts "{letters}" opt; do case $opt in\n{branches}\nesac; done\n{behind}')


def loop(branches: str, before: str = "", behind: str = "") -> Script:
    return found(f'{before}\nwhile [ $# -gt 0 ]; do\ncase "$1" in\n{branches}\nesac\nshift\ndone\n{behind}')


# -- getopts

GETOPTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("a value", "s:", "s) SHOP=$OPTARG ;;", {"flags": ("-s",), "type": "str", "called": "shop", "default": None}),
    ("in quotes and braces", "s:", 's) SHOP="${OPTARG}" ;;', {"called": "shop"}),
    ("a flag", "s", "s) FORCE=1 ;;", {"type": "bool", "default": False, "called": "force"}),
    ("a flag that only does something", "s", "s) set -x ;;", {"type": "bool", "called": ""}),
    ("counted", "s", "s) V=$((V+1)) ;;", {"count": True}),
    ("counted by bash", "s", "s) ((V++)) ;;", {"count": True}),
    ("counted by let", "s", "s) let V+=1 ;;", {"count": True}),
    ("a list", "s:", 's) ONLY+=("$OPTARG") ;;', {"repeat": True}),
    ("words that are joined", "s:", 's) ONLY="$ONLY $OPTARG" ;;', {"repeat": True}),
    ("an action that ends it", "s", "s) list; exit 0 ;;", {"type": "bool"}),
    ("checked", "s:", 's) [ -n "$OPTARG" ] || { echo no >&2; exit 2; }; N=$OPTARG ;;', {"called": "n"}),
    ("two branches of an if", "s:", "s) if [ $OPTARG = a ]; then N=1; else N=$OPTARG; fi ;;", {"type": "str"}),
]


@pytest.mark.parametrize(("letters", "branch", "more"), [row[1:] for row in GETOPTS], ids=[row[0] for row in GETOPTS])
def test_a_branch_of_getopts_says_what_its_letter_is(letters: str, branch: str, more: dict[str, Any]):
    script = getopts(letters, branch)
    assert (script.kind, script.gaps) == ("getopts", [])
    argument = by_name(script)["s"]
    assert {name: getattr(argument, name) for name in more} == more


def test_what_is_refused_or_is_help_is_no_input():
    script = getopts(
        ":hVa:o", "h) usage ;; V) echo 1; exit ;; o) echo gone >&2; exit 2 ;; a) A=$OPTARG ;; :) exit 1 ;; ?) exit 1 ;;"
    )
    assert (list(by_name(script)), script.gaps) == (["a"], [])


def test_a_letter_of_help_with_a_value_is_an_input():
    assert by_name(getopts("h:", "h) HOST=$OPTARG ;;"))["h"].called == "host"


@pytest.mark.parametrize(
    ("before", "default", "unknown"),
    [
        ("N=7", "7", False),
        ("N='a b'", "a b", False),
        ("M=7\nN=$M", "7", False),
        ("readonly M=2; declare N=7", "7", False),
        ("", None, False),
        ("N=", None, False),
        ("N=${N:-7}", None, True),
        (": ${N:=7}", None, True),
        ("N=$(date)", None, True),
        ("N=7\n[ -f x ] && N=8", None, True),
        ("N=7\nif test -f x; then N=8; fi", None, True),
        ("N=7\n. ./settings", None, True),
        ("set_it() { N=8; }\nN=7\nset_it", None, True),
        ("N=7\nother() { echo; }\nother", "7", False),
    ],
)
def test_the_default_is_what_the_variable_certainly_holds(before: str, default: str | None, unknown: bool):
    script = getopts("n:", "n) N=$OPTARG ;;", before)
    argument = by_name(script)["n"]
    assert (argument.default, argument.unknown) == (default, unknown)
    assert [(gap.text, gap.name, gap.about) for gap in script.gaps] == [
        ("the default of -n is only known when it runs", "n", "default")
    ] * unknown


@pytest.mark.parametrize(
    ("letters", "branches", "text"),
    [
        ("ab", "a) A=1 ;;", "-b has no branch, and is left out"),
        ("a", "a) A=1; break ;;", "-a ends the options, and is left out"),
        ("a", "a) A=$1 ;;", "-a takes whatever follows, and is left out"),
        ("a", "a) A=${!OPTIND}; OPTIND=$((OPTIND+1)) ;;", "-a takes whatever follows, and is left out"),
        ("a", "a) A=1 ;& b) B=1 ;;", "a branch falls through to the next one"),
    ],
)
def test_a_letter_that_is_not_understood_is_left_out(letters: str, branches: str, text: str):
    script = getopts(letters, branches)
    assert any(text in gap.text and gap.left_out for gap in script.gaps), script.gaps


# -- a loop of its own

OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("two words", "--days) N=$2; shift ;;", {"flags": ("--days",), "split": True}),
    ("two words, and a short name", '-d|--days) N="$2"; shift ;;', {"flags": ("-d", "--days"), "split": True}),
    ("behind a sign", '--days=*) N="${1#*=}" ;;', {"flags": ("--days",), "split": False}),
    ("both", '--days) N=$2; shift ;;\n--days=*) N="${1#*=}" ;;', {"split": False}),
    ("a short one of its own", '--days=*) N="${1#*=}" ;;\n-d) N=$2; shift ;;', {"flags": ("--days",)}),
    ("a flag", "--days) N=1 ;;", {"type": "bool"}),
    ("in a list", '--days) N+=("$2"); shift ;;', {"repeat": True, "split": True}),
    ("counted", "--days) N=$((N+1)) ;;", {"count": True, "split": True}),
    ("two values", "--days) A=$2; B=$3; shift 2 ;;", {"words": "2", "split": True}),
    ("checked first", '--days) [ $# -lt 2 ] && exit 2; shift; N="$1" ;;', {"split": True}),
    ("by the end of a function", '--days) [ -n "$2" ] || die "no"; N=$2; shift ;;', {"split": True}),
]


@pytest.mark.parametrize(("branches", "more"), [row[1:] for row in OWN], ids=[row[0] for row in OWN])
def test_a_branch_of_a_loop_says_what_its_option_is(branches: str, more: dict[str, Any]):
    script = loop(
        f"{branches}\n-h|--help) usage ;;\n*) die 'what is this?' ;;", "die() { echo $1; exit 1; }\nusage() { exit; }"
    )
    assert (script.kind, script.gaps) == ("case", [])
    (argument,) = script.command.arguments
    assert argument.name == "days"
    assert {name: getattr(argument, name) for name in more} == more


LOOPS = {
    "until nothing is left": 'while [ -n "$1" ]; do case $1 in --x) X=$2; shift 2;; --y) Y=1; shift;; esac; done',
    "by a test of bash": 'while [[ $# > 0 ]]; do case "${1}" in --x) X=$2; shift 2;; --y) Y=1; shift;; esac; done',
    "with arithmetic": 'while (( $# )); do case "$1" in --x) shift; X=$1;; --y) Y=1;; esac; shift; done',
    "over a copy": 'while [ $# -gt 0 ]; do k="$1"; case $k in --x) X="$2"; shift; shift;; --y) Y=1; shift;; esac; done',
    "taken first": 'while [ $# -gt 0 ]; do key="$1"; shift; case $key in --x) X="$1"; shift;; --y) Y=1;; esac; done',
    "with continue": "while :; do case $1 in --x) X=$2; shift 2; continue;; --y) Y=1;; *) break;; esac; shift; done",
    "in a function": 'f() { while [ $# -gt 0 ]; do case $1 in --x) X=$2; shift;; --y) Y=1;; esac; shift; done; }\n'
    'f "$@"',
    "in two": 'a() {\nwhile\ntest $# != 0; do case $1 in --x) X=$2; shift;; --y) Y=1;; esac; shift; done; }\n'
    'b() { a "$@"; }\nb "$@" || exit 1',
    "in braces": "{ while [ $# -gt 0 ]; do case $1 in (--x) X=$2; shift;; (--y) Y=1;; esac; shift; done; }",
}  # fmt: skip


@pytest.mark.parametrize("source", LOOPS.values(), ids=LOOPS)
def test_a_loop_is_followed_however_it_is_written(source: str):
    script = found(source)
    assert script.gaps == []
    assert {name: (one.type, one.split) for name, one in by_name(script).items()} == {
        "x": ("str", True),
        "y": ("bool", False),
    }


def test_a_loop_over_all_arguments_takes_flags_and_what_stands_behind_a_sign():
    source = 'for arg in "$@"; do case $arg in -e=*|--ext=*) E="${arg#*=}"; shift;; --y) Y=1;; *) ;; esac; done'
    script = found(source)
    assert {name: (one.type, one.split) for name, one in by_name(script).items()} == {
        "ext": ("str", False),
        "y": ("bool", False),
    }


@pytest.mark.parametrize(
    ("branches", "text"),
    [
        ('--x) if [ -n "$2" ]; then X=$2; shift; fi ;;', "--x may have a value or none"),
        ("--x) X=$2 ;;", "--x looks at a word that it does not take"),
        ('--x) shift; while [ $# -gt 0 ]; do X="$X $1"; shift; done ;;', "a loop inside of it takes words as well"),
        ('--x) X="$@" ;;', "--x takes whatever follows"),
        ('--x) X="$*"; break ;;', "--x ends the options"),
        ("--x) shift $N ;;", "how far it shifts is only known when it runs"),
        ("--x) set -- a b ;;", "it sets its arguments anew"),
        ("--with-*) X=$1 ;;", "what “--with-*” takes is not understood"),
        ("--x|--x=*) X=${1#*=} ;;", "what “--x | --x=*” takes is not understood"),
        ("-x|--x?) X=1 ;;", "what “-x | --x?” takes is not understood"),
    ],
)  # fmt: skip
def test_a_branch_that_is_not_understood_is_left_out_and_named(branches: str, text: str):
    script = loop(f"{branches}\n--y) Y=1 ;;")
    assert list(by_name(script)) == ["y"]
    assert [(gap.line, text in gap.text, gap.left_out) for gap in script.gaps] == [(4, True, True)]


def test_of_names_that_are_cut_short_the_whole_one_is_passed():
    (one,) = loop("--pr|--prog|--progname) P=$2; shift ;;").command.arguments
    assert one.flags == ("--progname",)


def test_help_and_version_are_no_inputs_even_where_they_are_kept_for_later():
    assert list(by_name(loop("--help) H=1 ;; --version) V=1 ;; -h) HIDE=1 ;;"))) == ["h"]


def test_a_flag_behind_which_the_next_turn_takes_a_word_is_left_out():
    ahead = found(
        'for a in "$@"; do\nif [ -n "$next" ]; then eval "$next=\\$a"; next=; continue; fi\n'
        "case $a in -o) next=OUT ;; -q) Q=1 ;; esac; done"
    )
    assert (list(by_name(ahead)), [gap.text for gap in ahead.gaps]) == (
        ["q"], ["-o is looked at by the next turn of the loop, and is left out"],
    )  # fmt: skip
    script = loop('-o) next=1 ;; -q) Q=1 ;; *) [ "$next" ] && OUT=$1 ;;')
    assert list(by_name(script)) == ["q"]


def test_a_copy_of_the_word_is_not_what_an_option_fills():
    (one,) = found('while [ $# -gt 0 ]; do key="$1"; case $key in -f) FORCE=1 ;; esac; shift; done').command.arguments
    assert (one.variable, one.called) == ("FORCE", "force")


def test_operands_are_left_out_and_named():
    assert [gap.text for gap in loop("--y) Y=1 ;; *) P=$1 ;;").gaps] == [
        "it takes operands, too, and they are left out"
    ]
    assert [gap.line for gap in loop("--y) Y=1 ;; *) break ;;", behind='cp "$1" x').gaps] == [8]
    assert [
        gap.line for gap in getopts("y", "y) Y=1 ;;", behind='shift $((OPTIND-1))\nfor f in "$@"; do :; done').gaps
    ] == [6]
    assert (
        getopts("y", "y) Y=1 ;;", behind="shift $((OPTIND-1))\nps | awk '{print $2}'\nf() { echo $1; }\nf x").gaps == []
    )


def test_a_pair_of_flags_is_one_input_where_it_is_known_which_one_holds():
    branches = "--backup) B=1 ;; --no-backup) B=0 ;;"
    (one,) = loop(branches, "B=1").command.arguments
    assert (one.flag, one.off, one.default) == ("--backup", "--no-backup", True)
    assert [argument.flag for argument in loop(branches).command.arguments] == ["--backup", "--no-backup"]


# -- getopt


def getopt(call: str, branches: str) -> Script:
    loop = f'while true; do case "$1" in\n{branches}\n--) shift; break;; esac; done'
    return found(f'OPTS=$({call}) || exit 1\neval set -- "$OPTS"\n{loop}')


def test_what_getopt_puts_into_order_is_passed_behind_a_sign():
    call = "getopt -o 'ab:v' --long all,base:,size:: -n name -- \"$@\""
    script = getopt(
        call, "-a|--all) A=1; shift;; -b|--base) B=$2; shift 2;; -v) V=$((V+1)); shift;; --size) S=$2; shift 2;;"
    )
    assert (script.kind, script.gaps) == ("getopt", [])
    assert {name: (one.type, one.split, one.count) for name, one in by_name(script).items()} == {
        "all": ("bool", False, False),
        "base": ("str", False, False),
        "v": ("int", False, True),
        "size": ("str", False, False),
    }


def test_a_branch_that_takes_other_words_than_getopt_gives_is_left_out():
    script = getopt('getopt -o ab: -- "$@"', "-a) A=1; shift;; -b) B=$2; shift;;")
    assert list(by_name(script)) == ["a"]
    assert [gap.left_out for gap in script.gaps] == [True]


# -- what cannot be followed

LETTERS = "while getopts a o; do case $o in a) A=1;; esac; done"
NOT = {
    "a word before": (f"MODE=$1; shift\n{LETTERS}", 1, "before its options"),
    "a word that is looked for": (f'if [ "$1" = start ]; then :; fi\n{LETTERS}', 1, "looks for a word"),
    "a first word that is given on": (f'cd "$1"\n{LETTERS}', 1, "takes a word before its options"),
    "arguments that are set": (f'set -- -a "$@"\n{LETTERS}', 1, "before its options"),
    "arguments that are gone over": (f"for a; do echo; done\n{LETTERS}", 1, "goes over its arguments"),
    "a call without quotes": (f"f() {{ {LETTERS}; }}\nf $@", 2, "without quotes"),
    "a function that nobody calls so": (f"f() {{ {LETTERS}; }}\nf a b", 1, "by itself"),
    "in a condition": (f"if true; then\n{LETTERS}; fi", 2, "by itself"),
    "letters that are worked out": (LETTERS.replace("a o", '"$(x)" o'), 1, "only known when it runs"),
    "twice": (f"{LETTERS}\nwhile [ $# -gt 0 ]; do case $1 in --x) ;; esac; shift; done", 2, "twice"),
    "getopt of old": (
        'X=$(getopt ab: $*)\neval set -- "$X"\nwhile :; do case $1 in -a) shift;; --) break;; esac; done',
        1,
        "come apart",
    ),
    "in backquotes": ('\nX=`getopt -a -o a -- "$@"`\nwhile :; do case $1 in -a) ;; esac; done', 2, "come apart"),
    "long ones inside of getopts": (LETTERS.replace("a o", '"a-:" o'), 1, "has something else"),
    "a loop that leaves the last word": (
        "while [[ $# -gt 1 ]]; do case $1 in --x) X=$2; shift;; --y) Y=1;; esac; shift; done",
        1,
        "while there are arguments left",
    ),
    "a loop that asks for two words": (
        'while [ -n "$2" ]; do case $1 in --x) X=$2; shift;; esac; shift; done',
        1,
        "while there are arguments left",
    ),
    "no case": ("while getopts a o; do [ $o = a ] && A=1; done", 1, "has no “case”"),
    "no shell": (f"case a in\n a) fi ;; esac\n{LETTERS}", 2, ""),
}


@pytest.mark.parametrize(("source", "line", "text"), NOT.values(), ids=NOT)
def test_what_cannot_be_followed_is_said_with_its_line(source: str, line: int, text: str):
    with pytest.raises(NotFollowed) as lost:
        read_shell(source)
    assert lost.value.line == line
    assert text in lost.value.text


@pytest.mark.parametrize(
    "before",
    [
        "if [ $# -eq 0 ]; then usage; fi",
        '[ "$1" = "--version" ] && exit',
        "case $1 in -h) usage ;; esac",
        '[ -z "$1" ] && usage',
        'echo "$0 $*" >&2',
        '[ "$UID" = 0 ] || exec sudo "$0" "$@"',
        "set -euo pipefail\nshopt -s nullglob",
        "ps aux | awk '{print $1}'",
        'log() { echo "$1"; }\nlog start',
        "cat <<'END'\n$1 while getopts\nEND",
    ],
)  # fmt: skip
def test_what_leaves_the_arguments_alone_may_stand_before_the_loop(before: str):
    assert list(by_name(getopts("a", "a) A=1 ;;", before))) == ["a"]


@pytest.mark.parametrize(
    "source",
    [
        'echo "$1"',
        "for f in *; do echo; done",
        "for f; do case $f in *.gz) ;; esac; done",
        'case "$1" in start) ;; esac',
        "",
    ],
)
def test_a_script_without_such_a_loop_has_nothing_to_read(source: str):
    assert read_shell(source) is None


# -- help


def test_help_is_found_in_a_usage_text_in_echo_and_in_comments():
    script = getopts(
        "s:d:k:fx:",
        "s) SHOP=$OPTARG ;;\nd) D=$OPTARG ;;\nk) KEEP=$OPTARG ;;\nf) F=1 ;;\nx) X=$OPTARG ;; # beside it",
        """# -f   do not ask
KEEP=7
usage() {
  echo "  -d DAY     of which day (default: $(date))"
  cat <<EOF
Usage: $0
  -s SHOP    which shop,
             of all
  -k DAYS    keep so many (Default: $KEEP)
EOF
  exit 1
}""",
    )
    assert {name: one.help for name, one in by_name(script).items()} == {
        "s": "which shop, of all",
        "d": "of which day",
        "k": "keep so many (Default: 7)",
        "f": "do not ask",
        "x": "beside it",
    }


# -- the text itself

TEXTS = [
    "a='x\ny'; b=\"$(echo \"a\" 'b)')\"; c=`echo \\`x\\``",
    "case a in (a|b) ;; *) echo ;; esac",
    'x=${a:-${b#"y}"}} y=${#a} z=$((1+(2))) w=$(( (a) + 1 ))',
    "cat <<A <<-'B'\n$(x\nA\n\tb\n\tB\necho done",
    "f() { :; }; function g { :; }; function h() ( : )\nfor ((i=0;i<3;i++)); do :; done",
    "[[ $a =~ ^(x|y)$ && ( -f b ) ]] || { a; } 2>&1 | b |& c &",
    "if a; then b; elif c; then d; else e; fi > x 2>/dev/null; while a; do b; done < <(c)",
    "a=(1 2\n# three\n3); a+=(4); b[1]=2; echo ${a[@]} $'x\\'y' # the end",
    "echo a#b; echo $#; echo \\# x; echo {a,b}; select x in a b; do break; done",
    "select x; do :; done; until a; do b; done; ! a; time b; case $x in @(a|b)) ;; esac",
]


@pytest.mark.parametrize("source", TEXTS)
def test_a_script_is_taken_apart_as_a_shell_does(source: str):
    assert parse(f"{source}\ncase end in end) ;; esac").body
    *_, last = commands(parse(f"{source}\ncase end in end) ;; esac").body)
    assert isinstance(last, Case)
    assert last.word.literal == "end"


@pytest.mark.parametrize(
    "source", ["(" * 500, "$(" * 500, "if " * 500, '"${' * 500, "{ " * 5000, "a='", "cat <<X", "\\"]
)
def test_a_text_that_is_none_is_given_up(source: str):
    with contextlib.suppress(NotFollowed):
        assert read_shell(source) is None
