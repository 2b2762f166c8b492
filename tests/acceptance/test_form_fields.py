"""A form asks for what its author named, whatever it is called, and what stands in its fields is what runs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages import Reader, axe, browser, press
from tests.acceptance.serving import Served

__all__ = ["browser"]

OURS = ("csrf", "why", "key", "link", "back", "keep", "theme", "form", "go", "sure", "days", "uses", "note", "fix")
OF_THE_BROWSER = """() => {
    const names = new Set();
    for (let at = document.createElement('form'); at; at = Object.getPrototypeOf(at))
        for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    return [...names, 'isindex'];
}"""


@pytest.fixture(scope="module")
def names(browser: Browser) -> list[str]:
    """Every name that a form answers to by itself, and those of our own fields."""
    page = browser.new_page()
    found = [name for name in page.evaluate(OF_THE_BROWSER) if name.isidentifier() and not keyword.iskeyword(name)]
    page.close()
    assert {"action", "closest", "querySelector", "addEventListener", "nodeName", "toString"} <= set(found)
    return [name for name in dict.fromkeys([*found, *OURS]) if not name.startswith("_")]


@pytest.fixture(scope="module")
def site(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tasks")
    asked = "".join(f"    {name}: str = {name!r},\n" for name in names)
    (folder / "tasks.py").write_text(
        "from typing import Literal\nfrom pushbutton import task\n\n\n"
        f"@task(button='Do {{action}}', confirm='Really {{closest}}?')\ndef everything(\n{asked}) -> None: ...\n\n\n"
        "@task(button='Do {action}')\n"
        "def kinds(action: Literal['start', 'stop'] = 'start', submit: bool = False,\n"
        "          elements: list[Literal['a', 'b']] = ['a'], method: int = 3) -> None: ...\n"
    )
    with Served(folder) as server:
        yield server


def inputs(site: Served, number: int) -> dict[str, object]:
    found = site.http.get(f"/api/runs/{number}").json()["inputs"]
    assert isinstance(found, dict)
    return found


def test_inputs_that_are_named_like_what_a_form_has_are_pressed_on_the_page(browser, site, names):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/everything")
        page.get_by_label("Action", exact=True).fill("turn")
        expect(page.locator(".gobar .push")).to_have_text("Do turn")
        page.reload()  # what was typed is kept and brought back
        expect(page.get_by_label("Action", exact=True)).to_have_value("turn")
        number = press(page)
        assert inputs(site, number) == {name: name for name in names} | {"action": "turn"}
        page.go_back()
        expect(page.locator(".gobar .push")).to_have_text("Do turn")
        page.get_by_label("Action", exact=True).fill("again")
        assert press(page) > number


def test_choices_ticks_and_numbers_are_pressed_whatever_they_are_called(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/kinds?action=stop&submit=on")
        expect(page.locator(".gobar .push")).to_have_text("Do stop")
        page.get_by_label("b", exact=True).check()
        number = press(page)
        assert inputs(site, number) == {"action": "stop", "submit": True, "elements": ["a", "b"], "method": 3}


def test_inputs_that_are_named_like_what_a_form_has_are_pressed_without_a_script(browser, site, names):
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/tasks/everything")
        page.locator("input[name=press-sure]").check()
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        assert inputs(site, int(page.url.rpartition("/")[2])) == {name: name for name in names}


def test_a_page_that_was_opened_before_an_update_still_presses_what_stands_in_it(site):
    answer = site.http.post("/tasks/kinds", data={"action": "stop", "elements": "b", "method": "7"})
    number = int(answer.headers["location"].rpartition("/")[2])
    assert inputs(site, number) == {"action": "stop", "submit": False, "elements": ["b"], "method": 7}


VALUES = """
from typing import Annotated, Literal

from pushbutton import Field, SecretStr, task


@task
def choices(
    one: Literal["", " a", "b ", "1", 1] = " a",
    far: Literal["", " a", "b ", "1", 1, "two\\nlines", "x"] = "x",
    many: list[Literal["", "c,d", "e "]] = [],
) -> None:
    print(repr((one, far, many)))


