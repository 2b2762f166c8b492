"""Settings: each declared once, here. Environment, flag and documentation are made from it.

Order: flag, then environment (`PUSHBUTTON_HOST`), then the default. A secret has no flag, because everybody on a
machine sees every program's arguments: it comes from the environment, or from a file that flag or environment name
(`--oidc-client-secret-file`, `PUSHBUTTON_OIDC_CLIENT_SECRET_FILE`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

from .errors import ConfigError

T = TypeVar("T")

UNSAID: Final = -1
"""A number that nobody gives."""


def setting(
    default: T,
    help: str,  # noqa: A002  the word that every option parser uses
    *,
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
    tokens: bool = False,
    flag: bool = False,
) -> T:
    """`least` and `most` bound a number; a `secret` is text that no flag, `repr` or page shows, but with `flag` one may
    be given that holds none; `tokens`: text that may hold one.
    """
    about = {"help": help, "least": least, "most": most, "secret": secret, "flag": flag or not secret}
    value: T = field(default=default, repr=not (secret or tokens), metadata=about)
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    host: str = setting("127.0.0.1", "address to listen on; without login only this machine's own are allowed")
    port: int = setting(8080, "port to listen on; 0 takes a free one", least=0, most=65_535)
    data: str = setting("", "folder for history and output; default: .pushbutton beside the first task folder or file")
    store: str = setting(
        "",
        "the address of a database for the history, like postgresql://user@host/name; without it, a file in the data "
        "folder keeps it",
        secret=True,
        flag=True,
    )
    bundles: str = setting(
        "",
        "folder in which published tasks are unpacked, where several machines share a store; default: bundles in the "
        "data folder, which jobs that are kept from that, or run as other users, cannot reach",
    )
    name: str = setting("", "the name of this node among those that share the database; default: the data folder's")
    tags: str = setting("", "what this node has, comma separated, for tasks that need it: gpu, site-b")
    at_once: int = setting(
        UNSAID,
        "runs at the same time, all tasks together; default: four for each processor; 0: none, only pages",
        least=0,
    )
    python: str = setting("", "the Python that runs Python tasks; default: the one that runs Pushbutton")
    confine: str = setting(
        "", "“data”: jobs cannot reach the data folder, apart from their own run's; Linux 6.2 or newer"
    )
    job_users: str = setting(
        "",
        "users of this machine, comma separated, as whom a task may have its jobs run; unless the server is root's, by "
        "sudo",
    )
    stall: float = setting(60.0, "seconds after which a watcher that takes nothing is dropped", least=0.5)
    ping: float = setting(
        15.0, "seconds of silence after which a stream sends a comment, so that no proxy cuts it", least=0.05
    )
    keep_days: float = setting(
        365.0, "days for which finished runs are kept, with what was brought for them; 0: for ever", least=0
    )
    results_mb: float = setting(
        2000.0,
        "megabytes that all files together may have which one run hands over; what goes past it is not kept",
        least=0,
    )
    key_file: str = setting(
        "",
        "file with the key of stored secrets; default: secret.key in the data folder; with a store: file with the key "
        "that all nodes share; default: server.key in the data folder",
    )
    audit_end_file: str = setting(
        "", "file that notes the end of the audit trail apart from the database; default: audit.end in the data folder"
    )
    allow_host: str = setting("", "more host names, comma separated, under which browsers may reach this server")
    trust_proxy: str = setting("", "addresses or networks of the proxies whose X-Forwarded headers are believed")
    root_path: str = setting("", "path below which a proxy shows the pages, like /buttons")
    connections: int = setting(200, "requests that one client may have open, and streams one person; 0: any", least=0)
    contact: str = setting("", "whom to ask when a task does not work: a name, or a name before <address>")
    on_failure: str = setting("", "what it means that a run failed, where neither its task nor its group says it")
    public_url: str = setting("", "address under which people reach this server, for links in messages")
    webhook: str = setting(
        "",
        "https addresses, comma separated, that are told when a run ends; in the environment if they hold a token",
        tokens=True,
    )
    webhook_allow: str = setting(
        "", "networks of your own, comma separated, that webhooks (by http as well) and channels may reach"
    )
    webhook_secret: str = setting("", "what webhooks are signed with", secret=True)
    traces_to: str = setting(
        "",
        "a collector that is told of each run, by OpenTelemetry's OTLP over HTTP: http://collector:4318; needs "
        "pushbutton[trace]",
    )
    metrics_token: str = setting(
        "", "what Prometheus shows to read /metrics, at least 16 characters; without one there are none", secret=True
    )

    smtp: str = setting(
        "",
        "the server that takes mail to people: smtp://user@host:587 (with STARTTLS) or smtps://user@host:465; "
        "?tls=no behind it sends without",
    )
    smtp_password: str = setting("", "the password there", secret=True)
    smtp_from: str = setting(
        "", "whom mail comes from: Pushbutton <push@example.org>; default: pushbutton@ that server"
    )

    admins: str = setting(
        "",
        "who administers from the start, comma separated: user:NAME or group:NAME; needed where nobody is added here",
    )
    session_hours: float = setting(12.0, "hours after which a session that nobody uses ends", least=0.01)
    session_days: float = setting(14.0, "days after which every session ends", least=0.01)

    trust_days: float = setting(
        30.0,
        "days after their last sign-in for which sessions, tokens and links of people count whom a provider, a "
        "directory or a proxy names; 0: for ever",
        least=0,
    )

    oidc_issuer: str = setting(
        "", "the OpenID Connect provider that people sign in with: its issuer, an https:// address"
    )
    oidc_client: str = setting("", "the client id under which the provider knows this server")
    oidc_client_secret: str = setting("", "the client's secret; without one it is a public client", secret=True)
    oidc_scopes: str = setting("openid profile email", "what the provider is asked for, separated by spaces")
    oidc_name_claim: str = setting("preferred_username", "the claim that holds a person's name here")
    oidc_groups_claim: str = setting("groups", "the claim that holds a person's groups; a.b looks for b inside of a")

    ldap_url: str = setting(
        "", "the LDAP directory that people sign in with: ldaps://host, or ldap://host with StartTLS"
    )
    ldap_ca: str = setting("", "file with the certificates that the directory's is checked with; default: the system's")
    ldap_bind_dn: str = setting("", "the account that looks people up; default: nobody in particular")
    ldap_bind_password: str = setting("", "that account's password", secret=True)
    ldap_base: str = setting("", "where people are looked up: ou=people,dc=example,dc=org")
    ldap_user_filter: str = setting("(uid={name})", "the filter that finds a person by what was typed")
    ldap_name_attribute: str = setting("uid", "the attribute that holds a person's name here")
    ldap_groups_base: str = setting("", "where groups are looked up; default: a person's memberOf says them")
    ldap_groups_filter: str = setting(
        "(|(member={dn})(uniqueMember={dn})(memberUid={name}))", "the filter that finds a person's groups"
    )

    ldap_look_hours: float = setting(
        24.0, "hours between two looks for people who are gone or locked in the directory; 0: none", least=0
    )

    proxy_user_header: str = setting("", "the header in which a proxy in front says who signed in; needs proxy_from")
    proxy_groups_header: str = setting("", "the header in which it says their groups")
    proxy_groups_separator: str = setting(",", "what stands between two groups there, such as | or ;")
    proxy_title_header: str = setting("", "the header in which it says their whole name")
    proxy_email_header: str = setting("", "the header in which it says their e-mail address")
    proxy_from: str = setting("", "addresses or networks, comma separated, of the proxies that are believed")

    @property
    def limit(self) -> int:
        return 4 * (os.cpu_count() or 1) if self.at_once == UNSAID else self.at_once

    @property
    def key_path(self) -> Path | None:
        """Of the stored secrets; None: where the data lies."""
        return None if self.store else self._key_path

    @property
    def server_key_path(self) -> Path | None:
        """Of the key that all nodes share; None: where the data lies."""
        return self._key_path if self.store else None

    @property
    def _key_path(self) -> Path | None:
        return Path(self.key_file).expanduser().absolute() if self.key_file else None

    def end_path(self, folder: Path) -> Path:
        """Of a data folder."""
        return Path(self.audit_end_file).expanduser().absolute() if self.audit_end_file else folder / "audit.end"

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not as they are by default; of a secret only that it is there."""
        named = ((spec, getattr(self, spec.name)) for spec in fields(self))
        return {
            spec.name: "(secret)"
            if spec.metadata["secret"]
            else value
            if isinstance(value, str | int | float)
            else str(value)
            for spec, value in named
            if value != spec.default
        }

    def folder(self, paths: tuple[str, ...]) -> Path:
        """Where the data lies, absolute."""
        if self.data:
            return Path(self.data).absolute()
        first = Path(paths[0]).absolute() if paths else Path.cwd()
        return (first if first.is_dir() else first.parent) / ".pushbutton"


