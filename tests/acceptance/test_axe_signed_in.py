"""Every page as people see it who are signed in, to axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from pushbutton.testing import opened
from pushbutton.web.application import build
from tests.acceptance.office import PAGES, every_page, office
from tests.acceptance.pages import AXE, SIZES, axe, browser

__all__ = ["browser", "office"]

NO_PAGES = {"/calendar/{text}.ics", "/history.csv", "/audit.csv", "/audit.jsonl", "/signin/elsewhere", "/signin/return"}
"""Addresses outside of the API that answer a GET with something else."""


async def test_every_page_that_there_is_is_looked_at(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        web: Any = build(await app.open(), app.settings)
        while not isinstance(web, Starlette):
            web = web._app
        paths = {route.path for route in web.routes if type(route) is Route and "GET" in (route.methods or ())}
    assert {path for path in paths if not path.startswith("/api/")} - NO_PAGES == set(PAGES)


@pytest.mark.parametrize(
    ("locale", "looks"),
    [("de-DE", [("wide", "light"), ("phone", "dark")]), ("en-GB", [("wide", "dark"), ("phone", "light")])],
)
def test_axe_finds_nothing_on_any_page_of_anybody(browser, office, locale, looks):
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for who, page in every_page(browser, office, AXE, locale=locale):
        for size, scheme in looks:
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme=scheme)
            found[who, page.url, size, scheme] = axe(page)
    assert {where: broken for where, broken in found.items() if broken} == {}
    assert len(found) >= len(PAGES) * len(looks)
