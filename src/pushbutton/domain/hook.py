"""A hook: an address that presses a task when another system calls it, and how its calls are checked and read. Pure;
the time is passed in.

Each call is signed, over the bytes as they came. Of what came, conditions say whether it concerns the hook, and paths
(JSONPath, RFC 9535 as far as jsonpath-ng has it) name the values of inputs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from pushbutton.sentence import say

from .event import Json
from .run import Micros

LARGEST: Final = 1 << 20
"""Bytes of a call."""
KEPT: Final = 50
"""Calls that are kept of a hook, and as many again of those that were not signed."""
LONGEST_PATH: Final = 200
CLOCKS: Final[Micros] = 300 * 1_000_000
"""How far the time in a call may be from ours: what was overheard is of no use later."""
HANDOVER: Final[Micros] = 7 * 86_400 * 1_000_000
"""How long the secret before counts beside a new one."""
_ALWAYS: Final = "$"


class Scheme(StrEnum):
    """How the caller proves that it knows the secret."""

    STANDARD = "standard"  # webhook-id, webhook-timestamp, webhook-signature (Standard Webhooks)
    GITHUB = "github"  # X-Hub-Signature-256
    GITLAB = "gitlab"  # X-Gitlab-Token: the secret itself
    HMAC = "hmac"  # an HMAC-SHA-256 of the body in a header that is named


class Verdict(StrEnum):
    """The verdict on a call."""

    PRESSED = "pressed"
    SEEN = "seen before"  # the same delivery again: its run is the answer
    NO_MATCH = "no match"
    UNFIT = "did not fit"  # what the paths named is nothing for the inputs
    UNREADABLE = "not readable"
    UNSIGNED = "not signed"
    PAUSED = "paused"
    REFUSED = "refused"  # by rights, limits, or the state of the task


@dataclass(frozen=True, slots=True)
class Hook:
    id: str  # in its address; it names the hook in runs and in the audit trail
    name: str
    task: str
    maker: str  # a user: the hook can do no more than its maker may now
    scheme: Scheme
    secret: str = field(repr=False)  # sealed
    made_at: Micros
    before: str = field(default="", repr=False)  # the secret before, sealed
    before_until: Micros = 0  # so long it counts too
    header: str = ""  # in which the signature stands, for `HMAC`
    delivery: str = ""  # the header that names the delivery, for `HMAC`; "": equal bodies are the same delivery
    only: Mapping[str, Json] = field(default_factory=dict)  # by path: what has to stand there
    paths: Mapping[str, str] = field(default_factory=dict)  # by input: where its value stands
    inputs: Mapping[str, Json] = field(default_factory=dict)  # always the same
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call, and what became of it."""

    hook: str
    at: Micros
    id: str  # as its sender names it, or a hash of its body; "" where nothing was believed
    verdict: Verdict
    run: int = 0
    why: str = ""
    body: str = ""  # nothing of one that was not signed
    address: str = ""
    number: int = 0  # in its hook, given by the store


def new_id() -> str:
    return random.token_hex(8)


def new_secret(scheme: Scheme) -> str:
    if scheme is Scheme.STANDARD:
        return f"whsec_{base64.b64encode(random.token_bytes(24)).decode()}"
    return random.token_urlsafe(32)


def unfit_secret(scheme: Scheme, secret: str) -> str:
    """Why it can be no secret of a hook; "": it can."""
    if not 16 <= len(secret) <= 200 or not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        return say("Write 16 to 200 letters, digits and signs, or leave it empty for one that is made for you.")
    if scheme is Scheme.STANDARD and not _decoded(secret):
        return say("Standard Webhooks have secrets such as “whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw”.")
    return ""


def is_header(name: str) -> bool:
    """Whether a header can be called so."""
    return re.fullmatch(r"[A-Za-z0-9-]{1,60}", name) is not None


def refusal(hook: Hook, headers: Mapping[str, str], body: bytes, known: Sequence[str], at: Micros) -> str:
    """Why the call is not believed; "": it is. `headers` by their names in small letters, `known`: the secrets that
    count. Every secret is compared, in constant time, whatever the others said.
    """
    match hook.scheme:
        case Scheme.STANDARD:
            return _of_standard(headers, body, known, at)
        case Scheme.GITHUB:
            return _of_body(headers, "x-hub-signature-256", body, known)
        case Scheme.GITLAB:
            given = headers.get("x-gitlab-token", "")
            return "" if _among(given, list(known)) else _not_signed("x-gitlab-token", given)
        case Scheme.HMAC:
            return _of_body(headers, hook.header.lower(), body, known)


