"""A named secret: what it is called and where its value comes from. No value is ever part of one."""

from __future__ import annotations

from dataclasses import dataclass

from .task import Source

__all__ = ["FromCommand", "FromEnvironment", "FromFile", "FromKeyring", "Origin", "Secret", "Stored"]


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    variable: str  # of the server's own environment

    def __str__(self) -> str:
        return f"the server's environment (${self.variable})"


@dataclass(frozen=True, slots=True)
class FromFile:
    path: str  # absolute

    def __str__(self) -> str:
        return f"the file {self.path}"


@dataclass(frozen=True, slots=True)
class FromCommand:
    argv: tuple[str, ...]
    cwd: str
    timeout: float = 30.0  # seconds

    def __str__(self) -> str:
        return f"the command “{self.argv[0]}”"


@dataclass(frozen=True, slots=True)
class FromKeyring:
    service: str
    user: str

    def __str__(self) -> str:
        return f"the keyring ({self.service}, {self.user})"


@dataclass(frozen=True, slots=True)
class Stored:
    def __str__(self) -> str:
        return "the stored secrets"


Origin = FromEnvironment | FromFile | FromCommand | FromKeyring | Stored


@dataclass(frozen=True, slots=True)
class Secret:
    """One declaration of a configuration file."""

    name: str
    origin: Origin
    source: Source
    broken: str = ""  # why it cannot be used: one sentence; empty: it can
