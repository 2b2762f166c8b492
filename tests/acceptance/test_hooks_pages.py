"""The pages of hooks in a real browser: one is made, called, looked at and paused."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx

from tests.acceptance.office import office
from tests.acceptance.pages import browser
from tests.acceptance.serving import PATIENCE

__all__ = ["browser", "office"]


def test_a_hook_is_made_called_and_looked_at(browser, office):
    with office.reader(browser, "ada") as reader:
        page = reader.open("/tasks/report")
        page.get_by_role("link", name="Make a hook…").click()
        page.get_by_label("What is it called?").fill("GitHub: a release")
        page.get_by_label("Only if").fill("$.action = released")
        page.get_by_label("Month").fill("$.month")
        page.get_by_role("button", name="Make the hook").click()
        address, secret = page.get_by_label("Address").input_value(), page.get_by_label("Secret").input_value()
        body = json.dumps({"action": "released", "month": "September"}).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": signature, "x-github-delivery": "7"}
        answer = httpx.post(address, content=body, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 202
        page.get_by_role("link", name="Go to the hook").click()
        page.get_by_text("Pressed", exact=True).click()
        assert page.get_by_label("What was sent").inner_text() == body.decode()
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused", exact=True).wait_for()
        assert httpx.post(address, content=body, headers=headers, timeout=PATIENCE).status_code == 503
        page.get_by_role("link", name="Hooks").first.click()
        assert page.get_by_role("link", name="GitHub: a release").first.is_visible()


def test_what_is_wrong_with_a_new_hook_is_said_beside_its_field_and_nothing_typed_is_lost(browser, office):
    with office.reader(browser, "ada") as reader:
        reader.expected.append("status of 422")
        page = reader.open("/tasks/report/hook")
        page.get_by_label("What is it called?").fill("Till")
        page.get_by_label("Only if").fill("action is released")
        page.get_by_label("Month").fill("Mai")
        page.get_by_role("button", name="Make the hook").click()
        page.get_by_text("No hook was made.").wait_for()
        assert page.get_by_label("What is it called?").input_value() == "Till"
        assert page.get_by_label("Only if").input_value() == "action is released"
        for label in ("Only if", "Month"):
            assert page.get_by_label(label).get_attribute("aria-invalid") == "true"
