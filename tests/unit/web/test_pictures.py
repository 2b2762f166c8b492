"""Which picture a group gets."""

import re
from pathlib import Path

import pytest

from pushbutton import web
from pushbutton.web.views import pictures
from pushbutton.web.views.pictures import group_picture


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("Deployments", "up"),
        ("Data fixes", "fix"),
        ("Reports", "chart"),
        ("Access", "key"),
        ("Monatliche BERICHTE", "clock"),
        ("Sicherheit", "lock"),
        ("The shop's releases", "up"),
        ("Everything", "folder"),
        ("", "folder"),
        ("🦄", "folder"),
    ],
)
def test_a_groups_picture_goes_by_its_words(name: str, picture: str) -> None:
    assert group_picture(name) == picture


def test_every_picture_is_there() -> None:
    drawn = set(re.findall(r'id="(\w+)"', (Path(web.__file__).parent / "static" / "icons.svg").read_text()))
    assert {*pictures._BEGINNINGS, "folder"} <= drawn
