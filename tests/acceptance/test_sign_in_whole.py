"""Sign-in by a provider, a directory and a proxy, through the whole server and its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.runtime.refusals import SINGLE_EACH

from .directory import PASSWORD, PEOPLE, SERVICE, SERVICE_PASSWORD, Directory, free_port
from .entries import COOKIE, a_token, put
from .provider import SECRET, Provider
from .serving import PATIENCE, Command, Served, until
from .worlds import script

HTML = {"accept": "text/html"}


class Site(NamedTuple):
    server: Served
    provider: Provider


def tasks(folder: Path) -> Path:
    (folder / "tasks").mkdir()
    script(folder / "tasks", "deploy", "echo deployed")
    return folder / "tasks"


def browser(server: Served, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={**HTML, **headers}, timeout=PATIENCE)


def token_of(http: httpx.Client, path: str = "/") -> str:
    return http.get(path, headers=HTML).text.partition('name="csrf" content="')[2].partition('"')[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_site(tmp_path_factory.mktemp("whole")) as found:
        yield found


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """One whose trail nobody else wrote into: what is refused is recorded one by one a few times a minute only."""
    with a_site(tmp_path) as found:
        yield found


@contextmanager
def a_site(folder: Path) -> Iterator[Site]:
    port = free_port()
    put(folder / "data", User("eve", "Eve of here"), Grant("group:dev", "presser"))
    with (
        Provider(folder, f"http://127.0.0.1:{port}/signin/return") as provider,
        Served(
            tasks(folder), data=folder / "data", port=port, oidc_issuer=provider.issuer, oidc_client="pushbutton",
            admins="group:ops", env={"PUSHBUTTON_OIDC_CLIENT_SECRET": SECRET},
        ) as server,
    ):  # fmt: skip
        yield Site(server, provider)


def come_back(site: Site, http: httpx.Client, name: str, *, back: str = "") -> str:
    """Go to the provider and sign in there; the path with which it sends the browser back."""
    begun = http.get("/signin/elsewhere", params={"next": back})
    assert begun.status_code == 303
    params = site.provider.sign_in(begun.headers["location"], name)
    return f"/signin/return?{urlencode(params)}"


def test_whoever_the_provider_knows_signs_in_with_the_rights_of_their_groups(site):
    with browser(site.server) as http:
        assert "/signin/elsewhere" in http.get("/signin").text
        answer = http.get(come_back(site, http, "Ada", back="/history?task=deploy"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/history?task=deploy")
        assert http.get("/people").status_code == 200  # “ops” administers, the setting says so
        assert "OIDC" in http.get("/profile").text
        assert "OIDC says so." in http.get("/people/ada").text
        pressed = http.post("/api/tasks/deploy/runs", json={}, headers={"x-csrf-token": token_of(http)})
        assert pressed.status_code == 202
        run = http.get(f"/api/runs/{pressed.json()['number']}").json()
        assert (run["actor"], run["cause"]["kind"]) == ("ada", "person")


def test_the_return_of_another_browser_is_refused(fresh):
    site = fresh
    with browser(site.server) as mine, browser(site.server) as theirs:
        path = come_back(site, theirs, "Ada")
        for http in (mine, theirs):
            http.get("/signin")
        answer = mine.get(path)  # without the cookie of the one that began
        assert answer.status_code == 401
        assert "begun elsewhere" in answer.text
        assert COOKIE not in mine.cookies
        mine.get("/signin/elsewhere")  # with one of its own
        assert mine.get(path).status_code == 401
        assert theirs.get(path).status_code == 303
        assert theirs.get(path).status_code == 401  # once
    said = ("user (unknown)", "oidc", "This sign-in took too long or was begun elsewhere. Begin it once more.")
    until(lambda: refused_sign_ins(site.server) == [said] * 3, what="each is in the trail")


def test_a_flood_of_returns_that_nobody_began_is_a_few_records(fresh):
    with browser(fresh.server) as http:
        http.get("/signin/elsewhere")
        for number in range(60):
            assert http.get(f"/signin/return?state=guess-{number}&code=1").status_code == 401
        assert http.get("/signin/return").status_code == 401
    until(lambda: len(refused_sign_ins(fresh.server)) >= SINGLE_EACH, what="the first few")
    minutes = 2  # that it may have taken
    assert len(refused_sign_ins(fresh.server)) <= minutes * (SINGLE_EACH + 1)


def test_a_name_that_a_local_user_has_is_refused(site):
    with browser(site.server) as http:
        answer = http.get(come_back(site, http, "eve"))
        assert answer.status_code == 401
        assert "Somebody of that name signs in another way here" in answer.text
        assert COOKIE not in http.cookies
    assert "Eve of here" in _listed(site.server)

    assert ("user eve", "oidc", "“eve” comes from local, and now oidc names them") in refused_sign_ins(site.server)


def refused_sign_ins(server: Served) -> list[tuple[str, str, str]]:
    """In the trail: about whom, by which way, and why."""
    with Command("audit", "export", "--kind", "session", "--data", server.data) as command:
        assert command.wait() == 0, command.err.text
        found = [json.loads(line) for line in command.out.text.splitlines()]
    found = [one for one in found if one["verb"] == "session.refuse"]
    return [(one["about"], one["data"].get("by", ""), one["data"].get("why", "")) for one in found]


def _listed(server: Served) -> str:
    with Command("user", "list", "--data", server.data) as command:
        assert command.wait() == 0, command.err.text
        return command.out.text


def test_a_name_that_passed_to_another_account_is_refused_until_somebody_says_that_it_is_right(site):
    put(site.server.data, User("ada", source="oidc", subject="somebody else"))
    with browser(site.server) as http:
        until(lambda: "Somebody else had that name before" in http.get(come_back(site, http, "Ada")).text, what="seen")
        assert COOKIE not in http.cookies
        with Command("user", "change", "ada", "--other-account", "--data", site.server.data) as command:
            assert command.wait() == 0, command.err.text
        until(lambda: http.get(come_back(site, http, "Ada")).status_code == 303, what="it is hers now")
    assert SECRET not in site.server.err


def test_what_the_browser_is_sent_away_with_says_where_it_comes_back_to(site):
    with browser(site.server) as http:
        begun = http.get("/signin/elsewhere")
        query = parse_qs(urlsplit(begun.headers["location"]).query)
        assert query["redirect_uri"] == [f"{site.server.url}/signin/return"]
        assert begun.headers["cache-control"] == "no-store"
        (given,) = [line for line in begun.headers.get_list("set-cookie") if line.startswith("signin=")]
        assert {"HttpOnly", "Path=/signin", "SameSite=lax"} <= set(given.split("; "))


def test_the_directory_lets_people_in_by_the_form(tmp_path: Path):
    (tmp_path / "directory").mkdir()
    put(tmp_path / "data", User("eve", "Eve of here"))
    with (
        Directory(tmp_path / "directory") as directory,
        Served(
            tasks(tmp_path), data=tmp_path / "data", ldap_url=directory.url, ldap_base=PEOPLE, ldap_bind_dn=SERVICE,
            admins="group:dev", env={"PUSHBUTTON_LDAP_BIND_PASSWORD": SERVICE_PASSWORD},
        ) as server,
        browser(server) as http,
    ):  # fmt: skip
        form = {"csrf": token_of(http, "/signin"), "password": PASSWORD}
        assert http.post("/signin", data={**form, "name": "ada", "password": "not that one"}).status_code == 401
        assert http.post("/signin", data={**form, "name": "eve"}).status_code == 401  # has no password here
        assert http.post("/signin", data={**form, "name": "Ada"}).headers["location"] == "/"
        assert http.get("/people").status_code == 200
        assert "LDAP" in http.get("/profile").text
        assert PASSWORD not in server.err


def test_whom_the_directory_knows_and_who_may_not_come_in_leaves_a_record(tmp_path: Path):
    (tmp_path / "directory").mkdir()
    put(tmp_path / "data", User("ada", source="ldap", disabled=True), User("eve", source="proxy"))
    with (
        Directory(tmp_path / "directory") as directory,
        Served(
            tasks(tmp_path), data=tmp_path / "data", ldap_url=directory.url, ldap_base=PEOPLE, ldap_bind_dn=SERVICE,
            env={"PUSHBUTTON_LDAP_BIND_PASSWORD": SERVICE_PASSWORD},
        ) as server,
        browser(server) as http,
    ):  # fmt: skip
        form = {"csrf": token_of(http, "/signin"), "password": PASSWORD}
        for name in ("ada", "eve"):
            assert http.post("/signin", data={**form, "name": name}).status_code == 401
        until(lambda: len(refused_sign_ins(server)) == 2, what="the records")
        assert sorted(refused_sign_ins(server)) == [
            ("user ada", "ldap", "“ada” is disabled here"),
            ("user eve", "ldap", "“eve” comes from proxy, and now ldap names them"),
        ]


def test_who_leaves_the_directory_has_nothing_that_counts_until_they_are_back(tmp_path: Path):
    (tmp_path / "directory").mkdir()
    token, secret = a_token(user="ben")
    put(tmp_path / "data", token)
    with (
        Directory(tmp_path / "directory") as directory,
        Served(
            tasks(tmp_path), data=tmp_path / "data", ldap_url=directory.url, ldap_base=PEOPLE, ldap_bind_dn=SERVICE,
            ldap_look_hours=0.0002, env={"PUSHBUTTON_LDAP_BIND_PASSWORD": SERVICE_PASSWORD},
        ) as server,
        browser(server) as http, browser(server) as other, browser(server) as program,
    ):  # fmt: skip

        def come_in(browser: httpx.Client, name: str) -> None:
            form = {"csrf": token_of(browser, "/signin"), "password": PASSWORD}
            assert browser.post("/signin", data={**form, "name": name}).status_code == 303

        def counts() -> list[int]:
            asked = {"accept": "application/json"}
            mine = [one.get("/api/tasks", headers=asked).status_code for one in (http, other)]
            return [*mine, program.get("/api/tasks", headers={"authorization": f"Bearer {secret}"}).status_code]

        directory.add("ben")
        come_in(http, "ben")
        come_in(other, "eve")
        assert counts() == [200, 200, 200]
        directory.stop()
        until(lambda: "who left the directory is not known" in server.err, what="a look that came to nothing")
        assert counts() == [200, 200, 200]
        directory.start()
        directory.remove("ben")
        until(lambda: counts() == [401, 200, 401], what="he is out")
        assert (
            "gone or locked in the directory; it counts again"
            in program.get("/api/tasks", headers={"authorization": f"Bearer {secret}"}).text
        )
        assert "gone or locked in the directory" in _listed(server)
        directory.add("ben")
        assert counts() == [401, 200, 401], "not before he signs in"
        come_in(http, "ben")
        assert counts() == [200, 200, 200]
        with Command("audit", "export", "--kind", "user", "--data", server.data) as command:
            assert command.wait() == 0, command.err.text
            found = [json.loads(line) for line in command.out.text.splitlines()]
        (gone,) = [one for one in found if one["verb"] == "user.gone"]
        assert (gone["about"], gone["data"]["found"]) == ("user ben", "nobody of that name")


def test_whom_a_proxy_names_and_who_may_not_come_in_leaves_a_record(tmp_path: Path):
    put(tmp_path / "data", User("eve", "Eve of here"), User("max", source="proxy", disabled=True))
    settings: dict[str, Any] = {"proxy_user_header": "Remote-User", "proxy_from": "127.0.0.1"}
    with Served(tasks(tmp_path), data=tmp_path / "data", **settings) as server, browser(server) as http:
        for name in ("eve", "max", "max, eve"):
            assert http.get("/api/tasks", headers={"remote-user": name}).status_code == 403

        def told() -> list[tuple[str, str]]:
            with Command("audit", "export", "--kind", "request", "--data", server.data) as command:
                assert command.wait() == 0, command.err.text
                found = [json.loads(line)["data"] for line in command.out.text.splitlines()]
            return sorted((one["tried"], one["brought"]) for one in found)

        until(lambda: len(told()) == 3, what="the records")
        assert [tried for tried, _ in told()] == ["GET /api/tasks"] * 3
        (name, *others) = [brought for _, brought in told()]
        assert name.startswith("a proxy’s word: the proxy at 127.0.0.1, in “remote-user”: “max, eve” cannot be a user")
        assert others == [
            "a proxy’s word: “eve” comes from local, and now proxy names them",
            "a proxy’s word: “max” is disabled here",
        ]


@pytest.mark.parametrize(("trusted", "status"), [("127.0.0.1", 200), ("192.0.2.7", 401)])
def test_a_proxys_header_counts_from_its_address_only(tmp_path: Path, trusted: str, status: int):
    settings: dict[str, Any] = {
        "proxy_user_header": "Remote-User",
        "proxy_groups_header": "Remote-Groups",
        "admins": "group:ops",
    }
    with Served(tasks(tmp_path), proxy_from=trusted, **settings) as server:
        says = {"remote-user": "Ada", "remote-groups": "ops"}
        with browser(server, **says, **{"x-forwarded-for": "127.0.0.1"}) as http:
            assert http.get("/api/tasks").status_code == status
            if status != 200:
                return
            assert http.get("/people").status_code == 200
            assert http.post("/api/tasks/deploy/runs", json={}).status_code == 403
            assert http.post("/tasks/deploy", data={}).status_code == 403
            token = token_of(http)
            pressed = http.post("/api/tasks/deploy/runs", json={}, headers={"x-csrf-token": token})
            assert (pressed.status_code, pressed.json()["actor"]) == (202, "ada")
            assert http.post("/tasks/deploy", data={"csrf": token}).status_code == 303
            assert http.get("/api/tasks", headers={"remote-user": "bob", "remote-groups": ""}).json() == []
            foreign = {"remote-user": "bob", "x-csrf-token": token}
            assert http.post("/api/tasks/deploy/runs", json={}, headers=foreign).status_code == 403
        with browser(server) as nobody:
            assert nobody.get("/api/tasks").status_code == 401
