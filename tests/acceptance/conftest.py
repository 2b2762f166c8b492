"""What all acceptance tests share."""

import pytest
from playwright.sync_api import expect

SHARED = ("doors", "office", "pages")
pytest.register_assert_rewrite(*(f"tests.acceptance.{name}" for name in SHARED))  # they fail with what they compared

expect.set_options(timeout=60_000)  # a net only: what is expected comes when it comes, also on a busy machine


def pytest_sessionfinish() -> None:
    from tests.acceptance.browser import end  # after it was registered above

    end()
