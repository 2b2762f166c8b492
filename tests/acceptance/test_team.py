"""docs/howto/people.md and sign-in.md, done as they say: from nobody to a team, and with accounts that people have."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from .directory import PASSWORD, SERVICE, SERVICE_PASSWORD
from .directory import PEOPLE as LDAP_PEOPLE
from .directory import Directory as Ldap
from .provider import SECRET, Provider
from .serving import PATIENCE, Command, Lines, Served, environment, until
from .worlds import script

ROOT = Path(__file__).parents[2]
GOOD = "a horse in the harbour"
LOCK = "This task is for others to press"
BUTTON = 'name="press-seen"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tasks = tmp_path / "tasks"
    (tasks / "deployments").mkdir(parents=True)
    script(tasks, "tidy.sh", "echo tidy")
    script(tasks / "deployments", "deploy.sh", "echo deploy")
    return tasks


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with Served(folder) as server:
        yield server


def user(folder: Path, *words: str) -> str:
    """`pushbutton user …`: what it said."""
    with Command("user", *words, "--tasks", folder) as command:
        assert command.wait() == 0, command.err.text
        return command.out.text


def browsing(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=PATIENCE, headers={"accept": "text/html"})


@contextmanager
def invited(url: str, said: str) -> Iterator[httpx.Client]:
    """A browser in which the invitation's password was set."""
    link = re.search(r"http://\S+/invite/\S+", said)
    assert link
    with browsing(url) as browser:
        until(lambda: browser.get(link[0]).status_code == 200, what="the server knows the invitation")
        answer = browser.post(link[0], data={**csrf(browser, link[0]), "password": GOOD, "again": GOOD})
        assert answer.status_code == 303, answer.text
        yield browser


def csrf(browser: httpx.Client, page: str) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
    assert found
    return {"csrf": found[1]}


def test_from_nobody_to_a_team(server: Served, folder: Path) -> None:
    assert BUTTON in server.http.get("/tasks/tidy").text, "while nobody is added, everybody may press"

    said = user(folder, "add", "ada", "--title", "Ada Lovelace", "--url", server.url)
    assert "The first one: administers everything." in said
    with invited(server.url, said) as ada:
        assert BUTTON in ada.get("/tasks/tidy").text
        assert ada.get("/people").status_code == 200
    with browsing(server.url) as somebody:
        until(lambda: led_to_sign_in(somebody), what="whoever has not signed in is led to the sign-in")

    with invited(server.url, user(folder, "add", "grace", "--group", "ops", "--url", server.url)) as grace:
        assert grace.get("/tasks/tidy").status_code == 404, "without a right there is no task"
        assert grace.get("/people").status_code == 404
        user(folder, "give", "group:ops", "viewer")
        until(lambda: LOCK in grace.get("/tasks/tidy").text, what="who may only look finds a lock")
        assert "Ada Lovelace" in grace.get("/tasks/tidy").text, "and whom to ask"
        user(folder, "give", "user:grace", "press", "--where", "group:Deployments")
        until(lambda: BUTTON in grace.get("/tasks/deploy").text, what="a right of her own adds to the group's")
        assert LOCK in grace.get("/tasks/tidy").text
        user(folder, "take", "group:ops", "viewer")
        until(lambda: grace.get("/tasks/tidy").status_code == 404, what="a right that is taken counts at once")
        user(folder, "change", "grace", "--disable")
        until(lambda: led_to_sign_in(grace), what="who is disabled is signed out")


def test_accounts_of_a_provider_sign_in_at_the_documented_address_and_their_groups_become_rights(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "provider").mkdir()
    with (
        Provider(tmp_path / "provider") as provider,
        Served(
            folder, oidc_issuer=provider.issuer, oidc_client="pushbutton", oidc_client_secret_file=tmp_path / "secret",
            admins="group:ops",
        ) as server,
        browsing(server.url) as ada,
        browsing(server.url) as eve,
    ):  # fmt: skip
        assert led_to_sign_in(eve), "nobody was added, and one has to sign in all the same"
        elsewhere(provider, ada, "Ada")
        assert ada.get("/people").status_code == 200, "her group administers"
        elsewhere(provider, eve, "eve")
        assert eve.get("/tasks/tidy").status_code == 404, "she is in no group and has no right"
        user(folder, "give", "everyone", "presser")
        until(lambda: BUTTON in eve.get("/tasks/tidy").text, what="what everybody is given is hers too")


