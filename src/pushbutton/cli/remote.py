"""A server, from the outside: its JSON API as values, its refusals as our own errors."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import typer

from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.errors import (
    BadInput,
    Conflict,
    InvalidInputs,
    NotFound,
    PushbuttonError,
    Refused,
    StoreError,
    TaskBroken,
)
from pushbutton.job.protocol import clean

from . import credentials

__all__ = ["DEFAULT", "Number", "Server", "Url", "is_near", "params_of", "refusal", "segment"]

DEFAULT = "http://127.0.0.1:8080"
PATIENCE = 30.0
AGAIN = 3
"""How often a request that may be sent twice is sent."""

Url = Annotated[
    str,
    typer.Option(
        "--server", envvar="PUSHBUTTON_SERVER", help="where the server is", show_default=DEFAULT, show_envvar=True
    ),
]
Number = Annotated[int, typer.Argument(metavar="RUN", help="the run's number", min=1)]


class Server:
    """Raises our errors only; a server that does not answer is a `StoreError`."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        """`token`: None for the one that is kept for this server, "" for none."""
        self.url = url.rstrip("/")
        token = credentials.token_for(self.url) if token is None else token
        # No redirect is ever followed: a token goes to the server that it is for, and to no other.
        self.options: dict[str, Any] = {
            "base_url": self.url,
            "trust_env": not is_near(self.url),
            "follow_redirects": False,
            "headers": {"authorization": f"Bearer {token}"} if token else {},
        }
        try:
            self._client = httpx.Client(**self.options, timeout=PATIENCE)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadInput(f"“{url}” is no address of a server: {error}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:
        return self._ask("GET", path, params={name: str(value) for name, value in query.items() if value})

    def listed(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """A list that comes a page at a time, whole."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self._send("GET", path, params={name: str(value) for name, value in query.items() if value})
            found += self._read(answer)
            following = parse_qs(urlsplit(answer.links.get("next", {}).get("url", "")).query).get("before", [""])[0]
            if not following or following == query.get("before"):
                return found
            query["before"] = following

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._ask("POST", path, json=body, headers=dict(headers or {}))

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def text(self, path: str) -> str:
        answer = self._send("GET", path)
        if not answer.is_success:
            raise refusal(answer)
        return answer.text

    def upload(self, file: Path) -> str:
        """The value of an input for a file that lies here."""
        with file.open("rb") as content:
            answer = self._ask("POST", "/api/uploads", params={"name": file.name}, content=content)
        return str(answer["value"])

    def page(self, number: int) -> str:
        return f"{self.url}/runs/{number}"

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        return self._read(self._send(method, path, **options))

    def _read(self, answer: httpx.Response) -> Any:
        if not answer.is_success:
            raise refusal(answer)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise StoreError(f"{self.url} is no Pushbutton server: it answered something else.") from None

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        # A press carries a key, so asking again for an answer that got lost presses nothing twice.
        tries = AGAIN if method == "GET" or "Idempotency-Key" in (options.get("headers") or {}) else 1
        for left in reversed(range(tries)):
            try:
                return self._client.request(method, path, **options)
            except httpx.ConnectError:
                raise self.silent() from None
            except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise BadInput(f"“{self.url}” is no address of a server: {error}") from None
            except httpx.TransportError as error:
                if not left:
                    raise self.silent(error) from None
        raise AssertionError

    def silent(self, error: Exception | None = None) -> StoreError:
        how = f" ({type(error).__name__})" if error else ""
        return StoreError(
            f"No server answers at {self.url}{how}. Start one with “pushbutton serve”, or name another with --server."
        )


def refusal(answer: httpx.Response) -> PushbuttonError:
    """An answer that says no, as the error that the server itself raised."""
    if answer.is_redirect:
        target = clean(answer.headers.get("location", ""), 200)
        return StoreError(f"{answer.url} sends on to {target}, which is not followed: name that server with --server.")
    try:
        problem = json.loads(answer.content)
        title, fields, broken = str(problem["title"]), problem.get("fields"), problem.get("broken") is True
    except (ValueError, KeyError, TypeError, AttributeError):
        title, fields = f"{answer.url} answered {answer.status_code} {answer.reason_phrase}.", None
        broken = False
    title = clean(title, 2000)
    match answer.status_code:
        case 404:
            return NotFound(title)
        case 422 if isinstance(fields, dict):
            return InvalidInputs({clean(str(name)): clean(str(text)) for name, text in fields.items()})
        case 401:
            return Refused(_let_in(answer, title))
        case 403:
            return Refused(title)
        case 409:
            return TaskBroken.told(title) if broken else Conflict(title)
        case status if status < 500:
            return BadInput(title)
    return StoreError(title)


def _let_in(answer: httpx.Response, title: str) -> str:
    """The mistake in this request, and what to do."""
    server = str(answer.request.url).partition("/api/")[0]
    if "authorization" not in answer.request.headers:
        return f"You are not signed in at {server}; run: pushbutton login {server}"
    if os.environ.get(credentials.VARIABLE):
        return f"{title} It is the one in {credentials.VARIABLE}."
    return f"{title} Run: pushbutton login {server}"


def segment(text: str) -> str:
    """One segment of a path. Names have nothing that needs escaping; what does is no name."""
    return quote(text, safe="")


def params_of(task: Mapping[str, Any]) -> list[Param]:
    """A task's params from the API, so that values are read here as the server will read them."""
    return [_param(shown) for shown in task["params"]]


def _param(shown: Mapping[str, Any]) -> Param:
    known = {kind.value for kind in ParamType}
    more = ("min", "max", "min_length", "max_length", "pattern", "when")
    bounds = {name: shown[name] for name in more if name in shown}
    kind = ParamType(shown["type"]) if shown["type"] in known else ParamType.STR
    return Param(
        name=shown["name"],
        type=kind,
        of=ParamType(shown["of"]) if shown.get("of") in known else ParamType.STR,
        label="" if shown["title"] == Param(shown["name"], kind).title else shown["title"],
        help=shown["help"],
        required=shown["required"],
        default=shown["default"],
        choices=tuple(Choice(one["value"], one["label"], one["help"]) for one in shown.get("choices", ())),
        choices_from=("the server",) if shown.get("dynamic") else (),
        multiline=shown.get("multiline", False),
        **bounds,
    )


def is_near(url: str) -> bool:
    """On this machine: then no proxy is asked, whatever the environment says."""
    try:
        host = httpx.URL(url).host
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except (httpx.InvalidURL, ValueError):
        return False
