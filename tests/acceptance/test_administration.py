"""The pages for whoever administers the server: they say what is so, show no secret, and are there for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from tests.acceptance.entries import put
from tests.acceptance.people import Person, people
from tests.acceptance.serving import PATIENCE, Served
from tests.acceptance.worlds import script

HIDDEN = "a-value-that-nobody-may-see"
PATHS = ("", "/tasks", "/secrets", "/storage", "/settings")


class World(NamedTuple):
    server: Served
    who: dict[str, Person]
    folder: Path

    def read(self, who: str, path: str) -> httpx.Response:
        headers = {"accept": "text/html"}
        return httpx.get(self.server.url + path, headers=headers, cookies=self.who[who].cookie, timeout=PATIENCE)

    def page(self, path: str) -> str:
        """As Ada reads it."""
        return self.read("ada", path).raise_for_status().text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("administration")
    tasks = folder / "tasks"
    tasks.mkdir()
    script(
        tasks, "deploy", "true", head='title = "Deploy the shop"\ngroup = "Shop"\nsecrets = ["SHOP_KEY", "LOST_KEY"]'
    )
    script(tasks, "tidy", "true", head="keep = {days = 7}")
    script(tasks, "odd", "true", head="at_once = 0")
    (tasks / "pushbutton.yaml").write_text("secrets:\n  SHOP_KEY: {env: SHOP_KEY_HERE}\n")
    (folder / "token").write_text(HIDDEN)
    who = people(folder / "data", {"ada": ["admin"], "vic": ["viewer"], "pia": []})
    put(
        folder / "data", User("pia", "Pia Berg", groups=("release",)), Grant("group:release", "presser", "group:Shop"),
        Grant("user:pia", "output", "task:tidy"),
    )  # fmt: skip
    env = {"SHOP_KEY_HERE": HIDDEN, "PUSHBUTTON_KEEP_DAYS": "30"}
    with Served(
        tasks, data=folder / "data", at_once=3, metrics_token_file=folder / "token", env=env
    ) as server:  # fmt: skip
        yield World(server, who, folder)


def test_the_overview_names_what_needs_somebody(world):
    page = world.page("/administration")
    assert "2 tasks are broken and cannot be pressed" in page, "one says something wrong, one lacks a secret"
    assert "1 secret is missing that a task needs" in page
    assert "All is well" not in page


def test_tasks_are_listed_with_their_files_and_what_is_wrong_the_broken_ones_first(world):
    page = world.page("/administration/tasks")
    assert f"{world.folder}/tasks/deploy:" in page
    assert "at_once" in page
    assert page.index('id="task-odd"') < page.index('id="task-deploy"')
    assert "about=task%20deploy" in page


def test_secrets_are_listed_by_name_with_who_needs_them_and_never_a_value(world):
    page = world.page("/administration/secrets")
    for named in ("SHOP_KEY", "LOST_KEY", "$SHOP_KEY_HERE", "Deploy the shop"):
        assert named in page
    assert page.count("Missing") == 1


def test_settings_say_where_each_comes_from_and_show_no_secret(world):
    page = world.page("/administration/settings")
    given = page.partition("As they are by default")[0]
    assert "--at-once" in given
    assert "PUSHBUTTON_KEEP_DAYS" in given
    assert f"--metrics-token-file: {world.folder}/token" in given


def test_storage_says_how_long_runs_are_kept(world):
    page = world.page("/administration/storage")
    assert "30 days" in page
    assert "7 days" in page


def test_no_page_of_the_administration_holds_a_secret(world):
    for path in PATHS:
        assert HIDDEN not in world.page(f"/administration{path}")


def test_for_others_the_administration_does_not_exist(world):
    for who in ("vic", "pia"):
        for path in PATHS:
            assert world.read(who, f"/administration{path}").status_code == 404
        assert "/administration" not in world.read(who, "/").text
    assert 'href="/administration"' in world.page("/")


def test_a_persons_page_says_what_they_may_do_and_through_what(world):
    page = world.page("/people/pia").partition('id="h-effective"')[2]
    deploy = page.partition("Deploy the shop</h3>")[2].partition("</ul>")[0]
    assert "Press" in deploy
    assert "Group release: may press and stop all tasks in “Shop”" in deploy
    assert "Read the output" in page.partition("Tidy</h3>")[2].partition("</ul>")[0]


def test_the_trail_names_the_right_that_was_given_and_people_and_tasks_by_what_they_are_called(world):
    with httpx.Client(base_url=world.server.url, cookies=world.who["ada"].cookie, timeout=PATIENCE) as client:
        csrf = client.get("/people").text.partition('name="csrf" content="')[2].partition('"')[0]
        given = {"csrf": csrf, "who": "user:pia", "gives": "press", "where": "task:deploy", "person": "pia"}
        assert client.post("/people/grants", data=given).status_code == 303
    page = world.page("/audit")
    assert "Ada gave “Pia Berg” a right: may press “Deploy the shop”" in page
    assert "The task “Deploy the shop” is broken" in page
