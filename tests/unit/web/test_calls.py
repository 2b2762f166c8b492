"""The page of the API: each operation is in its contents, and has a line for a shell."""

from __future__ import annotations

import json
import re
import shlex

from tests.unit.web.test_pages import a_site, check

from pushbutton.web.api.calls import curl


def call(method: str, body: object = None, **more: object) -> list[str]:
    content = {"requestBody": {"content": body}} if body else {}
    return shlex.split(curl(method, "/api/runs/{number}/x", {**content, **more}, "https://a.example", token=False))


def test_a_call_without_a_body_names_its_method_only_where_it_is_not_get():
    assert call("GET") == ["curl", "https://a.example/api/runs/42/x"]
    assert call("DELETE") == ["curl", "-X", "DELETE", "https://a.example/api/runs/42/x"]


def test_the_body_of_a_call_is_what_has_to_be_there():
    values = {"text": {"type": "string"}, "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 90}}
    schema = {"properties": values, "required": ["days"]}
    assert json.loads(call("POST", {"application/json": {"schema": schema}})[2]) == {"days": 90}
    assert json.loads(call("POST", {"application/json": {"schema": {"properties": values}}})[2]) == {
        "text": "…",
        "days": 90,
    }


def test_what_is_no_json_is_sent_as_it_is_and_quoted_for_a_shell():
    assert call("POST", {"text/plain": {"example": "it's"}})[1:3] == ["--data-binary", "it's"]
    assert call("POST", {"application/octet-stream": {}})[1:3] == ["--data-binary", "@file"]


def test_what_a_call_has_to_ask_is_in_its_address():
    asked = [{"name": "q", "in": "query", "required": True}, {"name": "from", "in": "query"}]
    assert call("GET", parameters=asked)[1] == "https://a.example/api/runs/42/x?q=…"


async def test_each_operation_is_in_the_contents_and_has_a_line_to_copy(tmp_path):
    async with a_site(tmp_path) as (_, client):
        html = check((await client.get("/api")).text)
        document = (await client.get("/api/openapi.json")).json()
    operations = sum(len(item) for item in document["paths"].values())
    contents = re.findall(r'<li><a href="#([^"]+)"', html)
    cards = re.findall(r'<section class="card[^"]*" id="([^"]+)"', html)
    assert len(contents) == operations > 30
    assert contents == cards
    assert html.count('data-text="curl ') == operations
    assert 'data-text="curl --json &#39;{&#34;text&#34;: &#34;…&#34;}&#39; http' in html  # a note to everybody
