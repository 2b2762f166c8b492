"""Which part of a setting may be recorded, shown or logged: all but credentials.

One function decides. It knows an address (user and password, the values of its query, a part of its path that looks
like a token), a `name=value`, `--name value` or header whose name says that a secret follows, and the beginnings of
well-known tokens. A mark takes the place of a secret. A placeholder (`{input}`, `$NAME`) is no secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence

from .event import Json

Mark = Callable[[str], str]
"""Takes the place of a secret."""

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secrets?|token|jwt|bearer|api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key"
    r"|credentials?|auth|authorization|cookie|sas|pat"
)
_NAME = rf"(?:[\w.-]*[-_.])?(?:{_NAMES})[0-9]*"
"""The last part of a name says what it is: TOKEN_FILE and token_ttl are no secrets. Of camel case see `_CAMEL`."""
_CAMEL = (
    r"[A-Za-z]*(?:Password|Passwd|Secret|Token|Apikey|ApiKey|AccessKey|SecretKey)|[a-z]*(?:password|passwd|token|secret)"
    r"|[A-Z0-9_]*(?:PASSWORD|PASSWD|TOKEN|SECRET)"
)
_MARK = r"\(hash [0-9a-f]{16}\)"
_VALUE = rf"""(?P<value>{_MARK}|"[^"]*"|'[^']*'|[^\s"'&;|<>]+)"""

_ADDRESS = re.compile(r"\b(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<rest>(?:" + _MARK + r"|[^\s\"'<>,;|`\\])+)")
_HEADER = re.compile(
    r"(?i)\b(?P<head>(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:token|key|secret|auth)[\w-]*)(?P<colon>\s*:\s*)"
    r"""(?P<value>[^"'\r\n]+)"""
)
_SCHEME = re.compile(r"\b(?P<head>Bearer|Basic)(?P<space>\s+)(?P<value>[A-Za-z0-9._~+/=-]{6,})")
_GIVEN = re.compile(rf"(?<![\w$\x7b])(?P<head>(?i:{_NAME})|{_CAMEL})(?P<is>\s*=\s*|[\"']?\s*:\s*(?=[\"'])){_VALUE}")
_FLAG = re.compile(rf"(?<!\S)(?P<head>--?(?:(?i:{_NAME})|{_CAMEL}))(?P<space>\s+)(?!-){_VALUE}")
_USER = re.compile(
    r"(?<!\S)(?P<head>-u|--user|--proxy-user)(?P<space>[\s=]+)(?P<who>[^\s:\"']+:)(?P<value>" + _MARK + r"|[^\s\"']+)"
)
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|sk-[\w-]{16,}|sk_live_\w{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|pb[tls]_\w{16,})"
)
_SHORTEST_KNOWN = 15  # characters
_RULES = tuple(
    (re.compile(sign), rule)
    for sign, rule in ((":", _HEADER), ("Bearer|Basic", _SCHEME), ("[=:]", _GIVEN), ("-", _FLAG), ("-", _USER))
)
"""Each behind a sign that a text which it fits holds: thousands of texts are looked at when a server starts."""
_SIGN = re.compile("[:=-]|Bearer|Basic")  # of any of them
_STANDS_FOR = re.compile(r"[\"']?(?:\$?\{[^{}]*\}|\$\(?[\w.]+\)?|%[\w]+%|" + _MARK + r"|…)[\"']?")
_A_NAME_ALONE = re.compile(rf"--?(?:(?i:{_NAME})|{_CAMEL})")
_AS_GOOD_AS_PASSWORDS = frozenset({"webhook"})
"""Settings that hold addresses whose path is a secret."""
_USER_ALONE = frozenset({"-u", "--user", "--proxy-user"})
_TOKEN_LIKE = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[\w.~+=%:-]{16,}|[A-Za-z0-9+=]{24,}")


def unseen(_: str) -> str:
    """The mark where two values are never compared."""
    return "…"


def hashed_with(key: bytes) -> Mark:
    """Marks that differ when the secrets do: they show that a secret changed, not what it is."""

    def mark(secret: str) -> str:
        return f"(hash {hmac.new(key, secret.encode(errors='surrogatepass'), hashlib.sha256).hexdigest()[:16]})"

    return mark


