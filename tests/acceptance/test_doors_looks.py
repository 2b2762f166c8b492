"""How the pages of signing in and of people look: whole in every size, theme and language, and to axe-core."""

from __future__ import annotations

import pytest

from pushbutton.domain.policy import Grant
from tests.acceptance.doors import fine, invited, signed_in, somebody, world
from tests.acceptance.pages import SIZES

__all__ = ["world"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_wrong_with_the_pages(world, theme, size, language):
    looks = {"theme": theme, "language": language}
    name = f"lea-{theme}-{size}-{language}"
    with somebody(world, size=size, **looks) as nobody:
        for path in ("/signin", invited(world, name)):
            fine(nobody.open(path))
    _, secret = signed_in(world, "kim", Grant("user:kim", "see"))
    with somebody(world, secret, size=size, **looks) as kim:
        for path in ("/", "/tasks/deploy", "/tasks/broken", "/profile"):
            fine(kim.open(path))
    with somebody(world, world.session, size=size, **looks) as admin:
        for path in ("/profile", "/profile/factor", "/people", f"/people/{name}", "/people/ada"):
            fine(admin.open(path))