def delivery_of(hook: Hook, headers: Mapping[str, str], body: bytes) -> str:
    """Which delivery it is: the same for one that is sent again."""
    names = {
        Scheme.STANDARD: "webhook-id",
        Scheme.GITHUB: "x-github-delivery",
        Scheme.GITLAB: "idempotency-key",
        Scheme.HMAC: hook.delivery.lower(),
    }
    return headers.get(names[hook.scheme], "")[:120] or hashlib.sha256(body).hexdigest()[:32]


def mismatch(hook: Hook, said: Json) -> str:
    """The condition that does not hold, as a sentence; "": all of them do."""
    for path, wanted in hook.only.items():
        found = looked_up(path, said)
        if not any(type(one) is type(wanted) and one == wanted for one in found):
            shown = str(found[0])[:80] if found else ""
            if found:
                return say("“{path}” was “{found}”, not “{wanted}”.", path=path, found=shown, wanted=str(wanted))
            return say("“{path}” is not there.", path=path)
    return ""


def values(hook: Hook, said: Json) -> dict[str, Json]:
    """By input: what stands at its path. One that is not there is not given; several are a list."""
    found = {name: looked_up(path, said) for name, path in hook.paths.items()}
    return {name: one[0] if len(one) == 1 else list(one) for name, one in found.items() if one}


def unfit_path(path: str) -> str:
    """Why it names no place; "": it does."""
    if len(path) > LONGEST_PATH or not path.startswith(_ALWAYS):
        return say("A path begins with “$” and has at most {n} characters, such as $.release.tag_name.", n=LONGEST_PATH)
    try:
        _parsed(path)
    except Exception as error:  # noqa: BLE001  the library has a class of its own for each stage
        return say("“{path}” is no path ({why}): write one such as $.release.tag_name.", path=path, why=str(error)[:80])
    return ""


def looked_up(path: str, said: Json) -> Sequence[Json]:
    """The values at the path, in their order."""
    return [one.value for one in _parsed(path).find(said)]


@lru_cache(maxsize=256)
def _parsed(path: str) -> Any:
    from jsonpath_ng.parser import parse  # noqa: PLC0415  a server without hooks needs none of it

    return parse(path)


def _of_standard(headers: Mapping[str, str], body: bytes, known: Sequence[str], at: Micros) -> str:
    id_, time, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (id_ and time and given):
        return say("It is not signed: the headers webhook-id, webhook-timestamp and webhook-signature are missing.")
    if not (time.isascii() and time.isdigit() and len(time) < 12 and abs(int(time) * 1_000_000 - at) <= CLOCKS):
        return say("Its time is too far from ours: it is old, or a clock is wrong.")
    told = f"{id_}.{time}.".encode("utf-8", "replace") + body
    right = [base64.b64encode(_hmac(_decoded(secret), told)).decode() for secret in known]
    signatures = [one.removeprefix("v1,") for one in given.split(" ")[:10] if one.startswith("v1,")]
    fits = [_among(one, right) for one in signatures]
    return "" if any(fits) else say("The signature fits none of the secrets.")


def _of_body(headers: Mapping[str, str], name: str, body: bytes, known: Sequence[str]) -> str:
    given = headers.get(name, "")
    digests = [_hmac(secret.encode(), body) for secret in known]
    right = [form for digest in digests for form in (digest.hex(), base64.b64encode(digest).decode())]
    return "" if _among(given.removeprefix("sha256="), right) else _not_signed(name, given)


def _not_signed(name: str, given: str) -> str:
    if not given:
        return say("It is not signed: the header {name} is missing.", name=name)
    return say("The signature fits none of the secrets.")


def _among(given: str, right: Sequence[str]) -> bool:
    found = [hmac.compare_digest(one.encode(), given.encode("utf-8", "replace")) for one in right]
    return any(found)


def _hmac(secret: bytes, told: bytes) -> bytes:
    return hmac.new(secret, told, hashlib.sha256).digest()


def _decoded(secret: str) -> bytes:
    """A secret of Standard Webhooks as bytes; b"" for what is none."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""
