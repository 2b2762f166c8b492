"""What all acceptance tests share."""

import pytest
from playwright.sync_api import expect

pytest.register_assert_rewrite("tests.acceptance.pages", "tests.acceptance.doors")  # these fail with what they compared

expect.set_options(timeout=60_000)  # a net only: what is expected comes when it comes, also on a busy machine
