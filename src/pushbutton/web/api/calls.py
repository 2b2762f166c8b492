"""An operation of the API as a line for a shell, and what its body holds. Pure: made from the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_PLACES: Final = {"number": "42", "slug": "deploy", "name": "report"}
"""Values for the places of a path in examples."""
_SAMPLES: Final = {"string": "…", "integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
_TOKEN: Final = "-H 'Authorization: Bearer pbt_…'"


class Part(NamedTuple):
    """One value of a JSON body."""

    name: str
    said: str
    needed: bool


def body(operation: Mapping[str, Any]) -> list[Part]:
    """An example of the JSON body of an operation; nothing where it has none."""
    schema = _schema(operation)
    needed = schema.get("required", ())
    return [
        Part(name, value.get("description", ""), name in needed) for name, value in schema.get("properties", {}).items()
    ]


def curl(method: str, path: str, operation: Mapping[str, Any], origin: str, *, token: bool) -> str:
    """For an operation with what it needs; `token`: callers say who they are."""
    words = ["curl"]
    if token:
        words.append(_TOKEN)
    content = operation.get("requestBody", {}).get("content", {})
    plain = next((kind for kind in content if kind != "application/json"), "")
    if plain:
        words.append(f"--data-binary {_quoted(content[plain].get('example', '@file'))}")
    elif content:
        words.append(f"--json {_quoted(json.dumps(_sample(operation), ensure_ascii=False))}")
    elif method != "GET":
        words.append(f"-X {method}")
    url = origin + re.sub(r"{(\w+)}", lambda place: _PLACES.get(place[1], "…"), path)
    asked = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query" and one.get("required")]
    return " ".join([*words, _quoted(url + "?" + "&".join(f"{name}=…" for name in asked)) if asked else url])


def _schema(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def _sample(operation: Mapping[str, Any]) -> dict[str, Any]:
    """The required fields; where there are none, all of them."""
    schema = _schema(operation)
    values: Mapping[str, Any] = schema.get("properties", {})
    named = schema.get("required") or list(values)
    return {name: _value(values[name]) for name in named}


def _value(schema: Mapping[str, Any]) -> Any:
    """The default where it says something, or something of the right kind."""
    kinds = [schema, *schema.get("anyOf", ())]
    kind = next((one["type"] for one in kinds if "type" in one), "string")
    return schema.get("default") or _SAMPLES[kind]


def _quoted(text: str) -> str:
    """For a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