@task
def cleared(
    tag: str | None = "latest",
    exclude: str = "*.tmp",
    dry: bool | None = None,
    count: int = 5,
    limit: int | None = 7,
    where: Literal["eu", "us"] | None = "eu",
    day: Annotated[str | None, Field(max_length=3)] = None,
) -> None:
    print(repr((tag, exclude, dry, count, limit, where, day)))


@task
def numbers(count: int = 5, ratio: float = 1234567.0, low: Annotated[int, Field(min=1, max=9)] = 2) -> None:
    print(repr((count, ratio, low)))


@task
def lengths(
    commit: Annotated[str, Field(max_length=12)],
    key: Annotated[SecretStr, Field(max_length=12)],
    code: Annotated[str, Field(pattern="[A-Z]{2}-[0-9]+", help="Two letters, a dash and a number")] = "AB-1",
    shelf: Annotated[str, Field(pattern="[a-c]", pattern_text="One of the shelves a, b and c")] = "a",
) -> None: ...


@task
def needed(
    size: Annotated[Literal["S", "M"], Field(label="Size of the shirt", help="As it is sewn in")],
    name: Annotated[str, Field(help="As it is written on the parcel", example="Ada Lovelace")],
    pieces: int = 1,
) -> None: ...
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("values")
    (folder / "tasks.py").write_text(VALUES)
    with Served(folder) as server:
        yield server


def printed(site: Served, number: int) -> str:
    assert site.finished(number)["state"] == "succeeded"
    return site.http.get(f"/api/runs/{number}/output").text.strip()


def test_every_choice_that_is_offered_can_be_chosen_and_arrives_as_it_is(browser, shop):
    with Reader(browser, shop) as reader:
        for place, wanted in enumerate(["", " a", "b ", "1", 1]):
            page = reader.open("/tasks/choices")
            page.locator("input[name=in-one]").nth(place).check()
            page.locator("select[name=in-far]").select_option(index=5 - place)
            page.locator("input[name=in-many]").nth(place % 3).check()
            number = press(page)
            far, many = ["", " a", "b ", "1", 1, "two\nlines"][5 - place], ["", "c,d", "e "][place % 3]
            assert printed(shop, number) == repr((wanted, far, [many]))
            page.goto(f"{shop.url}/tasks/choices?from-run={number}")  # the same once more
            assert printed(shop, press(page)) == repr((wanted, far, [many]))
            page.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_is_cleared_is_none_or_empty_and_the_page_says_which(browser, shop, scripts):
    with Reader(browser, shop, java_script_enabled=scripts) as reader:
        page = reader.open("/tasks/cleared")
        for name, said in (("tag", "none"), ("exclude", "empty"), ("count", "5"), ("limit", "none")):
            page.locator(f"[name=in-{name}]").fill("")
            expect(page.locator(f"[name=in-{name}]")).to_have_attribute("placeholder", said)
        page.locator("[data-field=where]").get_by_label("None of them").check()
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        number = int(page.url.rpartition("/")[2])
        assert printed(shop, number) == repr((None, "", None, 5, None, None, None))
        page.goto(f"{shop.url}/tasks/cleared?from-run={number}")
        expect(page.locator("[name=in-tag]")).to_have_value("")


def test_untouched_fields_and_the_api_agree(browser, shop):
    with Reader(browser, shop) as reader:
        by_page = press(reader.open("/tasks/cleared"))
    assert printed(shop, by_page) == printed(shop, shop.press("cleared"))
    nulls = dict.fromkeys(["tag", "exclude", "dry", "count", "limit", "where"])
    assert printed(shop, shop.press("cleared", **nulls)) == repr((None, "*.tmp", None, 5, None, None, None))
    assert printed(shop, shop.press("cleared", tag="", exclude="", day="")) == repr(("", "", None, 5, 7, "eu", ""))


