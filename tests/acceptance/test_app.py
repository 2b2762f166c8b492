"""On a phone: Pushbutton can be installed as an app, and the kept tasks are large."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import SIZES, Reader, axe, browser, site

__all__ = ["browser", "site"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_installed_and_kept_tasks_are_large_tiles_two_abreast(browser, site, theme):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True, "color_scheme": theme}
    with Reader(browser, site, **phone) as reader:
        page = reader.open("/")
        asked = reader.context.new_cdp_session(page)
        manifest = asked.send("Page.getAppManifest")
        assert (manifest["errors"], manifest["url"]) == ([], f"{site.url}/static/app.webmanifest")
        assert asked.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
            [],
            [{"errorId": "in-incognito", "errorArguments": []}],
        )
        for title in ("Deploy the web shop", "Münchner Bericht"):
            page.get_by_role("button", name=f"Keep “{title}” at the top").click()
        page.reload()
        tiles = page.locator(".kept .task")
        expect(tiles).to_have_count(2)
        left, right = (tile.bounding_box() for tile in tiles.all())
        assert left
        assert right
        assert left["y"] == right["y"]
        assert min(left["height"], right["height"]) >= 120
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert axe(page) == []
