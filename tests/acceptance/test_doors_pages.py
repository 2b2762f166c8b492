"""Signing in and looking after people in a real browser. A script error, a console error, a breach of the content
policy and anything that axe-core finds fails every test here.
"""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import Page, expect

from pushbutton.domain.policy import Grant
from tests.acceptance.doors import (
    HOME,
    PASSWORD,
    World,
    fine,
    invited,
    join,
    sign_in,
    sign_out,
    signed_in,
    somebody,
    user,
    world,
)
from tests.acceptance.entries import COOKIE, put

__all__ = ["world"]


def test_somebody_who_was_invited_sets_a_password_and_signs_in_with_it(world):
    user(world, "give", "everyone", "viewer")
    with somebody(world, refused=True) as bob:
        page = bob.open("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        path = invited(world, "bob")
        page.goto(world.server.url + path)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("Once more").fill("another one than that")
        page.get_by_role("button", name="Set the password and sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not the same")
        page.get_by_label("New password").fill("short")
        page.get_by_label("Once more").fill("short")
        page.get_by_role("button", name="Set the password and sign in").click()
        expect(page.locator("main .note")).to_contain_text("12")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("Once more").fill(PASSWORD)
        page.get_by_role("button", name="Set the password and sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(HOME)
        expect(page.locator(".me")).to_have_text("B")
        page.goto(world.server.url + path)  # it was good once
        expect(page.locator("main")).to_contain_text("nothing here")
        page.goto(world.server.url)
        sign_out(page)
        sign_in(page, "Bob", "not that one")
        expect(page.locator("main .note")).to_have_text("The name or the password is wrong.")
        expect(page.get_by_label("Name")).to_have_value("Bob")
        fine(page)
        sign_in(page, " Bob ")
        expect(page.get_by_role("heading", level=1)).to_have_text(HOME)


def test_who_guesses_is_slowed_down_and_told_for_how_long(world):
    with somebody(world, refused=True) as bob:
        page = bob.open("/signin")
        told = re.compile(r"seconds|minute")
        for _ in range(16):  # each pause is twice the one before: soon longer than a guess takes, on any machine
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                sign_in(page, "somebody-else", "not that one")
            expect(page.locator("main .note")).to_be_visible()
            if told.search(page.locator("main .note").inner_text()):
                break
        expect(page.locator("main .note")).to_contain_text(told)
        fine(page)


@pytest.mark.parametrize("path", ["/tasks/deploy", "/tasks/deploy?version=3.0%20%26%20%C3%BC", "/history?task=deploy"])
def test_signing_in_leads_to_the_page_that_was_asked_for(world, path):
    name = f"carl-{abs(hash(path)) % 1000}"
    user(world, "give", "everyone", "presser")
    with somebody(world) as carl:
        page = carl.open("/signin")
        join(world, page, name)
        sign_out(page)
        page.goto(world.server.url + path)
        sign_in(page, name)
        expect(page).to_have_url(world.server.url + path)
        if "version" in path:
            expect(page.get_by_label("Version")).to_have_value("3.0 & ü")


def enter(world: World, page: Page, secret: str) -> str:
    """Dora signs in with a code, which leads to the page that she asked for; the code."""
    sign_out(page)
    page.goto(f"{world.server.url}/history")
    sign_in(page, "dora")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more thing: the code")
    fine(page)
    page.goto(f"{world.server.url}/history")  # the password alone lets nobody in
    expect(page.get_by_role("heading", level=1)).to_have_text("One more thing: the code")
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main .note")).to_contain_text("This code is wrong")
    code = pyotp.TOTP(secret).now()
    page.get_by_role("textbox", name="Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{world.server.url}/history")
    return code


def test_a_second_factor_is_set_up_asked_for_and_taken_away(world):
    user(world, "give", "everyone", "viewer")
    with somebody(world, refused=True) as dora:
        page = dora.open("/signin")
        join(world, page, "dora")
        page.goto(f"{world.server.url}/profile")
        fine(page)
        page.get_by_role("link", name="Set it up").click()
        fine(page)
        secret = page.locator('input[name="secret"]').get_attribute("value")
        assert secret
        page.get_by_role("textbox", name="Code").fill("000000")
        page.get_by_role("button", name="Ask for a code from now on").click()
        expect(page.locator("main .note")).to_contain_text("This code is wrong.")
        assert page.locator('input[name="secret"]').get_attribute("value") == secret
        page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Ask for a code from now on").click()
        codes = page.locator(".codes code").all_text_contents()
        assert len(codes) == 10
        fine(page)

        code = enter(world, page, secret)
        for given, said in ((code, "used before"), (codes[0], ""), (codes[0], "used before"), (codes[1], "")):
            if page.locator(".me").text_content() == "D":
                sign_out(page)
            if page.get_by_label("Password").count():
                sign_in(page, "dora")
            page.get_by_role("textbox", name="Code").fill(given)
            page.get_by_role("button", name="Sign in").click()
            if said:
                expect(page.locator("main .note")).to_contain_text(said)
            else:
                expect(page.get_by_role("heading", level=1)).to_have_text(HOME)
        page.goto(f"{world.server.url}/profile")
        expect(page.locator("#factor")).to_contain_text("8 recovery codes are left")
        page.locator("#factor summary").click()
        page.locator("#factor-password").fill("not that one")
        page.get_by_role("button", name="Take the second factor away").click()
        expect(page.locator("#factor")).to_contain_text("The password is wrong.")
        page.locator("#factor summary").click()
        page.locator("#factor-password").fill(PASSWORD)
        page.get_by_role("button", name="Take the second factor away").click()
        expect(page.locator("#factor")).to_contain_text("Set it up")


def test_a_password_is_changed_and_the_other_browsers_are_signed_out(world):
    user(world, "give", "everyone", "viewer")
    with somebody(world, refused=True) as here, somebody(world, refused=True) as there:
        page, other = here.open("/signin"), there.open("/signin")
        join(world, page, "emil")
        sign_in(other, "emil")
        expect(other.get_by_role("heading", level=1)).to_have_text(HOME)
        page.goto(f"{world.server.url}/profile")
        expect(page.locator("#sessions li")).to_have_count(2)
        page.get_by_label("Current password").fill("not that one")
        page.get_by_label("New password").fill("four other words do")
        page.get_by_label("Once more").fill("four other words do")
        page.get_by_role("button", name="Change the password").click()
        expect(page.locator("#password")).to_contain_text("The password of today is wrong.")
        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_label("New password").fill("four other words do")
        page.get_by_label("Once more").fill("four other words do")
        page.get_by_role("button", name="Change the password").click()
        expect(page.locator("main")).to_contain_text("Your password was changed.")
        expect(page.locator("#sessions li")).to_have_count(1)
        expect(other.locator("#ended")).to_be_visible(timeout=60_000)
        other.locator("#come-back").click()
        sign_in(other, "emil", "four other words do")
        expect(other).to_have_url(f"{world.server.url}/")
        page.reload()
        page.get_by_role("button", name="Sign out there").click()
        expect(page.locator("main")).to_contain_text("That browser is signed out.")
        expect(other.locator("#ended")).to_be_visible(timeout=60_000)


def test_when_the_session_ends_the_page_says_so_and_comes_back_filled_after_signing_in(world):
    user(world, "give", "everyone", "presser")
    with somebody(world, refused=True) as fred:
        page = fred.open("/signin")
        join(world, page, "fred")
        page.goto(f"{world.server.url}/tasks/deploy?version=1")
        page.get_by_label("Version").fill("3.1 ü")
        page.get_by_role("radio", name="live").check()
        asked: list[str] = []
        fred.context.on("request", lambda request: asked.append(request.url) if "/api/events" in request.url else None)
        user(world, "change", "fred", "--disable")
        expect(page.locator("#ended")).to_be_visible(timeout=60_000)
        expect(page.locator("#offline")).to_be_hidden()
        fine(page)
        page.locator(".gobar .push").click()  # nothing is started
        expect(page.locator("#come-back")).to_be_focused()
        expect(page.get_by_label("Version")).to_have_value("3.1 ü")
        user(world, "change", "fred", "--enable")
        page.locator("#come-back").click()
        sign_in(page, "fred")
        expect(page).to_have_url(f"{world.server.url}/tasks/deploy?version=1")
        expect(page.get_by_label("Version")).to_have_value("3.1 ü")
        expect(page.get_by_role("radio", name="live")).to_be_checked()
        expect(page.locator("#ended")).to_be_hidden()
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        expect(page.locator("main")).to_contain_text("3.1 ü")


def test_a_page_goes_on_where_somebody_signed_in_again_in_another_tab(world):
    user(world, "give", "everyone", "presser")
    with somebody(world, refused=True) as gina:
        page = gina.open("/signin")
        join(world, page, "gina")
        page.goto(f"{world.server.url}/tasks/deploy")
        page.get_by_label("Version").fill("3.2")
        other = gina.open("/")
        sign_out(other)
        expect(page.locator("#ended")).to_be_visible(timeout=60_000)
        sign_in(other, "gina")
        expect(page.locator("#ended")).to_be_hidden(timeout=60_000)
        expect(page.get_by_label("Version")).to_have_value("3.2")
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        expect(page.locator("main")).to_contain_text("3.2")


def test_a_hub_asks_no_more_after_the_session_has_ended(world):
    session, secret = signed_in(world, "hugo", Grant("user:hugo", "viewer"))
    with somebody(world, secret, refused=True) as hugo:
        page = hugo.open("/")
        expect(page.locator("#task-deploy, .task").first).to_be_visible()
        put(world.server.data, drop=[session])
        expect(page.locator("#ended")).to_be_visible(timeout=60_000)
        heard = len(hugo.complaints) + len(hugo.expected)
        page.wait_for_timeout(4_000)  # the first attempts after a loss come within two seconds
        assert len(hugo.complaints) + len(hugo.expected) == heard


def test_without_a_script_a_form_that_came_too_late_leads_to_signing_in_and_back(world):
    session, secret = signed_in(world, "ines", Grant("user:ines", "presser"))
    context = world.browser.new_context(java_script_enabled=False, locale="en-GB")
    context.add_cookies([{"name": COOKIE, "value": secret, "url": world.server.url}])
    page = context.new_page()
    page.goto(f"{world.server.url}/tasks/deploy?version=7")
    put(world.server.data, drop=[session])
    page.wait_for_timeout(1_500)
    page.locator(".gobar .push").click()
    expect(page.locator("main")).to_contain_text("nothing was done")
    assert page.locator('input[name="next"]').get_attribute("value") == "/tasks/deploy?version=7"
    context.close()


def test_people_are_added_given_rights_and_removed_on_pages(world):
    with somebody(world, world.session, refused=True) as admin:
        page = admin.open("/people")
        page.get_by_label("Name to sign in with").fill("Not Good")
        page.get_by_role("button", name="Add and invite").click()
        expect(page.get_by_label("Name to sign in with")).to_have_value("Not Good")
        page.get_by_label("Name to sign in with").fill("jane")
        page.get_by_label("Full name").fill("Jane Doe")
        page.get_by_role("button", name="Add and invite").click()
        link = page.locator("#invite-link").text_content()
        assert link
        assert link.startswith(f"{world.server.url}/invite/pbi_")
        fine(page)
        page.reload()
        expect(page.locator("#invite-link")).to_have_count(0)  # shown once
        page.goto(f"{world.server.url}/people/jane")
        page.get_by_role("button", name="Block Jane Doe from signing in").click()
        expect(page.locator("main")).to_contain_text("none of its tokens and links counts")
        fine(page)
        page.goto(link)
        expect(page.locator("main")).not_to_contain_text("Set your password")
        page.goto(f"{world.server.url}/people/ada")
        page.get_by_role("button", name="Block Ada Lovelace from signing in").click()
        expect(page.locator("main .note").first).to_contain_text("Nobody would be left who may administer")
        page.goto(f"{world.server.url}/people/jane")
        page.get_by_text("Remove Jane Doe", exact=True).click()
        page.get_by_role("button", name="Remove Jane Doe for good").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("People")
        expect(page.locator("main")).not_to_contain_text("Jane Doe")


def test_who_may_only_look_is_told_whom_to_ask(world):
    user(world, "take", "everyone", "viewer")
    user(world, "take", "everyone", "presser")
    _, secret = signed_in(world, "kim", Grant("user:kim", "see"))
    with somebody(world, secret) as kim:
        page = kim.open("/")
        card = page.locator(".task[data-locked]", has_text="Deploy the web shop")
        expect(card).to_contain_text("View only")
        expect(page.locator("main")).not_to_contain_text("SyntaxError")
        page.goto(f"{world.server.url}/tasks/deploy")
        expect(page.locator("main")).to_contain_text("To press it yourself, ask Ada Lovelace")
        expect(page.locator("form#go")).to_have_count(0)
        page.goto(f"{world.server.url}/tasks/broken")
        expect(page.locator("main")).to_contain_text("cannot be pressed: its file is broken")
        expect(page.locator("main")).not_to_contain_text("broken.py")
    with somebody(world, world.session) as admin:
        expect(admin.open("/tasks/broken").locator("main")).to_contain_text("broken.py")
