"""Shell text of other tools: what stands for a hole is one word in a real shell, whatever the value is."""

from __future__ import annotations

import contextlib
import re
import subprocess
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports.names import Names
from pushbutton.adapters.catalog.imports.shell_text import Hole, Unsafe, assigned, first_words, rewritten, used

HOLE = re.compile(r"\{\{ *(\w+) *\}\}")
HOSTILE = ["a b", "", "'", '"', "$HOME", "`id`", "$(id)", "a\nb", "; id", "*", "-n", "\\", "&&", "é 🥖", "#", "}", "!x"]


def one(text: str, **facts: bool) -> str:
    return rewritten(text, HOLE, lambda match: Hole(match[1], **facts)).text


def said(shell: str, text: str, **variables: str) -> str:
    """What it writes; `v` shows each of its arguments between marks."""
    show = 'v() { for w in "$@"; do printf \'<%s>\' "$w"; done; }\n'
    env = {"PATH": "/usr/bin:/bin", **variables}
    done = subprocess.run([shell, "-c", show + text], env=env, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


PLACES = [  # a text, and what it writes of the value that stands for @
    ("v {{x}}", "<@>"),
    ("v a{{ x }}b", "<a@b>"),
    ('v "a {{ x }}b"', "<a @b>"),
    ("v 'a {{ x }} b'", "<a @ b>"),
    ("v '{{ x }}'", "<@>"),
    ("v '{{ x }}{{ x }}' c", "<@@><c>"),
    ("v \"$(v '{{ x }}')\"", "<<@>>"),
    ("v \"$(v \"{{ x }}\")\" 'it'\\''s'", "<<@>><it's>"),
    ('y={{ x }}; v "$y"', "<@>"),
    ("v ${nothing:-{{ x }}}", "<@>"),
    ('v "${nothing:-{{ x }}}"', "<@>"),
    ("cat <<E; v 2\n[{{ x }}] 'q\nE\nv 3", "[@] 'q\n<2><3>"),
    ("cat <<-E\n\t[{{ x }}s]\n\tE\nv 3", "[@s]\n<3>"),
    ("if [ 1 = 1 ]; then v {{ x }}; fi # it's {{ x }}\nv 'end'", "<@><end>"),
    ("case a in a) v {{ x }};; esac", "<@>"),
    ("v $(case a in a) v '{{x}}';; esac | sed s/z/z/ | tr -d '\\n' | wc -c | tr -d ' ') {{ x }}", None),
    ("v `v q` {{ x }}", "<<q>><@>"),
    ("v \\{ \\' {{ x }}", "<{><'><@>"),
    ("v 1>&2 2>/dev/null; v {{ x }} | cat", "<@>"),
    ('f() { v "$1"; }; f {{ x }}', "<@>"),
    ('v $((1 + 2)) "$((2 * (3)))" {{ x }}', "<3><6><@>"),
    ("cat <<'E'\n$HOME it's `\nE\nv {{ x }}", "$HOME it's `\n<@>"),
]


@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize(("text", "wanted"), PLACES)
def test_a_value_is_one_word_wherever_its_hole_stands(shell: str, text: str, wanted: str | None) -> None:
    made = one(text)
    for value in HOSTILE:
        found = said(shell, made, X=value)
        if wanted is not None:
            assert found == wanted.replace("@", value), value
        else:
            assert found.endswith(f"<{value}>")


def test_a_hole_that_may_be_empty_is_no_word_then() -> None:
    assert said("dash", one("v a {{ x }} b", empty=True), X="") == "<a><b>"
    assert said("dash", one("v a {{ x }} b", empty=True), X="c d") == "<a><c d><b>"
    assert said("dash", one("v a '{{ x }}' b", empty=True), X="") == "<a><><b>"


def test_between_the_quotes_of_bash_that_know_escapes() -> None:
    assert said("bash", one(r"v $'a\t\'{{ x }}\n'"), X="'b\\n") == "<a\t''b\\n\n>"


WORD = st.sampled_from(
    ["a", "{{x}}", "'", '"', " ", "\\", "$", "(", ")", "`", "{{ y }}", "\n", "#", ";", "|", "<<E", "E"]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(WORD, max_size=25).map("".join))
def test_any_text_is_rewritten_or_refused(text: str) -> None:
    with contextlib.suppress(Unsafe):
        assert not HOLE.search(one(text))


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=" ab'\"\\$`(){}|;&<>#\n=%~*", max_size=40))
def test_a_text_without_holes_stays_as_it_is(text: str) -> None:
    assert rewritten(text, re.compile("@"), lambda match: Hole("x")).text == text


