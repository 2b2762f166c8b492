"""What all acceptance tests share."""

import pytest
from playwright.sync_api import expect

from tests.postgres import Postgres

SHARED = ("doors", "office", "pages")
pytest.register_assert_rewrite(*(f"tests.acceptance.{name}" for name in SHARED))  # they fail with what they compared

expect.set_options(timeout=60_000)  # a net only: what is expected comes when it comes, also on a busy machine


@pytest.fixture
def address(postgres: Postgres) -> str:
    """A database of its own, as nodes name it."""
    return postgres.over_tcp(postgres.database())


def pytest_sessionfinish() -> None:
    from tests.acceptance.browser import end  # after it was registered above

    end()