def names(spec: Field[Any]) -> list[str]:
    """Those under which a setting may be an option: its own, unless it is secret, and that of a file which holds it."""
    own = [spec.name] if spec.metadata["flag"] else []
    return [*own, f"{spec.name}_file"] if spec.metadata["secret"] else own


def has_password(address: str) -> bool:
    """Whether an address of a store holds one, or may."""
    before, at, _ = address.rpartition("@")
    return (bool(at) and ":" in before.partition("://")[2]) or "password" in address.partition("?")[2]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"PUSHBUTTON_{name.upper()}"


_NO = {int: "no whole number", float: "no number"}


def option(name: str) -> str:
    """The flag of a setting."""
    return f"--{name.replace('_', '-')}"


def load(**given: Any) -> Settings:
    """Settings from what was given (None: not given), then the environment. Raises `ConfigError`.

    `…_file=path` beside the name of a secret reads it from there.
    """
    found = ((spec, _found(spec, given)) for spec in fields(Settings))
    return Settings(**{spec.name: _bounded(value, spec.metadata, where) for spec, (value, where) in found if where})


def origins(**given: Any) -> Mapping[str, str]:
    """Where `load` has each setting from that is not left as it is by default: its option, its variable, or the file
    that one of these names. Raises `ConfigError`.
    """
    found = {spec.name: _found(spec, given)[1] for spec in fields(Settings)}
    return {name: where for name, where in found.items() if where}