@pytest.mark.parametrize(
    ("text", "line", "said_of_it"),
    [
        ("true\npython3 -c '\nprint(open(\"{{ x }}\"))\n'", 1, "python"),
        ("ps | awk '{print ${{ x }}}'", 0, "awk"),
        ("sed -e s/a/{{ x }}/", 0, "sed"),
        ('bash -c "echo {{ x }}"', 0, "bash"),
        ("sudo -u till sh -c 'echo {{ x }}'", 0, "sh"),
        ("ssh host echo {{ x }}", 0, "ssh"),
        ("psql -c 'select {{ x }}'", 0, "psql"),
        ("db --run \"DELETE FROM t WHERE n = '{{ x }}'\"", 0, "database"),
        ('echo "call {{ x }}" | mysql shop', 0, "mysql"),
        ("mysql shop <<E\nselect {{ x }}\nE", 0, "mysql"),
        ("python3 - <<E\nprint({{ x }})\nE", 0, "python"),
        ("cat <<E | ssh host\nrm {{ x }}\nE", 0, "ssh"),
        ('bash <<< "{{ x }}"', 0, "bash"),
        ("eval ls {{ x }}", 0, "eval"),
        ("jq '.a = \"{{ x }}\"' f", 0, "jq"),
        ("{{ x }} --all", 0, "chooses"),
        ("a; b\ncat <<'E'\n{{ x }}\nE", 2, "nothing is filled in"),
        ("echo $(( {{ x }} * 2 ))", 0, "calculated"),
        ("[[ {{ x }} -eq 3 ]]", 0, "calculated"),
        ("echo ${ {{ x }} }".replace(" ", ""), 0, "names a variable"),
        ("echo ${{ x }}", 0, "names a variable"),
        ('echo "`date {{ x }}`"', 0, "`"),
    ],
)  # fmt: skip
def test_a_hole_that_would_be_a_part_of_a_program_is_refused_with_its_line(
    text: str, line: int, said_of_it: str
) -> None:
    with pytest.raises(Unsafe) as refused:
        one(text)
    assert refused.value.line == line
    assert said_of_it in refused.value.what
    assert refused.value.do


@pytest.mark.parametrize("text", ["$(" * 5000, "( " * 5000, '"$(' * 3000, "${a:-" * 5000 + "{{ x }}"])
def test_what_goes_too_deep_is_refused(text: str) -> None:
    with pytest.raises(Unsafe, match="too deep"):
        one(text)
    assert first_words(text) == []


SINGLE = ["{{x}}", " ", "a", '"', "$A", "`", "\\", "#", "\n", "{", "}"]
DOUBLE = ["{{x}}", " {{x}}s", " ", "a", "'", '\\"', "${A}", "${Z:-{{x}}}", "`v q`", "#", "\\\\", "\\$", "}", "$((1+2))"]
BODY = ["{{x}}", " ", "a", "'", '"', "${A}", "\\$", "\\\\", "${Z:-{{x}}}", "\n", ") "]


def output_of(command: str) -> str:
    """In a text. Without the blank, one that begins with a subshell would be a calculation."""
    return f"$( {command})" if command.startswith("(") else f"$({command})"


class Texts:
    """Shell texts with `{{x}}` in them, put together at random of what shells know; each is well formed."""

    def __init__(self, random: Random) -> None:
        self._any = random

    def command(self, depth: int = 0) -> str:
        if depth > 2 or self._any.random() < 0.5:
            return self.simple(depth)
        inner, after = self.command(depth + 1), self.simple(depth)
        return self._any.choice(
            [
                f"{after}; {inner}", f"{after} | cat", f"if true; then {inner}; fi", f"( {inner} )", f"{{ {inner}; }}",
                f"case a in a) {inner};; esac", f'y={self.word(depth)}; v "$y"', f"{after} 2>/dev/null",
                f"cat <<E\n{self.body(depth)}\nE\n{after}", f"{after} # it's {{{{x}}}} \"\n{after}",
                f"true && {inner} || v no", "f() { v \"$@\"; }; f {{x}} '{{x}}'",
                f"cat <<-E\n\t{self.body(depth)}\n\tE\nv z",
                "v \"$(cat <<E\n{{x}} it's\nE\n)\"", "v {{x}}>/dev/null; v 2", "cat <<'E'\n$A `it's\nE\nv {{x}}",
                'while read -r l; do v "$l" {{x}}; done <<E\n{{x}} l\nm\nE\nv z',
            ]
        )  # fmt: skip

    def simple(self, depth: int) -> str:
        return " ".join(["v", *(self.word(depth) for _ in range(self._any.randint(0, 3)))])

    def word(self, depth: int) -> str:
        return "".join(self.piece(depth) for _ in range(self._any.randint(1, 3)))

    def piece(self, depth: int) -> str:
        inner = self.command(depth + 1) if depth < 2 else "v"
        return self._any.choice(
            [
                "{{x}}", "a", "b=", "-", f'"{self.double(depth)}"', f"'{self.some(SINGLE)}'",
                "${A}", "\\'", "\\ ",
                "${Z:-{{x}}}", "${Z:-'q {{x}}'}", f'"{output_of(inner)}"', "\\{", "x{{x}}y", "$((2*3))", '"`v z`"',
                "${A#v}", '"${Z:-{{x}}}"', "${#A}",
            ]
        )  # fmt: skip

    def double(self, depth: int) -> str:
        inner = self.command(depth + 1) if depth < 2 else "v"
        return self.some([*DOUBLE, output_of(inner)])

    def body(self, depth: int) -> str:
        return self.some([*BODY, f"$({self.simple(2)})"])

    def some(self, parts: list[str]) -> str:
        return "".join(self._any.choice(parts) for _ in range(self._any.randint(0, 4)))


