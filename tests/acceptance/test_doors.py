"""The doors over a real server: what a browser is given and for how long, what guessing costs, what is told to whom."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.person import Session, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.token import hashed
from pushbutton.web.routes import PAGES
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.serving import PATIENCE, Command, Served, until
from tests.acceptance.worlds import script

PASSWORD = "four words will do"
HTML = {"accept": "text/html"}


class Site:
    """A server with Ada, who administers, and whoever a test invites."""

    def __init__(self, server: Served, session: str) -> None:
        self.server, self.session = server, session

    def browser(self, session: str = "", **headers: str) -> httpx.Client:
        cookies = httpx.Cookies()
        if session:
            cookies.set(COOKIE, session, domain="127.0.0.1")
        return httpx.Client(base_url=self.server.url, cookies=cookies, headers={**HTML, **headers}, timeout=PATIENCE)

    def user(self, *words: str, code: int = 0) -> str:
        """What `pushbutton user …` says."""
        with Command("user", *words, "--data", self.server.data) as command:
            assert command.wait() == code, command.err.text
            return command.out.text if code == 0 else command.err.text

    def invitation(self, name: str, *, known: bool = False) -> str:
        said = self.user("invite" if known else "add", name)
        return said[said.index("/invite/") :].split()[0]

    def join(self, name: str, password: str = PASSWORD) -> httpx.Client:
        """Somebody new, signed in by taking up an invitation."""
        with self.browser() as http:
            assert fill(http, self.invitation(name), password=password, again=password).status_code == 303
            return self.browser(http.cookies[COOKIE])


@contextlib.contextmanager
def _served(folder: Path, *, fresh: bool = False) -> Iterator[Site]:
    (folder / "tasks").mkdir()
    script(folder / "tasks", "deploy", "echo deployed")
    session, secret = a_session()
    put(folder / "data", *ada(), session, Grant("everyone", "presser"))
    with Served(folder / "tasks", data=folder / "data", fresh=fresh) as server:
        server.http.cookies[COOKIE] = secret
        yield Site(server, secret)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with _served(tmp_path_factory.mktemp("doors")) as made:
        yield made


@pytest.fixture
def costly(tmp_path: Path) -> Iterator[Site]:
    """Where a password costs what it costs for everybody but tests."""
    with _served(tmp_path, fresh=True) as made:
        yield made


def token_of(text: str) -> str:
    return text.partition('name="csrf" content="')[2].partition('"')[0]


def fill(http: httpx.Client, path: str, *, page: str = "", **fields: str) -> httpx.Response:
    """Send the form that stands at `page`, or at `path` itself."""
    csrf = token_of(http.get(page or path).text)
    return http.post(path, data={"csrf": csrf, **fields})


def sign_in(http: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return fill(http, "/signin", name=name, password=password, **more)


def cookie(answer: httpx.Response, name: str) -> dict[str, str]:
    """Its attributes, lower case, with its value as “=”."""
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    value, *rest = line.split("; ")
    return {"=": value.partition("=")[2], **{part.partition("=")[0].lower(): part.partition("=")[2] for part in rest}}


# --- the command line beside a running server


def test_whoever_is_added_beside_a_running_server_is_known_at_once(site):
    assert "Added bea." in site.user("add", "bea", "--title", "Bea", "--email", "bea@example.org", "--group", "ops")
    path = site.invitation("bea", known=True)
    with site.browser() as http:
        assert fill(http, path, password=PASSWORD, again=PASSWORD).status_code == 303
        assert http.get("/profile").status_code == 200


def test_an_invitation_is_good_once_and_only_the_newest(site):
    first = site.invitation("cleo")
    second = site.invitation("cleo", known=True)
    with site.browser() as http:
        assert http.get(first).status_code == 404
        assert http.get(second).status_code == 200
        wrong = fill(http, second, password="short", again="short")
        assert wrong.status_code == 422
        assert fill(http, second, password=PASSWORD, again=PASSWORD).status_code == 303
    with site.browser() as http:
        assert http.get(second).status_code == 404
        assert http.post(second, data={"password": PASSWORD}).status_code in {403, 404}
        assert sign_in(http, "cleo").status_code == 303


def test_a_reset_ends_the_sessions_and_the_old_password(site):
    with site.join("dina") as old:
        path = site.invitation("dina", known=True)
        assert old.get("/profile").status_code == 200  # an invitation alone changes nothing
        with site.browser() as new:
            assert fill(new, path, password="four other words do", again="four other words do").status_code == 303
            assert new.get("/profile").status_code == 200
        assert old.get("/profile").headers["location"] == "/signin?next=%2Fprofile"
        assert old.get("/api/tasks").status_code == 401
    with site.browser() as http:
        assert sign_in(http, "dina").status_code == 401
        assert sign_in(http, "dina", "four other words do").status_code == 303


def test_what_is_said_on_the_command_line_counts_for_the_server(site):
    with site.join("edda") as http:
        site.user("give", "group:night", "admin", "--where", "task:deploy")
        site.user("change", "edda", "--title", "Edda E", "--group", "night")
        until(lambda: "Edda E" in http.get("/profile").text, what="the change is seen")
        listed = site.user("list")
        assert re.search(r"edda +Edda E +night +local", listed)
        assert "group:night admin task:deploy" in listed
        site.user("take", "group:night", "admin", "--where", "task:deploy")
        assert "group:night" not in site.user("list")
        site.user("change", "edda", "--disable")
        until(lambda: http.get("/api/tasks").status_code == 401, what="she is not let in any more")
        assert "may not sign in" in site.user("list")
        site.user("change", "edda", "--enable")
        site.user("remove", "edda")
        assert "edda" not in site.user("list")
    with site.browser() as http:
        assert sign_in(http, "edda").status_code == 401


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "ada"], "There is already a user named “ada”"),
        (["add", "Not Good"], "cannot be a user name"),
        (["add", "local"], "means somebody else here"),
        (["invite", "nobody"], "nobody"),
        (["remove", "ada"], "Nobody would be left who may administer"),
        (["change", "ada", "--disable"], "Nobody would be left who may administer"),
        (["take", "user:ada", "admin"], "Nobody would be left who may administer"),
        (["give", "ada", "viewer"], "“ada” is nobody"),
        (["give", "user:ada", "king"], "There is no role or right “king”"),
        (["give", "user:ada", "viewer", "--where", "somewhere"], "“somewhere” is no place"),
        (["give", "user:nobody", "viewer"], "nobody"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(site, words, said):
    with Command("user", *words, "--data", site.server.data) as command:
        assert command.wait() != 0
        assert said in " ".join(command.err.text.split())
        assert "Traceback" not in command.err.text


def test_the_first_user_closes_the_door_of_a_running_server(tmp_path: Path):
    script(tmp_path, "deploy", "echo deployed")
    with Served(tmp_path) as server:
        assert server.http.get("/api/tasks").status_code == 200
        with Command("user", "add", "ada", "--data", server.data) as command:
            assert command.wait() == 0, command.err.text
        assert "administers everything" in command.out.text
        until(lambda: server.http.get("/api/tasks").status_code == 401, what="one has to sign in")
        assert server.http.get("/", headers=HTML).headers["location"] == "/signin?next=%2F"


# --- sessions


def test_the_cookie_changes_at_every_step_and_the_old_ones_are_worth_nothing(site):
    with site.join("fay") as http:
        given = [http.cookies[COOKIE]]
        secret = _factor(http)
        sign_in(http, "fay")  # while signed in: the door leads on, so the form is sent as it was
        http.cookies.delete(COOKIE)
        planted = "pbs_planted-by-somebody-else-beforehand"
        http.cookies.set(COOKIE, planted, domain="127.0.0.1")
        assert sign_in(http, "fay").headers["location"].startswith("/signin/code")
        given.append(http.cookies[COOKIE])
        assert http.get("/api/tasks").status_code == 401  # half of it is nothing
        assert fill(http, "/signin/code", code=pyotp.TOTP(secret).at(time.time() + 30)).headers["location"] == "/"
        given.append(http.cookies[COOKIE])
        assert http.get("/api/tasks").status_code == 200
        assert len({*given, planted}) == 4
        for old in (planted, given[1]):
            with site.browser(old) as other:
                assert other.get("/api/tasks").status_code == 401
        last = http.cookies[COOKIE]
        assert fill(http, "/signout", page="/").headers["location"] == "/signin"
        assert COOKIE not in http.cookies
        with site.browser(last) as other:
            assert other.get("/api/tasks").status_code == 401


def _factor(http: httpx.Client) -> str:
    """Set up the second factor; its secret."""
    page = http.get("/profile/factor").text
    secret = page.partition('name="secret" value="')[2].partition('"')[0]
    form = {"csrf": token_of(page), "secret": secret, "code": pyotp.TOTP(secret).now()}
    assert http.post("/profile/factor", data=form).status_code == 200
    return secret


def test_signing_in_ends_the_session_that_the_browser_had(site):
    with site.join("gwen") as http:
        old, form = http.cookies[COOKIE], http.get("/profile").text
        again = http.post("/signin", data={"csrf": token_of(form), "name": "gwen", "password": PASSWORD})
        assert again.status_code == 303
        assert http.cookies[COOKIE] != old
        with site.browser(old) as other:
            assert other.get("/api/tasks").status_code == 401


def test_the_cookie_of_a_session_is_for_this_server_alone(site):
    site.join("hedy").close()
    with site.browser() as http:
        given = cookie(sign_in(http, "hedy"), COOKIE)
    assert {name: value for name, value in given.items() if name != "="} == {
        "path": "/",
        "httponly": "",
        "samesite": "lax",
    }
    assert re.fullmatch(r"pbs_[\w-]{32}", given["="])


def test_on_https_the_cookie_is_one_that_nobody_else_can_set(tmp_path: Path):
    script(tmp_path, "deploy", "echo deployed")
    session, secret = a_session()
    put(tmp_path / "data", *ada(), session)
    with Served(tmp_path, data=tmp_path / "data", trust_proxy="127.0.0.1", allow_host="buttons.example") as server:
        https = {**HTML, "host": "buttons.example", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
        with Command("user", "invite", "ada", "--data", server.data) as command:
            assert command.wait() == 0
        path = command.out.text[command.out.text.index("/invite/") :].split()[0]
        with httpx.Client(base_url=server.url, headers=https, timeout=PATIENCE) as http:
            page = http.get(path)
            form = cookie(page, "__Host-form")
            assert {"secure", "httponly"} <= form.keys()
            answer = http.post(
                path,
                data={"csrf": token_of(page.text), "password": PASSWORD, "again": PASSWORD},
                headers={"cookie": f"__Host-form={form['=']}", "origin": "https://buttons.example"},
            )
            given = cookie(answer, "__Host-pushbutton")
            assert {name: value for name, value in given.items() if name != "="} == {
                "path": "/",
                "httponly": "",
                "secure": "",
                "samesite": "lax",
            }
            held = {"cookie": f"__Host-pushbutton={given['=']}"}
            assert http.get("/api/tasks", headers=held).status_code == 200
            # the name without the prefix, which another host could have set, counts for nothing there
            assert http.get("/api/tasks", headers={"cookie": f"pushbutton={given['=']}"}).status_code == 401
            assert http.get("/api/tasks", headers={"cookie": f"pushbutton={secret}"}).status_code == 401


def test_on_https_a_password_lets_in_by_that_cookie_alone_and_signing_out_takes_it_away(tmp_path: Path):
    script(tmp_path, "deploy", "echo deployed")
    put(tmp_path / "data", *ada())
    with Served(tmp_path, data=tmp_path / "data", trust_proxy="127.0.0.1", allow_host="buttons.example") as server:
        site = Site(server, "")
        with site.browser() as http:
            assert fill(http, site.invitation("ada", known=True), password=PASSWORD, again=PASSWORD).status_code == 303
        https = {
            **HTML, "host": "buttons.example", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1",
            "origin": "https://buttons.example",
        }  # fmt: skip
        with httpx.Client(base_url=server.url, headers=https, timeout=PATIENCE) as http:
            page = http.get("/signin")
            form = {"cookie": f"__Host-form={cookie(page, '__Host-form')['=']}"}
            sent = {"csrf": token_of(page.text), "name": "ada", "password": PASSWORD}
            answer = http.post("/signin", data=sent, headers=form)
            given = cookie(answer, "__Host-pushbutton")
            assert {name: value for name, value in given.items() if name != "="} == {
                "path": "/",
                "httponly": "",
                "secure": "",
                "samesite": "lax",
            }
            names = {line.partition("=")[0] for line in answer.headers.get_list("set-cookie")}
            assert {name for name in names if not name.startswith("__Host-")} == set()
            held = {"cookie": f"__Host-pushbutton={given['=']}"}
            inside = http.get("/profile", headers=held)
            assert inside.status_code == 200
            out = http.post("/signout", data={"csrf": token_of(inside.text)}, headers=held)
            gone = cookie(out, "__Host-pushbutton")
            assert (gone["="].strip('"'), gone["max-age"], "secure" in gone) == ("", "0", True)
            assert http.get("/api/tasks", headers=held).status_code == 401


@pytest.mark.parametrize("limit", ["idle", "absolute"])
def test_a_session_ends_when_it_is_not_used_and_after_its_time(tmp_path: Path, limit: str):
    script(tmp_path, "deploy", "echo deployed")
    put(tmp_path / "data", *ada())
    hour = 3600 * 1_000_000
    settings: dict[str, Any] = {"session_hours": 0.01} if limit == "idle" else {"session_days": 0.01}
    seconds = 36 if limit == "idle" else 864
    with Served(tmp_path, data=tmp_path / "data", **settings) as server:
        site = Site(server, "")
        with site.browser() as http:
            path = site.invitation("ada", known=True)
            assert fill(http, path, password=PASSWORD, again=PASSWORD).status_code == 303
            assert http.get("/api/tasks").status_code == 200
            session = _session(server.data, http.cookies[COOKIE])
            assert session.until - session.begun_at == (14 * 24 * hour if limit == "idle" else seconds * 1_000_000)
            past = int((seconds + 1) * 1_000_000)
            if limit == "idle":
                aged = replace(session, seen_at=session.seen_at - past)
            else:
                aged = replace(session, begun_at=session.begun_at - past, until=session.until - past)
            put(server.data, aged)
            until(lambda: http.get("/api/tasks").status_code == 401, what="the session is over")


def _session(data: Path, secret: str) -> Session:
    async def read() -> Session:
        store = SqliteStore(data / "history.db")
        await store.open()
        try:
            return (await store.people.load()).sessions[hashed(secret)]
        finally:
            await store.close()

    return asyncio.run(read())


# --- the way back


@pytest.fixture(scope="module")
def ida(site: Site) -> Iterator[httpx.Client]:
    with site.join("ida") as http:
        yield http


@pytest.mark.parametrize(
    ("back", "leads"),
    [
        ("/history?task=deploy&state=failed", "/history?task=deploy&state=failed"),
        ("/tasks/deploy?version=%26%20x", "/tasks/deploy?version=%26%20x"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/%2e%2e//evil.example", "/"),
        ("/..//evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("@evil.example", "/"),
        ("/signin", "/"),
        ("/signout", "/"),
        ("/x\r\nset-cookie: a=b", "/"),
    ],
)
def test_after_signing_in_one_lands_here_and_nowhere_else(site, ida, back, leads):
    with site.browser() as http:
        answer = sign_in(http, "ida", next=back)
        assert (answer.status_code, answer.headers["location"]) == (303, leads)
    answer = ida.get("/signin", params={"next": back})  # who is signed in already is led on
    assert (answer.status_code, answer.headers["location"]) == (303, leads)


# --- guessing


def test_unknown_wrong_and_disabled_are_answered_alike(costly):
    costly.join("jill").close()
    costly.join("kate").close()
    costly.user("change", "kate", "--disable")
    work: dict[str, list[float]] = {}  # not by the clock: that shows what else the machine does
    seen = set()
    for _ in range(5):
        for name, password in (("nobody", PASSWORD), ("jill", "not that one"), ("kate", PASSWORD)):
            with costly.browser() as http:
                page = http.get("/signin").text
                before = costly.server.command.worked
                answer = http.post("/signin", data={"csrf": token_of(page), "name": name, "password": password})
                work.setdefault(name, []).append(costly.server.command.worked - before)
            if answer.status_code == 429:
                continue
            headers = {key: value for key, value in answer.headers.items() if key not in {"date", "set-cookie"}}
            text = re.sub(r'content="\w{40}"|value="\w{40}"|data-\w+="[^"]*"', "", answer.text.replace(name, "NAME"))
            headers["content-length"] = str(len(text))
            seen.add((answer.status_code, json.dumps(headers, sort_keys=True), text))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 401
    sums = [sum(seconds[:3]) for seconds in work.values()]  # before anybody is slowed down
    assert max(sums) < 3 * min(sums)


def test_who_guesses_is_slowed_down_and_the_owner_is_not_locked_out(tmp_path: Path):
    script(tmp_path, "deploy", "echo deployed")
    put(tmp_path / "data", *ada())
    with Served(tmp_path, data=tmp_path / "data", trust_proxy="127.0.0.1") as server:
        site = Site(server, "")
        with site.browser(**{"x-forwarded-for": "192.0.2.1"}) as http:
            path = site.invitation("ada", known=True)
            assert fill(http, path, password=PASSWORD, again=PASSWORD).status_code == 303
        with site.browser(**{"x-forwarded-for": "192.0.2.1"}) as http:
            assert sign_in(http, "ada").status_code == 303
        answers = []
        for n in range(14):  # each from an address of its own
            with site.browser(**{"x-forwarded-for": f"198.51.100.{n}"}) as http:
                answers.append(sign_in(http, "ada", f"guess {n}"))
        assert [answer.status_code for answer in answers[:10]] == [401] * 10
        slowed = [answer for answer in answers if answer.status_code == 429]
        assert slowed
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in slowed)
        with site.browser(**{"x-forwarded-for": "198.51.100.99"}) as http:
            assert sign_in(http, "ada", "another guess").status_code == 429
        with site.browser(**{"x-forwarded-for": "192.0.2.1"}) as http:
            assert sign_in(http, "ada").status_code == 303


def test_codes_are_slow_to_guess_as_well(site):
    with site.join("lara") as http:
        _factor(http)
        http.cookies.delete(COOKIE)
        assert sign_in(http, "lara").headers["location"].startswith("/signin/code")
        codes: list[int] = []
        while 429 not in codes and len(codes) < 16:  # each pause is twice the one before: soon longer than a try takes
            codes.append(fill(http, "/signin/code", code=f"{len(codes):06}").status_code)
        assert codes[:3] == [401] * 3
        assert 429 in codes


def test_a_flood_of_passwords_is_refused_and_holds_nobody_up(costly):
    with costly.browser() as http:
        csrf = token_of(http.get("/signin").text)
        form = http.cookies["form"]

    def guess(n: int) -> int:
        data = {"csrf": csrf, "name": f"somebody-{n}", "password": "x" * 20}
        headers = {**HTML, "cookie": f"form={form}"}
        return httpx.post(f"{costly.server.url}/signin", data=data, headers=headers, timeout=PATIENCE).status_code

    with ThreadPoolExecutor(60) as pool:
        answers = [pool.submit(guess, n) for n in range(60)]
        assert costly.server.http.get("/api/health").status_code == 200
        statuses = {answer.result() for answer in answers}
    assert statuses <= {401, 429, 503}
    assert statuses & {429, 503}
    until(lambda: costly.server.http.get("/api/tasks").status_code == 200, what="everything is as before")


# --- forms and other sites

POSTS = sorted({route.path for route in PAGES if "POST" in (route.methods or ())})


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("given", ["no token", "another browser's"])
def test_no_form_is_taken_that_does_not_come_from_a_page_of_this_browser(site, path, given):
    where = path.replace("{number}", "1").replace("{slug}", "deploy").replace("{name}", "ada")
    where = where.replace("{what}", "remove").replace("{id}", "x").replace("{secret}", "pbi_x").replace("{text}", "x")
    if path == "/link/{text}":
        return  # of a link, which is a secret itself, and has a token of its own: test_hand_over.py
    before = _state(site)
    with site.browser() as other:
        foreign = token_of(other.get("/signin").text)
    data = {"name": "mallory", "who": "everyone", "gives": "admin", "theme": "dark", "slug": "deploy", "answer": "yes"}
    if given != "no token":
        data["csrf"] = foreign
    with site.browser(site.session) as http:
        answer = http.post(where, data=data)
        assert answer.status_code == 403, answer.text
        assert "set-cookie" not in answer.headers
    assert _state(site) == before


def _state(site: Site) -> object:
    http = site.server.http
    with site.browser(site.session) as browser:
        listed = re.sub(
            r'value="\w{40}"|content="\w{40}"|data-\w+="[^"]*"|<time.*?</time>', "", browser.get("/people").text
        )
    return http.get("/api/runs").json(), http.get("/api/tokens").json(), http.get("/api/links").json(), listed


def test_every_form_of_a_page_is_in_the_table(site):
    assert {"/tasks/{slug}", "/signin", "/signout", "/people", "/profile/password", "/runs/{number}/stop"} <= {*POSTS}


@pytest.mark.parametrize("token", [None, "", "0" * 40])
def test_the_api_takes_nothing_from_a_browser_without_the_token_of_its_page(site, token):
    headers = {} if token is None else {"x-csrf-token": token}
    with site.browser(site.session) as http:
        before = http.get("/api/runs").json()
        for path in ("tasks/deploy/runs", "tokens", "runs/1/cancel", "uploads", "events", "links", "audit/check"):
            assert http.post(f"/api/{path}", headers=headers).status_code == 403, path
        assert http.delete("/api/tokens/x", headers=headers).status_code == 403
        assert http.get("/api/runs").json() == before
        right = {"x-csrf-token": token_of(http.get("/").text)}
        pressed = http.post("/api/tasks/deploy/runs", json={}, headers=right)
        assert pressed.status_code == 202
        site.server.finished(pressed.json()["number"])


# --- what is kept


def test_no_secret_of_a_session_or_invitation_and_no_password_lies_anywhere(site):
    path = site.invitation("mara")
    with site.browser() as http:
        assert fill(http, path, password="five words nobody knows", again="five words nobody knows").status_code == 303
        secrets = [path.rpartition("/")[2], http.cookies[COOKIE], "five words nobody knows"]
        secrets.append(_factor(http))
    kept = b"".join(file.read_bytes() for file in site.server.data.rglob("*") if file.is_file())
    said = (site.server.out + site.server.err).encode()
    for secret in secrets:
        assert secret.encode() not in kept
        assert secret.encode() not in said


@pytest.mark.parametrize(
    "name", ["ada\nERROR forged line", "ada\r\n2026-01-01 forged", "\x1b[2Jforged", "\u202eforged"]
)
def test_nothing_that_is_typed_forges_a_line_of_the_log_or_the_trail(site, name):
    with site.browser(**{"user-agent": "forged-agent"}) as http:
        assert sign_in(http, name, "x").status_code in {401, 429}
        assert sign_in(http, "ada", name).status_code in {401, 429}
    with site.browser(site.session) as admin:
        exported = admin.get("/audit.jsonl").text
        page = admin.get("/audit").text
    lines = exported.splitlines()
    assert all(json.loads(line) for line in lines)
    assert exported.isascii()
    for text in (site.server.err, site.server.out, exported, page):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "forged line" not in text  # a name that nobody has is not kept: it may be a password
        assert not any(line.startswith(("ERROR forged", "2026-01-01 forged")) for line in text.splitlines())


def test_a_title_with_control_characters_is_one_line_everywhere(site):
    site.user("add", "nell", "--title", "Nell\nERROR\x1b[2J forged", "--email", "n@example.org\r\nx: y")
    with site.browser(site.session) as admin:
        until(lambda: "/people/nell" in admin.get("/people").text, what="she is there")
        page, trail = admin.get("/people/nell").text, admin.get("/audit.jsonl").text
    assert "Nell ERROR [2J forged" in page
    assert "\x1b" not in page + trail + site.user("list")
    assert [json.loads(line) for line in trail.splitlines()]


def test_a_user_who_is_disabled_while_half_signed_in_gets_no_further(site):
    with site.join("olga") as http:
        secret = _factor(http)
        http.cookies.delete(COOKIE)
        assert sign_in(http, "olga").headers["location"].startswith("/signin/code")
        site.user("change", "olga", "--disable")
        until(lambda: http.get("/signin/code").headers.get("location") == "/signin", what="the half session is gone")
        answer = fill(http, "/signin/code", page="/signin", code=pyotp.TOTP(secret).at(time.time() + 30))
        assert answer.headers.get("location") == "/signin"


def test_who_is_disabled_by_hand_comes_to_the_sign_in_page_and_not_to_the_code(site):
    session, secret = a_session("pia")
    put(site.server.data, User("pia", disabled=True), session)
    with site.browser(secret) as http:
        assert http.get("/signin").status_code == 200
        assert http.get("/signin/code").headers["location"] == "/signin"
