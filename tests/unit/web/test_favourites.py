"""The tasks that somebody keeps at the top."""

from __future__ import annotations

import re

from tests.unit.web.test_audit import somebody
from tests.unit.web.test_pages import a_site

from pushbutton.domain.audit import Act
from pushbutton.runtime.clock import now


def kept(html: str) -> list[str]:
    """The slugs whose star is on."""
    cards = re.findall(r'<li class="card task".*?</li>', html, re.DOTALL)
    return [re.findall(r'name="slug" value="([^"]+)"', card)[0] for card in cards if 'aria-pressed="true"' in card]


async def test_a_browser_keeps_them_while_nobody_signs_in(tmp_path):
    async with a_site(tmp_path) as (_, client):
        slug = re.findall(r'name="slug" value="([^"]+)"', (await client.get("/")).text)[0]
        answer = await client.post("/favourites", data={"slug": slug, "keep": "1"})
        assert answer.cookies["pins"] == slug
        assert kept((await client.get("/", headers={"cookie": f"pins={slug}"})).text) == [slug]


async def test_a_person_has_them_on_every_device_and_nobody_else_does(tmp_path):
    async with a_site(tmp_path) as (core, client):
        ada, bob = await somebody(core, "ada", "admin"), await somebody(core, "bob", "presser")
        slug = re.findall(r'name="slug" value="([^"]+)"', (await client.get("/", headers=ada)).text)[0]
        answer = await client.post(
            "/favourites", data={"slug": slug, "keep": "1", "csrf": ada["x-csrf-token"]}, headers=ada
        )
        assert (answer.status_code, "pins" in answer.cookies) == (303, False)
        user, act = core.directory.all.users["ada"], Act("ada", "session.begin", "user ada", now())
        elsewhere, _ = await core.directory.begin(user, act)
        assert kept((await client.get("/", headers={"cookie": f"pushbutton={elsewhere}"})).text) == [slug]
        assert kept((await client.get("/", headers=bob)).text) == []
