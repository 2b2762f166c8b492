"""What people are told who asked for it, by a real mail server: from the form in their account to the letter."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from pushbutton.domain.messages import MAIL, Wishes
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant

from .entries import put
from .people import Person, people
from .postbox import Postbox, steady, text_of, waiting
from .serving import PATIENCE, Served, until
from .worlds import script

ADDRESS = "ada@home.example"


@pytest.fixture
def box() -> Iterator[Postbox]:
    with Postbox() as made:
        yield made


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "bad.sh", "exit 3")
    script(folder, "slow.sh", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    script(folder, "careful.sh", "true", head="approvals = 1")
    return folder


class World:
    """Ada and Bob, who press and approve; `wishes` are those that they have already."""

    def __init__(self, tasks: Path, box: Postbox, *wishes: Wishes, **more: Any) -> None:
        self.data = tasks.parent / "data"
        roles = {"ada": ["presser", "approver"], "bob": ["presser", "approver"]}
        self.people: dict[str, Person] = people(self.data, roles)
        at = time.time_ns() // 1000
        typed = User("ada", "Ada", "typed@by.admin", added_at=at)
        put(self.data, typed, User("bob", "Bob", "bob@work.example", source="oidc", added_at=at))
        put(self.data, *wishes)
        self.server = Served(tasks, data=self.data, smtp=f"smtp://127.0.0.1:{box.port}", **more)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def browser(self, who: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.server.url, cookies=self.people[who].cookie, timeout=PATIENCE, follow_redirects=True,
            headers={"accept": "text/html"},
        )  # fmt: skip

    def post(self, who: str, path: str, **sent: Any) -> httpx.Response:
        with self.browser(who) as client:
            csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/history").text)
            assert csrf
            return client.post(path, data={"csrf": csrf[1], **sent})

    def press(self, who: str, task: str) -> int:
        answer = self.server.http.post(f"/api/tasks/{task}/runs", json={}, headers=self.people[who].headers)
        number: int = answer.raise_for_status().json()["number"]
        return number


def told(name: str, *tell: str, **more: Any) -> Wishes:
    return Wishes(name, tell, address=more.pop("address", f"{name}@home.example"), **more)


def test_an_address_counts_only_once_a_button_behind_a_letter_was_pressed(tasks, box):
    with World(tasks, box, Wishes("bob", ("fail",))) as world:
        world.post("ada", "/profile/messages", tell="fail")
        world.press("ada", "bad")
        world.press("bob", "bad")
        box.wait(1, "what is told of the second run: by then it is decided who is told of the first")
        assert world.post("ada", "/profile/messages/address", address=ADDRESS).status_code == 200
        mail = box.wait(2)[1]
        assert mail["to"] == ADDRESS
        link = re.search(r"http://\S+(/profile/address/\S+)", text_of(mail))
        assert link
        with world.browser("ada") as client:
            page = client.get(link[1])
            assert ADDRESS in page.text
            assert "No address yet" in client.get("/profile/messages").text  # opening it changed nothing
        with world.browser("bob") as client:
            assert client.get(link[1]).status_code == 403
            assert client.get(f"{link[1]}x").status_code == 404
        assert world.post("bob", link[1]).status_code == 403
        assert "confirmed" in world.post("ada", link[1]).text
        number = world.press("ada", "bad")
        assert f"({number})" in box.wait(3)[2]["subject"]
        assert box.mails[2]["to"] == ADDRESS


def test_one_that_an_administrator_typed_is_nobodys_and_one_from_the_sign_in_is_theirs(tasks, box):
    wishes = (Wishes("ada", ("fail",)), Wishes("bob", ("fail",)))
    with World(tasks, box, *wishes) as world:
        world.press("ada", "bad")
        number = world.press("bob", "bad")
        assert f"({number})" in box.wait(1)[0]["subject"]
        assert steady(lambda: len(box.mails) == 1)
        assert box.mails[0]["to"] == "bob@work.example"


def test_the_end_of_a_run_is_told_also_with_the_browser_closed(tasks, box):
    with World(tasks, box, told("bob")) as world:
        number = world.press("ada", "slow")
        page = world.post("bob", f"/runs/{number}/tell", on="yes")
        assert "You get a letter when it is over." in page.text
        other = world.press("ada", "bad")
        (tasks.parent / "go").touch()
        (mail,) = box.wait(1)
        assert (mail["to"], mail["subject"]) == ("bob@home.example", f"Succeeded: Slow ({number})")
        assert f"({other})" not in str(mail["subject"])


def test_what_needs_somebody_is_told_to_those_who_may_give_it_and_to_no_one_else(tasks, box):
    with World(tasks, box, told("ada", "needs"), told("bob", "needs")) as world:
        number = world.press("ada", "careful")
        (mail,) = box.wait(1)
        assert (mail["to"], mail["subject"]) == ("bob@home.example", f"Needs an approval: Careful ({number})")
        link = re.search(r"(/runs/\d+)\b", text_of(mail))
        assert link
        with world.browser("bob") as client:
            client.get(link[1]).raise_for_status()
            for what in ("approve", "reject", "stop", "move", "tell"):  # nor does any address below it
                client.get(f"/runs/{number}/{what}")
        run = world.server.http.get(f"/api/runs/{number}", headers=world.people["bob"].headers).json()
        assert run["state"] == "held"  # opening the link decided nothing
        assert steady(lambda: len(box.mails) == 1)


def test_a_followed_task_that_fails_is_told_and_not_once_its_right_is_gone(tasks, box):
    with World(tasks, box, told("bob")) as world:
        world.post("bob", "/tasks/bad/follow", on="yes")
        number = world.press("ada", "bad")
        assert f"({number})" in box.wait(1)[0]["subject"]
        world.server.term()
        put(world.data, drop=[Grant("user:bob", "presser"), Grant("user:bob", "approver")])
        world.server.restart()
        again = world.press("ada", "bad")
        until(lambda: _over(world, again), what="its end")
        assert steady(lambda: len(box.mails) == 1)


def test_a_test_goes_to_oneself_at_once_and_says_what_is_in_the_way(tasks, box):
    with World(tasks, box, told("bob")) as world:
        assert "A test is on its way to you." in world.post("bob", "/profile/messages", do="test").text
        assert box.wait(1)[0]["subject"] == "A test"
        assert "wait a minute" in world.post("bob", "/profile/messages", do="test").text
        assert "Nobody knows your address yet" in world.post("ada", "/profile/messages", do="test").text


def test_who_wants_a_page_to_tell_first_gets_no_letter_at_once(tasks, box):
    with World(tasks, box, told("ada", "fail"), told("bob", "fail")) as world:
        assert "Your choices are kept." in world.post("bob", "/profile/messages", tell="fail", patient="yes").text
        with world.browser("bob") as client:
            assert 'name="patient" value="yes" checked' in client.get("/profile/messages").text
        world.press("bob", "bad")
        world.press("ada", "bad")
        assert box.wait(1)[0]["to"] == "ada@home.example"
        until(lambda: waiting(world.server, MAIL) == 1, what="only the other one waits")
        assert steady(lambda: len(box.mails) == 1)


def test_letters_come_in_the_language_in_which_somebody_chose(tasks, box):
    with World(tasks, box, told("bob")) as world:
        with world.browser("bob") as client:
            client.cookies["language"] = "de"
            csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/history").text)
            assert csrf
            client.headers["accept-language"] = "de"
            client.post("/profile/messages", data={"csrf": csrf[1], "tell": "fail"}).raise_for_status()
        number = world.press("bob", "bad")
        assert box.wait(1)[0]["subject"] == f"Gescheitert: Bad ({number})"


def test_a_run_that_takes_longer_than_nine_of_ten_did_is_told_once(tasks, box):
    script(tasks, "steady.sh", '[ -e "$(dirname "$0")/slow" ] && sleep 30; true')
    with World(tasks, box, told("ada", "longer")) as world:
        for _ in range(3):
            number = world.press("ada", "steady")
            until(lambda: _over(world, number), what="its end")  # noqa: B023  asked before the next one
        (tasks / "slow").touch()
        number = world.press("ada", "steady")
        assert box.wait(1)[0]["subject"] == f"Takes longer than usual: Steady ({number})"
        until(lambda: waiting(world.server, MAIL) == 0, what="it to be marked as told")
        world.server.kill9()
        world.server.restart()
        assert steady(lambda: len(box.mails) == 1, 7.0)


def _over(world: World, number: int) -> bool:
    answer = world.server.http.get(f"/api/runs/{number}", headers=world.people["ada"].headers)
    return bool(answer.raise_for_status().json()["over"])