def test_a_name_that_was_added_here_belongs_to_nobody_of_a_provider(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "provider").mkdir()
    user(folder, "add", "ada")
    with (
        Provider(tmp_path / "provider") as provider,
        Served(
            folder, oidc_issuer=provider.issuer, oidc_client="pushbutton", oidc_client_secret_file=tmp_path / "secret"
        ) as server,
        browsing(server.url) as other,
    ):
        refused = elsewhere(provider, other, "Ada")

        assert "Somebody of that name signs in another way here." in refused.text
        assert led_to_sign_in(other)
        server.command.err.wait_for("“ada” comes from local")


def test_a_name_that_was_added_here_is_not_asked_of_the_directory(folder: Path, tmp_path: Path) -> None:
    said = user(folder, "add", "ada")
    (tmp_path / "password").write_text(SERVICE_PASSWORD)
    (tmp_path / "directory").mkdir()
    with (
        Ldap(tmp_path / "directory") as directory,
        Served(
            folder, ldap_url=directory.tls_url, ldap_ca=directory.ca, ldap_base=LDAP_PEOPLE, ldap_bind_dn=SERVICE,
            ldap_bind_password_file=tmp_path / "password",
        ) as server,
    ):  # fmt: skip
        with invited(server.url, said.replace("http://127.0.0.1:8080", server.url)):
            pass
        assert password(server, "ada", PASSWORD) == 401, "the directory's own word for this name does not count"
        assert password(server, "ada", GOOD) == 303
        directory.stop()
        assert password(server, "ada", GOOD) == 303, "also while the directory is down"


def led_to_sign_in(browser: httpx.Client) -> bool:
    answer = browser.get("/")
    return answer.status_code == 303 and answer.headers["location"].startswith("/signin")


def test_the_demo_with_a_team_shows_an_approval_by_somebody_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = [sys.executable, str(ROOT / "dev"), "demo", "--team", "--data", str(tmp_path / "data"), "--port", port]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment())
    assert process.stdout
    said = Lines(process.stdout)
    try:
        said.wait_for("Pushbutton is ready: ", seconds=60)
        links = re.findall(r"http://\S+/invite/\S+", said.text)
        assert len(links) == 2
        with (
            invited(f"http://127.0.0.1:{port}", links[0]) as ada,
            invited(f"http://127.0.0.1:{port}", links[1]) as grace,
        ):
            page = "/tasks/remove-forgotten-baskets"
            pressed = ada.post(page, data={**csrf(ada, page), "days": "90", "press-why": "They are in the way."})
            assert pressed.status_code == 303, pressed.text
            where = pressed.headers["location"]
            until(lambda: "would remove basket 4711" in grace.get(where).text, what="Grace sees what will be done")
            until(lambda: where in grace.get("/inbox").text, what="and it waits for her")
            assert where not in ada.get("/inbox").text, "nobody approves what they pressed"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        said.close()


def password(server: Served, name: str, word: str) -> int:
    with browsing(server.url) as browser:
        return browser.post("/signin", data={**csrf(browser, "/signin"), "name": name, "password": word}).status_code


def elsewhere(provider: Provider, browser: httpx.Client, name: str) -> httpx.Response:
    """Sign in with the provider, as a browser does; the answer of the address to which it sends it back."""
    begun = browser.get("/signin/elsewhere")
    assert begun.status_code == 303, begun.text
    back = browser.base_url.join("/signin/return")
    params = provider.sign_in(begun.headers["location"], name, back=str(back))
    return browser.get("/signin/return", params=params)