def test_a_number_changes_by_typing_alone_and_a_comma_is_seen(browser, shop):
    with Reader(browser, shop) as reader:
        page = reader.open("/tasks/numbers")
        page.get_by_label("Count").click()
        page.mouse.wheel(0, 300)
        expect(page.get_by_label("Count")).to_have_value("5")
        expect(page.get_by_label("Low")).to_have_attribute("inputmode", "numeric")
        for name, text, said in (
            ("count", "1,000", "Write a whole number, such as 3."),
            ("ratio", "1,5", "Write the number with a point, such as 3.5."),
            ("low", "10", "At most 9, please."),
        ):
            page.locator(f"[name=in-{name}]").fill(text)
            page.locator(".gobar .push").click()
            expect(page.locator(f"#f-{name}-wrong")).to_have_text(said)
            expect(page.locator(f"[name=in-{name}]")).to_have_value(text)
        page.goto(f"{shop.url}/tasks/numbers")
        assert printed(shop, press(page)) == repr((5, 1234567.0, 2))


def test_what_is_pasted_is_kept_whole_and_refused_in_a_sentence(browser, shop):
    with Reader(browser, shop) as reader:
        page = reader.open("/tasks/lengths")
        for name in ("commit", "key"):
            page.locator(f"[name=in-{name}]").focus()
            page.keyboard.insert_text("0123456789abcdef")
            expect(page.locator(f"[name=in-{name}]")).to_have_value("0123456789abcdef")
        page.locator("[name=in-code]").fill("ab-1")
        page.locator("[name=in-shelf]").fill("z")
        page.locator(".gobar .push").click()  # all mistakes at once, before anything is sent
        expect(page.locator("#f-commit-wrong")).to_have_text("Write at most 12 characters; there are 16.")
        expect(page.locator("#f-key-wrong")).to_have_text("Write at most 12 characters; there are 16.")
        expect(page.locator("#f-code-wrong")).to_have_text("Two letters, a dash and a number.")
        expect(page.locator("#f-code-hint")).to_be_hidden()  # the same sentence
        expect(page.locator("#f-shelf-wrong")).to_have_text("One of the shelves a, b and c.")
        page.locator("[name=in-commit]").fill("🎉" * 12)  # as the server counts
        page.locator("[name=in-key]").fill("k")
        page.locator("[name=in-code]").fill("AB-12")
        page.locator("[name=in-shelf]").fill("c")
        assert inputs(shop, press(page))["commit"] == "🎉" * 12


def edges(page: Page, selector: str) -> list[str]:
    colours: list[str] = page.locator(selector).evaluate_all(
        "all => all.map(one => getComputedStyle(one).borderTopColor)"
    )
    return colours


def test_mistakes_that_the_browser_finds_are_listed_with_links_and_have_a_red_edge(browser, shop):
    with Reader(browser, shop) as reader:
        page = reader.open("/tasks/needed")
        calm = edges(page, ".choices label")
        page.locator(".gobar .push").click()
        expect(page.locator("#problems")).to_be_focused()
        expect(page.locator("#problems")).to_contain_text("Nothing was started. 2 things need a look:")
        expect(page.locator("#problems li")).to_have_text(["Size of the shirt: Choose one.", "Name: Fill this in."])
        red = edges(page, "#f-name")
        assert edges(page, ".choices label") == red * 2 != calm
        assert axe(page) == []
        page.get_by_role("link", name="Size of the shirt").click()
        expect(page.get_by_role("radio", name="S", exact=True)).to_be_focused()
        page.keyboard.press("Space")
        assert edges(page, ".choices label:not(:has(:checked))") == calm[:1]
        page.locator(".gobar .push").click()
        expect(page.locator("#f-name")).to_be_focused()  # the only one: there is nothing to list
        expect(page.locator("#problems")).to_have_count(0)
        expect(page.locator("#f-name")).to_have_attribute("placeholder", "such as Ada Lovelace")  # which is no value
        page.locator("#f-name").fill("Ada")
        assert inputs(shop, press(page)) == {"size": "S", "name": "Ada", "pieces": 1}


def test_the_help_of_a_field_stands_below_it_whatever_its_kind(browser, shop):
    below = """all => all.map(hint => hint.getBoundingClientRect().top
                      >= hint.closest('.field').querySelector('.choices, .box').getBoundingClientRect().bottom)"""
    with Reader(browser, shop) as reader:
        page = reader.open("/tasks/needed")
        assert page.locator(".field[data-field]:not([data-field=press-why]) .hint").evaluate_all(below) == [True, True]