@settings(deadline=None, max_examples=60)
@given(random=st.randoms(use_true_random=False), value=st.sampled_from(["a b", "it's", '"', "$(id)`id`\\", "*", "é"]))
def test_a_text_does_with_a_value_what_it_did_with_a_plain_one_in_its_place(random: Random, value: str) -> None:
    text, plain = Texts(random).command(), "plain"
    shell = random.choice(["dash", "bash"])
    made = one(text)
    theirs = said(shell, text.replace("{{x}}", plain), A="val")
    assert said(shell, made, X=plain, A="val") == theirs
    assert said(shell, made, X=value, A="val") == theirs.replace(plain, value)


def test_a_number_may_be_calculated_with() -> None:
    assert said("dash", one("v $(( {{ x }} * 2 ))", number=True), X="21") == "<42>"


def test_a_path_of_a_program_that_is_given_data_is_fine() -> None:
    for text in (
        "python3 move.py {{ x }}",
        "cat {{ x }} | wc -l",
        "sh x.sh <<E\n{{ x }}\nE",
        "curl -d '{\"a\": {{ x }}}'",
    ):
        assert "$X" in one(text)


def test_what_could_be_several_words_and_what_stands_in_json_is_told() -> None:
    text = "mv {{ a }} '{{ b }}'\ncurl -d '{\"n\": \"{{ c }}\"}' {{ d }}"
    made = rewritten(text, HOLE, lambda match: Hole(match[1]))
    assert made.bare == (("a", 0), ("d", 1))
    assert made.json == (("c", 1),)


def test_what_a_text_sets_and_asks_for() -> None:
    text = 'A=1 B+=2; for C in x; do read -r D E; done; local F=3; echo "$G" ${H:-1} ${#I} $1 x=y --J=2'
    assert assigned(text) >= {"A", "B", "C", "D", "E", "F"}
    assert not assigned(text) & {"G", "H", "I", "J"}
    assert used(text) == {"G", "H", "I"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("silo weigh >> $HOME/silo.log 2>&1", ["silo", "weigh"]),
        ("sleep 30; /srv/oven/start.sh", ["start"]),
        ("*/x", ["x"]),
        ("flock -n /tmp/l nice -n 10 /srv/fetch.py --since 'x'", ["fetch"]),
        ("[ -x /usr/sbin/c ] && /usr/sbin/till-check --all", ["till-check"]),
        ("cd /srv && ./close-year.sh $(date)", ["close-year"]),
        ("python3.12 /srv/move.py a", ["move"]),
        ("X=1 timeout 30 backup", ["backup"]),
        ("if test -e /a; then tidy; fi", ["tidy"]),
        ("'unclosed", ["unclosed"]),
        ("", []),
    ],
)
def test_what_a_command_is_called(text: str, words: list[str]) -> None:
    assert first_words(text) == words


def test_an_input_gets_no_name_that_a_shell_or_a_program_acts_on() -> None:
    names = Names(avoid={"FILE"})
    given = {
        word: names.of(word) for word in ("path", "UID", "Seconds", "git_dir", "lang", "file", "Größe (m)", "2nd", "€")
    }
    assert given == {
        "path": "input_path", "UID": "input_uid", "Seconds": "input_seconds", "git_dir": "input_git_dir",
        "lang": "input_lang", "file": "input_file", "Größe (m)": "grosse_m", "2nd": "input_2nd", "€": "input",
    }  # fmt: skip
    assert names.of("Path") == "input_path_2"
    assert names.of("path") == "input_path"