def _found(spec: Field[Any], given: Mapping[str, Any]) -> tuple[Any, str]:
    """The value that a setting was given, and where; nothing, and "", where it has its default."""
    if (value := given.get(spec.name)) is not None:
        return value, option(spec.name)
    if spec.metadata["secret"] and (found := _from_file(spec.name, given)):
        return found
    if (text := os.environ.get(variable(spec.name))) is None:
        return None, ""
    kind: type = type(spec.default)
    try:
        return kind(text), variable(spec.name)
    except ValueError:
        raise ConfigError(f"“{text}” is {_NO.get(kind, 'not possible')}.", file=variable(spec.name)) from None


def _bounded(value: Any, limits: Mapping[str, Any], where: str) -> Any:
    least, most = limits["least"], limits["most"]
    if least is not None and not least <= value <= (most if most is not None else math.inf):
        span = f"from {least} to {most}" if most is not None else f"{least} or more"
        raise ConfigError(f"{value} is not possible: it must be {span}.", file=where)
    return value


def _from_file(name: str, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The secret that stands in a file, and what names that file, with its path; None when nothing does."""
    path, where = given.get(f"{name}_file"), option(f"{name}_file")
    if path is None:
        where = variable(f"{name}_file")
        path = os.environ.get(where)
    if path is None:
        return None
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"the secret cannot be read from {path}: {reason}.", file=where) from None
    if not (secret := text.rstrip("\r\n")):
        raise ConfigError(f"{path} is empty: put the secret into it.", file=where)
    return secret, f"{where}: {path}"
