"""Answers of the API, as its models shape them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from pydantic import BaseModel


def answer(shape: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(shape.model_dump_json(exclude_unset=True), status, headers, "application/json")


def answers(shapes: Iterable[BaseModel], headers: Mapping[str, str] | None = None) -> Response:
    content = ",".join(shape.model_dump_json(exclude_unset=True) for shape in shapes)
    return Response(f"[{content}]", 200, headers, "application/json")
