"""From names to values: each from where it is declared to be, undeclared ones from the stored secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from pushbutton import threads
from pushbutton.domain.secret import FromCommand, FromEnvironment, FromFile, FromKeyring, Secret, Stored
from pushbutton.errors import BadInput, NoAnswer, SecretsLocked, SecretUnavailable, StoreError

from .command import from_command
from .environment import from_environment
from .file import from_file
from .keyring import from_keyring
from .stored import Stored as Keeper
from .value import Missing

__all__ = ["SecretSources"]


class SecretSources:
    """`declared` gives the declarations as they are now; `before`: words in front of the commands in them."""

    def __init__(self, declared: Callable[[], Mapping[str, Secret]], store: Keeper, before: Sequence[str] = ()) -> None:
        self._declared, self._store, self._before = declared, store, tuple(before)

    async def resolve(self, names: Collection[str]) -> Mapping[str, str]:
        declared = self._declared()
        asked = [self._value(name, declared.get(name)) for name in names]
        answers = await asyncio.gather(*asked, return_exceptions=True)  # so that nothing is under way behind an error
        values = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            values.append(answer)
        return dict(zip(names, values, strict=True))

    async def _value(self, name: str, secret: Secret | None) -> str:
        origin = secret.origin if secret else Stored()
        if secret and secret.broken:
            raise SecretUnavailable(name, origin, secret.broken.rstrip("."))
        try:
            match origin:
                case FromEnvironment():
                    return from_environment(origin)
                case FromFile():
                    return await threads.asking(str(origin.path), from_file, origin)
                case FromCommand():
                    return await from_command(replace(origin, argv=(*self._before, *origin.argv)))
                case FromKeyring():
                    return await from_keyring(origin)
                case Stored():
                    return await threads.asking("the stored secrets", self._store.get, name)
        except Missing as missing:
            raise SecretUnavailable(name, origin, str(missing)) from None
        except (SecretsLocked, NoAnswer, StoreError) as error:
            raise SecretUnavailable(name, origin, str(error).rstrip(".")) from None
        assert_never(origin)

    async def names(self) -> Collection[str]:
        try:
            return await threads.asking("the stored secrets", self._store.names)
        except (NoAnswer, StoreError) as error:
            raise SecretsLocked(str(error)) from None

    async def put(self, name: str, value: bytes) -> None:
        try:
            await threads.keeping(self._store.put, name, value)
        except Missing as missing:
            raise BadInput(f"The value of “{name}” is not kept: {missing}.") from None

    async def remove(self, name: str) -> None:
        await threads.keeping(self._store.remove, name)
