"""How the pages of signing in and of people look: whole in every size, theme and language, and to axe-core."""

from __future__ import annotations

import pytest

from pushbutton.domain.policy import Grant
from tests.acceptance.doors import fine, invited, signed_in, somebody, world
from tests.acceptance.pages import SIZES

__all__ = ["world"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_wrong_with_the_pages(world, theme, language):
    looks = {"theme": theme, "language": language}
    name = f"lea-{theme}-{language}"
    _, kims = signed_in(world, "kim", Grant("user:kim", "see"))
    for session, paths in (
        ("", ("/signin", invited(world, name))),
        (kims, ("/", "/tasks/deploy", "/tasks/broken", "/profile")),
        (world.session, ("/profile", "/profile/factor", "/people", f"/people/{name}", "/people/ada")),
    ):
        with somebody(world, session, **looks) as reader:
            for _, page in reader.tour(*paths):
                for size in SIZES.values():
                    page.set_viewport_size(size)
                    fine(page)
