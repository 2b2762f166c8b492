"""No cut of the stream lets a secret through, and nothing else is held back or changed."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import os
import re
import shlex
import subprocess
import textwrap
import urllib.parse
from collections.abc import Callable
from xml.etree import ElementTree as ET
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.supervisor.redact import ASCII_MASK, MASK, Redactor


def through(values: list[str], parts: list[bytes]) -> bytes:
    redactor = Redactor(values)
    return b"".join(redactor.feed(part) for part in parts) + redactor.finish()


def test_a_value_is_masked():
    assert through(["hunter2"], [b"pass hunter2 word"]) == b"pass " + MASK + b" word"


def test_a_value_that_comes_byte_by_byte_is_masked():
    assert through(["hunter2"], [bytes([byte]) for byte in b"a hunter2 b"]) == b"a " + MASK + b" b"


def test_output_that_cannot_begin_a_secret_is_not_delayed():
    assert Redactor(["hunter2"]).feed(b"hello\n") == b"hello\n"


def test_only_what_may_begin_a_secret_is_held_back():
    redactor = Redactor(["hunter2"])
    assert redactor.feed(b"say hunt") == b"say "
    assert redactor.feed(b"ing\n") == b"hunting\n"


def test_a_longer_value_is_not_betrayed_by_a_shorter_one_inside_it():
    assert through(["abcd", "abcdefgh"], [b"abcd", b"efgh."]) == MASK + b"."
    assert through(["cdef", "abcdefgh"], [b"abcdef", b"gh."]) == MASK + b"."


def test_values_that_overlap_in_the_text_leave_no_readable_whole():
    assert b"abcabc" not in through(["abcabc"], [b"abcabcabc"])


def test_each_line_of_a_value_with_several_is_masked():
    out = through(["first line\nsecond line"], [b"x second line y\r\nfirst line"])
    assert b"line" not in out


@pytest.mark.parametrize("value", ['with "quotes"', "back\\slash", "ünïcødé", "tab\there"])
def test_a_value_inside_json_is_masked(value):
    for plain in (True, False):
        assert MASK in through([value], [json.dumps({"text": value}, ensure_ascii=plain).encode()])


@pytest.mark.parametrize("value", ["hunter2hunter2", "p@ss/wörd+more?", "x" * 33])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z", "yz"])
def test_a_value_inside_base64_is_masked_wherever_it_stands(value, before, after):
    data = f"{before}{value}{after}".encode()
    for coded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        out = through([value], [coded])
        assert MASK in out
        # at most the characters at its two ends, which say less than a byte each, are left of it
        assert len(out.replace(MASK, b"")) <= len(coded) - len(base64.b64encode(value.encode()).rstrip(b"=")) + 5


@pytest.mark.parametrize("value", ["p@ss/wörd+more?", "a b&c=d"])
def test_a_value_inside_a_url_is_masked(value):
    for safe in ("", "/"):
        assert through([value], [f"?q={urllib.parse.quote(value, safe=safe)}&x".encode()]) == b"?q=" + MASK + b"&x"


def test_values_too_short_to_hide_are_left():
    assert through(["abc"], [b"abc"]) == b"abc"


def test_a_text_is_cleaned_at_once():
    assert Redactor(["hunter2"]).clean("is hunter2") == "is " + MASK.decode()


@settings(deadline=None)
@given(
    secret=st.text(alphabet="abAB", min_size=4, max_size=9),
    noise=st.lists(st.text(alphabet="abAB\n", max_size=12), max_size=6),
    cuts=st.lists(st.integers(1, 7), max_size=40),
)
def test_whatever_the_cuts_no_secret_comes_out_and_the_result_is_the_same(secret, noise, cuts):
    data = secret.join(noise).encode()
    parts, rest = [], data
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]
    out = through([secret], [*parts, rest])
    assert secret.encode() not in out
    assert out == through([secret], [data])


# -- broken into lines


PASSPHRASE = "correct horse battery staple"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B+/AQEFAASCBKcw\nggSjAgEAAoIBAQDI0JbJ\n-----END KEY-----\n"
VALUES = ["hunter2", "hunter2hunter2-hunter2", "p@ss/wörd+more?", PASSPHRASE, KEY]


def folded(data: bytes, width: int, end: bytes) -> bytes:
    return end.join(data[at : at + width] for at in range(0, len(data), width))


def dense(data: bytes) -> bytes:
    """Without what may stand between the lines of a value."""
    return data.translate(None, b"\r\n \t")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n    "])
@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_is_broken_into_lines_of_any_width_is_masked(value, end):
    if end.endswith(b" ") and " " not in value:
        pytest.skip("an indent is passed over where a value has blanks")
    whole = value.encode().strip()
    for width in range(1, len(whole) + 1):
        out = through([value], [b"is: " + folded(whole, width, end) + b" so\n"])
        assert out in (
            b"is: " + MASK + b" so\n",
            b"is: " + whole[:1] + end + MASK + b" so\n",  # all but a first byte that ends its line
        )


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("value", VALUES)
def test_base64_that_is_broken_into_lines_of_any_width_is_masked(value, end):
    coded = base64.b64encode(b"user:" + value.encode() + b"@host")
    core = dense(base64.b64encode(b"\0\0" + value.encode()))[4:-4]
    for width in range(1, len(coded) + 1):
        out = through([value], [folded(coded, width, end)])
        assert MASK in out
        assert core not in dense(out)
        left = dense(out).replace(MASK, b"")
        assert len(left) <= len(coded) - len(base64.b64encode(value.encode()).rstrip(b"=")) + 6


def test_a_text_that_is_wrapped_at_its_blanks_is_masked():
    wrapped = textwrap.fill(f"the password is {PASSPHRASE}, and so on", 20, subsequent_indent="    ")
    assert wrapped.count("\n") > 1
    assert through([PASSPHRASE], [wrapped.encode()]) == b"the password is\n    " + MASK + b",\n    and so on"


@pytest.mark.parametrize("width", [1, 4, 76])
def test_lines_that_come_byte_by_byte_are_masked_as_well(width):
    data = folded(base64.b64encode(PASSPHRASE.encode() * 9), width, b"\n")
    assert through([PASSPHRASE * 9], [bytes([byte]) for byte in data]) == through([PASSPHRASE * 9], [data])


def test_a_line_that_ends_in_the_first_byte_of_a_value_is_not_delayed():
    assert Redactor(["hunter2"]).feed(b"oh\n") == b"oh\n"


def test_a_line_that_ends_in_the_beginning_of_a_value_is_let_go_when_nothing_follows():
    redactor = Redactor(["postgres://me:hunter2@db/orders"])
    assert redactor.feed(b"asking postgres\n") == b"asking "
    assert redactor.release() == b"postgres\n"
    assert not redactor.holds
    assert redactor.feed(b"done\n") == b"done\n"


def test_what_was_let_go_does_not_let_the_rest_of_the_value_out():
    redactor = Redactor(["postgres://me:hunter2@db/orders"])
    out = redactor.feed(b"postgres\n") + redactor.release() + redactor.feed(b"://me:hunter2@db") + redactor.release()
    assert out == b"postgres\n"
    assert redactor.feed(b"/orders\nnext\n") == MASK + b"\nnext\n"


def test_a_large_part_of_a_value_is_not_let_go():
    redactor = Redactor(["hunter2hunter2"])
    for part in (b"hunter2hu", b"\n"):
        assert redactor.feed(part) == redactor.release() == b""
    assert redactor.finish() == b"hunter2hu\n"


def test_a_prompt_that_ends_like_a_value_begins_is_let_go():
    redactor = Redactor(["correct horse"])
    assert redactor.feed(b"a, b or c") + redactor.release() == b"a, b or c"


def test_a_value_is_not_waited_for_behind_endless_line_breaks():
    redactor = Redactor(["hunter2"])
    redactor.feed(b"hunt")
    for _ in range(100):
        redactor.feed(b"\n" * 100)
    assert not redactor.holds


# -- written in other ways


def lower_hex(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(text, safe=""))


def careful_json(text: str) -> str:
    """With every mark that has a meaning elsewhere as a number, in capitals."""
    plain = json.dumps(text)[1:-1].replace('\\"', "\\u0022")
    plain = re.sub("[<>&'+`]", lambda found: f"\\u{ord(found[0]):04x}", plain)
    return re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda found: found[0].upper(), plain)


@pytest.mark.parametrize("value", ["a&b=c d/e", "100% \"sure\" 'n' <all>", "back\\slash\ttab", "ünï-cødé ~(x)*", KEY])
@pytest.mark.parametrize(
    "write",
    [
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda text: urllib.parse.quote(text, safe="-._~!*'();,/?:@&=+$#"),
        lambda text: urllib.parse.quote(text, safe="!*'()"),
        lambda text: urllib.parse.quote_plus(text, safe="*").replace("~", "%7E"),
        lower_hex,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
        lambda text: json.dumps(text)[1:-1].translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&"}),
        careful_json,
        lambda text: repr(text)[1:-1],
        lambda text: repr(text.encode())[2:-1],
        shlex.quote,
        html.escape,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
    ],
)
def test_a_value_is_masked_however_programs_write_it(value: str, write: Callable[[str], str]) -> None:
    out = through([value], [b"is [" + write(value).encode() + b"] so"])
    assert out.strip(b"is [']so\n ") == MASK, out


def test_two_values_that_overlap_are_both_masked_whole():
    assert through(["abcdef", "defghi"], [b"x abcdefghi y"]) == b"x " + MASK + b" y"
    assert through(["abcdef", "defghi"], [b"x abcde", b"f", b"ghi y"]) == b"x " + MASK + b" y"


def test_our_own_token_is_masked_and_looks_for_no_line_breaks():
    redactor = Redactor([], "pbr_0123456789")
    assert redactor.feed(b"is pbr_0123456789, pbr\n") == b"is " + MASK + b", pbr\n"
    assert redactor.feed(b"pbr_01234\n") == b"pbr_01234\n"


@settings(deadline=None)
@given(
    secrets=st.lists(st.text(alphabet="abAB \n", min_size=4, max_size=9), min_size=1, max_size=3),
    noise=st.lists(st.text(alphabet="abAB\n ", max_size=12), max_size=6),
    width=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 7), max_size=60),
)
def test_no_fold_and_no_cut_lets_any_of_several_values_out(secrets, noise, width, cuts):
    data = folded("".join(f"{one}{secrets[at % len(secrets)]}" for at, one in enumerate(noise)).encode(), width, b"\n")
    parts, rest = [], data
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]
    out = through(secrets, [*parts, rest])
    assert out == through(secrets, [data])
    squeeze = dense if any(" " in secret for secret in secrets) else lambda text: text.translate(None, b"\r\n")
    for secret in secrets:
        plain = squeeze(secret.encode())
        assert len(plain) < 4 or plain not in squeeze(out)


@settings(deadline=None)
@given(
    secret=st.text(alphabet="abc", min_size=6, max_size=12),
    pauses=st.lists(st.booleans(), min_size=60, max_size=60),
    noise=st.text(alphabet="abc\n", max_size=40),
)
def test_whatever_the_pauses_no_more_than_a_third_of_a_value_comes_out(secret, pauses, noise):
    redactor = Redactor([secret])
    out = b""
    data = f"{noise}\n|{secret}|{noise}".encode()
    for byte, pause in zip(data, (*pauses, *pauses), strict=False):
        out += redactor.feed(bytes([byte])) + (redactor.release() if pause else b"")
    out += redactor.finish()
    assert out.count(b"|") <= 2
    assert secret.encode() not in out.replace(b"\n", b"")
    shown = out.split(b"|")[1].partition(MASK)[0] if out.count(b"|") == 2 else b""
    assert len(shown) <= len(secret) // 3


# -- one inside another


def shell_double(text: str) -> str:
    """As `declare -p` of bash writes it."""
    return '"' + re.sub(r'([$`"\\])', r"\\\1", text) + '"'


def as_json(text: str) -> str:
    return json.dumps({"sent": text})


def unicode_json(text: str) -> str:
    return json.dumps([text], ensure_ascii=False)


def attribute(text: str) -> str:
    return ET.tostring(ET.Element("a", {"b": text}), encoding="unicode")


def csv_row(text: str) -> str:
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_ALL).writerow([text])
    return row.getvalue()


def sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def both(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: second(first(text))


TWICE: list[Callable[[str], str]] = [
    *[both(inner, outer) for inner in (as_json, unicode_json, repr) for outer in (as_json, unicode_json, repr, ascii)],
    *[both(as_json, outer) for outer in (shlex.quote, shell_double, csv_row, sql, html.escape, attribute)],
    *[both(repr, outer) for outer in (html.escape, shell_double, csv_row)],
    *[both(html.escape, outer) for outer in (as_json, repr)],
    both(as_json, urllib.parse.quote),
    both(as_json, urllib.parse.quote_plus),
    both(urllib.parse.quote, urllib.parse.quote),
    both(urllib.parse.quote_plus, lambda text: urllib.parse.quote(text, safe="")),
    both(lower_hex, urllib.parse.quote_plus),
]
ODD = ['it\'s "5" < 6 & $HOME', 'p\\w"`id`', "Grüße+kraut%/Werktag", "'quoted'", "tabs\tandy\nliner"]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("write", [shell_double, attribute, csv_row, sql, saxutils.quoteattr, ascii, *TWICE])
def test_a_value_is_masked_in_quotes_of_one_language_inside_another(value: str, write: Callable[[str], str]) -> None:
    out = through([value], [f"is [{write(f'-{value}-')}] so".encode()]).decode()
    assert MASK.decode() in out
    # Nothing is left of it but what is around it, though the quotes may be others for its sake.
    left = out.replace(MASK.decode(), "")
    assert len(left) <= len(f"is [{write('--')}] so") + 3, out


def test_a_text_of_json_inside_base64_is_masked():
    value = 'it\'s "5" < 6 & $HOME'
    coded = base64.b64encode(as_json(value).encode())
    out = through([value], [coded])
    assert len(out.replace(MASK, b"")) <= len(coded) - len(base64.b64encode(json.dumps(value)[1:-1].encode())) + 6


@pytest.mark.parametrize("command", ["export -p", "declare -p IT", "set", "printf '%q\\n' \"$IT\"", 'set -x; : "$IT"'])
@pytest.mark.parametrize("shell", ["bash", "sh"])
@pytest.mark.parametrize("value", [*ODD, "\x1b]bell\x07"])
def test_a_value_is_masked_however_a_shell_shows_its_variables(shell: str, command: str, value: str):
    env = {"IT": value, "PATH": os.defpath}
    shown = subprocess.run([shell, "-c", command], env=env, capture_output=True, check=False)
    output = shown.stdout + shown.stderr
    if shown.returncode:
        pytest.skip(f"{shell} has no such command")
    text = through([value], [output]).decode(errors="replace")
    assert MASK.decode() in text
    assert not [word for word in re.findall(r"\w{3,}", value) if word in text]


def test_values_that_are_too_short_to_be_masked_are_counted():
    assert Redactor(["abc", "", "abcd", "a b c", "ü"]).unmasked == 3


def test_another_stream_with_the_same_values_begins_anew():
    first = Redactor(["hunter2hunter2"])
    first.feed(b"hunter2")
    second = first.anew()
    assert second.feed(b"hunter2.\n") == b"hunter2.\n"
    assert second.feed(b"is hunter2hunter2\n") + second.finish() == b"is " + MASK + b"\n"
    assert first.feed(b"hunter2\n") + first.finish() == MASK + b"\n"


@pytest.mark.parametrize("value", ["hunter2hunter2", "grün-ütterlich", 'a "b" c d'])
def test_of_a_text_that_was_cut_no_beginning_of_a_value_is_left(value: str):
    redactor = Redactor([value])
    for write in (str, as_json):
        before, _, _ = write(f"so: |{value}").partition("|")
        whole = write(f"so: {value}")
        for length in range(len(before) + len(value)):
            clean, shown = redactor.clean(whole[:length], cut=True), whole[: min(length, len(before))]
            assert shown.startswith(clean)
            assert len(clean) >= len(shown) - 3  # what looks like a beginning by chance


def test_a_value_with_half_a_character_is_masked():
    assert Redactor(["hunter\ud83d2"]).clean("is hunter\ud83d2") == "is •••"


CODED = {"cp1252": "Grüße-an-Zoë €5", "shift_jis": "表示の鍵-ソ", "iso8859-1": "déjà-vu-ÿ"}


@pytest.mark.parametrize("encoding", CODED)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_value_is_masked_in_the_encoding_of_the_job_and_in_utf_8(encoding: str, size: int) -> None:
    value = CODED[encoding]
    written = [
        value.encode(encoding),
        value.encode(),
        repr(value.encode(encoding))[2:-1].encode(),
        json.dumps({"is": value}, ensure_ascii=False).encode(encoding)[8:-2],
        urllib.parse.quote(value, encoding=encoding, safe="").encode(),
        base64.b64encode(b"\0" + value.encode(encoding)),
        value.encode(encoding).hex().encode(),
    ]
    redactor = Redactor([value], encoding=encoding)
    for form in written:
        stream = redactor.anew()
        data = b"is [" + form + b"] so\n"
        out = b"".join(stream.feed(data[at : at + size]) for at in range(0, len(data), size)) + stream.finish()
        assert ASCII_MASK in out, form
        for piece in (form, value[2:-2].encode(encoding), value[2:-2].encode()):
            assert piece not in out, form
    assert redactor.clean(f"status {value}") == f"status {MASK.decode()}"  # an event is UTF-8


def test_what_the_encoding_lacks_is_masked_with_the_signs_for_it():
    redactor = Redactor(["passwörd-ключ"], encoding="cp1252")
    assert redactor.feed(b"passw\xf6rd-????\n") + redactor.finish() == b"***\n"
    assert redactor.anew().feed(b"why????\n") == b"why????\n"


def test_a_value_too_short_in_one_of_the_encodings_is_named():
    assert Redactor(["üöä"]).unmasked == 0
    assert Redactor(["üöä"], encoding="cp1252").unmasked == 1
