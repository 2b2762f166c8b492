"""What all acceptance tests share."""

from playwright.sync_api import expect

expect.set_options(timeout=60_000)  # a net only: what is expected comes when it comes, also on a busy machine