def hidden(value: str, mark: Mark) -> str:
    """The mark for a secret value; a placeholder, or a mark, stays as it is."""
    return value if not value or _STANDS_FOR.fullmatch(value) else mark(value)


def concealed(text: str, mark: Mark = unseen) -> str:
    """The text without credentials."""
    if "://" in text:
        text = _ADDRESS.sub(
            lambda found: found["scheme"] + _address(found["rest"], mark, plain_user="http" not in found["scheme"]),
            text,
        )
    for sign, rule in _RULES if _SIGN.search(text) else ():
        if sign.search(text):
            text = rule.sub(lambda found: _without_value(found, mark), text)
    return _KNOWN.sub(lambda found: mark(found[0]), text) if len(text) >= _SHORTEST_KNOWN else text


def names_secret(name: str) -> bool:
    """Whether a value of this name is a secret, such as `api_token`."""
    return _A_NAME_ALONE.fullmatch(f"--{name}") is not None


def concealed_words(words: Iterable[str], mark: Mark = unseen) -> list[str]:
    """The same for a command's arguments: the value of `--token` may be the next one."""
    shown: list[str] = []
    before = ""
    for word in words:
        if _A_NAME_ALONE.fullmatch(before) and not word.startswith("-"):
            shown.append(hidden(word, mark))
        elif before in _USER_ALONE and ":" in word:
            who, _, password = word.partition(":")
            shown.append(f"{who}:{hidden(password, mark)}")
        else:
            shown.append(concealed(word, mark))
        before = word
    return shown


def concealed_setting(name: str, value: Json, mark: Mark = unseen) -> Json:
    """The same for a setting of this name: what is recorded and shown of it."""
    if isinstance(value, str):
        return concealed_address(value, mark) if name in _AS_GOOD_AS_PASSWORDS else concealed(value, mark)
    if isinstance(value, Sequence):
        return [concealed_setting(name, item, mark) for item in value]
    return value


def concealed_address(text: str, mark: Mark = unseen) -> str:
    """Of addresses whose path is as good as a password, such as those of webhooks: scheme and host alone are shown."""

    def bare(found: re.Match[str]) -> str:
        authority, rest = re.split(r"(?=[/?#])|$", found["rest"], maxsplit=1)
        who, at, host = authority.rpartition("@")
        told = f"{who}{at}{rest}"
        if not told.strip("/") or told.startswith(("/(hash", "/…")):  # nothing there, or it is hidden already
            return found[0]
        return f"{found['scheme']}{host}/{mark(told)}"

    # A space or a comma ends an address here, nothing else does.
    return re.sub(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<rest>[^\s,]+)", bare, text)


def _address(rest: str, mark: Mark, *, plain_user: bool) -> str:
    """The text behind `https://`. `plain_user`: a user without a password is one, and no token."""
    place, hash_, fragment = rest.partition("#")
    place, question, query = place.partition("?")
    authority, *path = place.split("/")
    who, at, host = authority.rpartition("@")
    user, colon, password = who.partition(":")
    if colon:
        who = f"{user}:{hidden(password, mark)}"
    elif not plain_user:
        who = hidden(user, mark)
    parts = [hidden(part, mark) if _TOKEN_LIKE.fullmatch(part) else part for part in path]
    said = "/".join([f"{who}{at}{host}", *parts])
    said += question + "&".join(_value_hidden(one, mark) for one in query.split("&")) if question else ""
    return said + hash_ + (hidden(fragment, mark) if _TOKEN_LIKE.fullmatch(fragment) else fragment)


def _value_hidden(one: str, mark: Mark) -> str:
    name, equals, value = one.partition("=")
    if equals:
        return f"{name}={hidden(value, mark)}" if value else one
    return hidden(one, mark) if _TOKEN_LIKE.fullmatch(one) else one


def _without_value(found: re.Match[str], mark: Mark) -> str:
    start, end = found.start("value") - found.start(), found.end("value") - found.start()
    return found[0][:start] + hidden(found["value"], mark) + found[0][end:]
