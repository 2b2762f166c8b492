"""The audit trail's page and API without a browser: words for every act, filters, exports, and for whom it exists."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from tests.unit.web.test_pages import Seen, a_site, check

from pushbutton.domain.audit import Act, Deed, Record
from pushbutton.domain.audit_chain import Checked, Fault
from pushbutton.domain.event import Json
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.domain.visible import visible
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.sentence import kept, say
from pushbutton.web.http import csrf
from pushbutton.web.views import audit_filter
from pushbutton.web.words.audit import FEW, KINDS, SENTENCES, folded, row, sentence
from pushbutton.web.words.i18n import LANGUAGES, texts

EN, DE = texts("en"), texts("de")


def done(verb: str, about: str = "user ada", **more: Json) -> Act:
    return replace(Act("bob", verb, about, 1_000_000), data=more)


async def somebody(core, name: str, *gives: str) -> dict[str, str]:
    """A user who is signed in; the headers that say so."""
    user = User(name, title=name.title())
    grants = [Grant(f"user:{name}", give) for give in gives]
    await core.directory.change(lambda _: Change(done("user.add", f"user {name}"), put=[user, *grants]))
    secret, session = await core.directory.begin(user, replace(done("session.begin"), actor=name, at=now()))
    return {"cookie": f"pushbutton={secret}", "x-csrf-token": csrf.token(core, f"session:{session.id}")}


def further(html: str) -> list[str]:
    """The link to older records."""
    links = [attrs.get("href") or "" for tag, attrs in Seen(html).elements if tag == "a"]
    return [link for link in links if "before=" in link]


def same(html: str, path: str) -> str:
    """Without what differs from one page to the next."""
    return re.sub(r'data-(now|since)="[^"]*"', "", html.replace(path, "/nowhere"))


def test_every_act_has_a_sentence_and_a_kind():
    assert set(SENTENCES) == set(Deed)
    assert {deed.partition(".")[0] for deed in Deed} == set(KINDS)


@pytest.mark.parametrize(
    ("act", "english", "german"),
    [
        (done("run.press", "run 42", task="deploy", title="Deploy"), "bob pressed “Deploy” (run 42)",
         "bob hat „Deploy“ gestartet (Lauf 42)"),
        (done("run.stop", "run 42", task="deploy"), "bob stopped “deploy” (run 42)",
         "bob hat „deploy“ angehalten (Lauf 42)"),
        (done("user.password"), "bob set a new password for “ada”", "bob hat ein neues Passwort für „ada“ festgelegt"),
        (done("user.password", "user bob"), "bob set a new password", "bob hat ein neues Passwort festgelegt"),
        (done("session.end", "user bob"), "bob signed out", "bob hat sich abgemeldet"),
        (
            done("grant.give", "everyone", gives="press", where="group:Reports"),
            "bob gave everybody who is signed in a right: may press all tasks in “Reports”",
            "bob hat allen Angemeldeten ein Recht gegeben: darf alle Aufgaben in „Reports“ starten",
        ),
        (done("audit.check", "the audit trail", **kept({"said": say("Record {n} is missing.", n=4)})),
         "bob checked the chain: Record 4 is missing.", "bob hat die Kette geprüft: Eintrag 4 fehlt."),
        (done("audit.check", "the audit trail", said="Record 4 is missing."),  # as earlier versions recorded it
         "bob checked the chain: Record 4 is missing.", "bob hat die Kette geprüft: Record 4 is missing."),
        (replace(done("session.refuse", "user ada"), actor=""), "A sign-in as “ada” was refused",
         "Eine Anmeldung als „ada“ wurde abgewiesen"),
        (done("coffee.make", "cup 3"), "bob: coffee.make, cup 3", "bob: coffee.make, cup 3"),
        (done("nonsense", ""), "bob: nonsense, ", "bob: nonsense, "),
        (done("run.press", "run 42", title="{who} {0} \u202e"), "bob pressed “{who} {0} \\u202e” (run 42)",
         "bob hat „{who} {0} \\u202e“ gestartet (Lauf 42)"),
    ],
)  # fmt: skip
def test_what_happened_is_said_in_words(act, english, german):
    assert (sentence(act, EN), sentence(act, DE)) == (english, german)


def test_what_a_check_says_is_said_in_german_as_well():
    for fault in Fault:
        english = Checked(None, fault, 3).sentence  # type: ignore[arg-type]
        assert DE.sentence(english) != english


def test_nothing_in_a_record_can_hide_or_turn_what_stands_beside_it():
    odd = 'a\n\r\x00\x1b\x7f\x85\u200b\u202e\u2066\u2028\ud800"<b>'
    shown = row(Record(1, Act(odd, odd, odd, 1, {odd: odd, "n": [odd], "diff": f"-{odd}"}, odd), odd), EN)
    values = [shown.actor, shown.said, shown.about, shown.address, shown.hash, *sum(shown.facts, ()), *shown.diff[0]]
    assert all(value.isprintable() for value in values)
    assert visible(odd) == 'a\\u000a\\u000d\\u0000\\u001b\\u007f\\u0085\\u200b\\u202e\\u2066\\u2028\\ud800"<b>'


def test_what_makes_no_sense_in_the_address_does_not_filter():
    assert not audit_filter.read({"kind": "x", "time": "ever", "before": "٣"}).any
    chosen = audit_filter.read({"who": "ada", "kind": "run", "about": " run 42 ", "time": "week", "before": "9"})
    assert chosen.url(before=3) == "?who=ada&kind=run&about=run+42&time=week&before=3"
    assert chosen.query(2**50, 5).since > 0


EVERY = [*map(str, Deed), "coffee.make"]
HALF = len(EVERY) // 2


@pytest.mark.parametrize("verbs", [EVERY[:HALF], EVERY[HALF:]], ids=["one half", "the other"])  # a page holds fifty
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_the_page_shows_every_act_and_one_that_nobody_knows(tmp_path, language, verbs):
    async with a_site(tmp_path) as (core, client):
        for verb in verbs:
            await core.store.audit.record(
                done(verb, "run 7" if verb.startswith("run") else "user <ada>", diff="-a\n+b")
            )
        html = check((await client.get("/audit", headers={"accept-language": language})).text)
        assert "&lt;ada&gt;" in html
        assert ("coffee.make" in html) == ("coffee.make" in verbs)
        assert ('<a href="/runs/7"' in html) == any(verb.startswith("run.") for verb in verbs)
        assert "<del>-a</del>" in html
        assert html.count("<details>") == len(verbs) + 3


async def test_the_page_goes_on_page_by_page_newest_first(tmp_path):
    async with a_site(tmp_path) as (core, client):
        for number in range(60):
            await core.store.audit.record(done("user.add", f"user u{number}"))
        first = (await client.get("/audit?kind=user")).text
        assert first.count("<details>") == 50
        assert first.index("u59") < first.index("u10")
        [link] = further(first)
        second = (await client.get(link)).text
        assert (second.count("<details>"), "u9”" in second, len(further(second))) == (10, True, 0)


async def test_the_chain_is_checked_at_the_press_of_a_button_and_the_page_says_so(tmp_path):
    async with a_site(tmp_path) as (core, client):
        assert "The chain was not checked yet." in (await client.get("/audit")).text
        answer = await client.post("/audit/check")
        assert (answer.status_code, answer.headers["location"]) == (303, "/audit#checked")
        assert "All 3 records are as they were written." in check((await client.get("/audit")).text)
        core.store.audit._records[1] = replace(core.store.audit._records[1], act=done("user.add"))
        await client.post("/audit/check")
        assert "Eintrag 2 ist nicht so" in (await client.get("/audit", headers={"accept-language": "de"})).text


async def test_exports_hold_what_the_filter_finds_and_are_recorded_themselves(tmp_path):
    async with a_site(tmp_path) as (core, client):
        await core.store.audit.record(done("user.add", "user =cmd()", note="=x\n\x1b"))
        await core.store.audit.record(replace(done("user.add", "=cmd()"), address="-1"))
        table = (await client.get("/audit.csv?kind=user")).text
        rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
        assert [row["about"] for row in rows] == ["'=cmd()", "user =cmd()"]
        assert (rows[0]["address"], json.loads(rows[1]["data"])) == ("'-1", {"note": "=x\n\x1b"})
        answer = await client.get("/audit.jsonl?kind=user")
        assert [json.loads(line)["about"] for line in answer.text.splitlines()] == ["=cmd()", "user =cmd()"]
        assert answer.text.isascii()
        [first, second] = await core.store.audit.chain(5, 9)
        assert [record.act.verb for record in (first, second)] == ["audit.export"] * 2
        assert second.act.data == {"form": "jsonl", "kind": "user"}


async def test_for_others_there_is_no_such_page(tmp_path):
    async with a_site(tmp_path) as (core, client):
        admin, viewer = await somebody(core, "ada", "admin"), await somebody(core, "vic", "presser")
        nothing = (await client.get("/nowhere", headers={**viewer, "accept": "text/html"})).text
        for path in ("/audit", "/audit.csv", "/audit.jsonl"):
            answer = await client.get(path, headers={**viewer, "accept": "text/html"})
            assert (answer.status_code, "signed in" in answer.text) == (404, False)
            assert same(answer.text, path) == same(nothing, "/nowhere")
            assert (await client.get(path, headers=admin)).status_code == 200
        token = {"csrf": viewer["x-csrf-token"]}
        assert (await client.post("/audit/check", headers=viewer, data=token)).status_code == 404
        assert "/administration" not in (await client.get("/", headers=viewer)).text
        assert 'href="/administration"' in (await client.get("/", headers=admin)).text
        assert await core.store.audit.records(AuditQuery(verb="audit.check")) == []
        token = {"csrf": admin["x-csrf-token"]}
        assert (await client.post("/audit/check", headers=admin, data=token)).status_code == 303
        assert (await client.post("/api/audit/check", headers=admin)).json()["well"]


async def test_the_api_gives_records_to_administrators_only(tmp_path):
    async with a_site(tmp_path) as (core, client):
        for number in range(5):
            await core.store.audit.record(replace(done("secret.set", f"secret s{number}", odd="\x7f\ud800"), at=number))
        admin, presser = await somebody(core, "ada", "admin"), await somebody(core, "vic", "presser")
        answer = await client.get("/api/audit?kind=secret&limit=2&before=8", headers=admin)
        assert [record["about"] for record in answer.json()] == ["secret s3", "secret s2"]
        since = "1970-01-01T00:00:00.000003%2B00:00"
        assert len((await client.get(f"/api/audit?kind=secret&since={since}", headers=admin)).json()) == 2
        assert (await client.get("/api/audit?kind=secret.set&actor=nobody", headers=admin)).json() == []
        refused = await client.get("/api/audit", headers=presser)
        assert (refused.status_code, refused.json()["title"]) == (403, "This is for administrators.")
        assert (await client.get("/api/audit")).status_code == 401


@pytest.mark.parametrize(
    "query", ["kind=x", "before=-1", "limit=a", "since=yesterday", "until=2026-11-23T09:42:07", "since=9999-99-99"]
)
async def test_what_the_api_cannot_read_is_said(tmp_path, query):
    async with a_site(tmp_path) as (_, client):
        answer = await client.get(f"/api/audit?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_the_api_checks_the_chain(tmp_path):
    async with a_site(tmp_path) as (core, client):
        head = await core.store.audit.head()
        assert (await client.post("/api/audit/check")).json() == {
            "well": True,
            "said": f"All {head.id} records are as they were written.",
            "head": f"{head.id}:{head.hash}",
            "fault": None,
            "number": 0,
        }
        core.store.audit._records[1] = replace(core.store.audit._records[1], act=done("user.add"))
        wrong = (await client.post("/api/audit/check")).json()
        assert (wrong["well"], wrong["fault"], wrong["number"]) == (False, "changed", 2)


def test_what_the_server_found_at_one_look_is_one_row_that_holds_all_of_them():
    acts = [replace(done("task.added", f"task t{n}"), actor="server") for n in range(FEW)]
    acts += [replace(acts[0], actor="bob"), replace(acts[0], verb="task.changed")]
    rows = [row(Record(number, act, "x"), EN) for number, act in enumerate(acts, 1)]
    first, *others = folded(rows, EN)
    assert first.said == f"{FEW} tasks were added"
    assert list(first.folded) == rows[:FEW]
    assert others == rows[FEW:]
    assert folded(rows[1:FEW], EN) == rows[1:FEW], "a few are shown as they are"
