"""Settings: each declared once, here. Environment, flag and documentation are made from it.

Order: flag, then environment (`PUSHBUTTON_HOST`), then the default.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from .errors import ConfigError

T = TypeVar("T")


def setting(default: T, help: str, *, least: float | None = None, most: float | None = None) -> T:  # noqa: A002
    """`help` is the word that every option parser uses; `least` and `most` bound a number."""
    value: T = field(default=default, metadata={"help": help, "least": least, "most": most})
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    host: str = setting("127.0.0.1", "address to listen on; without login only this machine's own are allowed")
    port: int = setting(8080, "port to listen on; 0 takes a free one", least=0, most=65_535)
    data: str = setting("", "folder for history and output; default: .pushbutton beside the first task folder or file")
    at_once: int = setting(0, "runs at the same time, all tasks together; 0: four for each processor", least=0)
    python: str = setting("", "the Python that runs Python tasks; default: the one that runs Pushbutton")
    stall: float = setting(60.0, "seconds after which a watcher that takes nothing is dropped", least=0.5)
    ping: float = setting(
        15.0, "seconds of silence after which a stream sends a comment, so that no proxy cuts it", least=0.05
    )
    keep_days: float = setting(365.0, "days for which finished runs and uploads are kept; 0: for ever", least=0)
    key_file: str = setting("", "file with the key of stored secrets; default: secret.key in the data folder")
    allow_host: str = setting("", "more host names, comma separated, under which browsers may reach this server")

    @property
    def limit(self) -> int:
        return self.at_once or 4 * (os.cpu_count() or 1)

    @property
    def key_path(self) -> Path | None:
        """None: where the data lies."""
        return Path(self.key_file).expanduser().absolute() if self.key_file else None

    def folder(self, paths: tuple[str, ...]) -> Path:
        """Where the data lies, absolute."""
        if self.data:
            return Path(self.data).absolute()
        first = Path(paths[0]).absolute() if paths else Path.cwd()
        return (first if first.is_dir() else first.parent) / ".pushbutton"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"PUSHBUTTON_{name.upper()}"


def load(**given: Any) -> Settings:
    """Settings from what was given (None: not given), then the environment. Raises `ConfigError`."""
    values: dict[str, Any] = {}
    for spec in fields(Settings):
        value, where = given.get(spec.name), f"--{spec.name.replace('_', '-')}"
        if value is None and (text := os.environ.get(variable(spec.name))) is not None:
            kind: type = type(getattr(Settings(), spec.name))
            where = variable(spec.name)
            try:
                value = kind(text)
            except ValueError:
                raise ConfigError(f"“{text}” is not a {kind.__name__}.", file=where) from None
        if value is not None:
            values[spec.name] = _bounded(value, spec.metadata, where)
    return Settings(**values)


def _bounded(value: Any, limits: Mapping[str, Any], where: str) -> Any:
    least, most = limits["least"], limits["most"]
    if least is not None and not least <= value <= (most if most is not None else math.inf):
        span = f"from {least} to {most}" if most is not None else f"{least} or more"
        raise ConfigError(f"{value} is not possible: it must be {span}.", file=where)
    return value
