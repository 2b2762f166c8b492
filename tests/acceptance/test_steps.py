"""Steps on a run's page and the lines of its output that are theirs, with real jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import Reader, browser
from tests.acceptance.serving import Served, until
from tests.acceptance.worlds import script

__all__ = ["browser"]

TASKS = """
from pushbutton import step, task


@task
def build(broken: bool = True) -> None:
    print("hello")
    with step("Fetch"):
        for number in range(300):
            print("fetched", number)
    with step("Think"):
        pass
    with step("Compile"):
        print("cc a.c")
        if broken:
            raise ValueError("a.c is empty")
"""
SHELL = """
echo one
pushbutton step First
echo two
pushbutton step Second
printf three
"""


COPY = "tasks: {copy: {command: [sh, -c, exit 0]}}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("steps") / "tasks"
    folder.mkdir()
    (folder / "build.py").write_text(TASKS)
    script(folder, "shell.sh", SHELL)
    (folder / "pushbutton.yaml").write_text(COPY)
    with Served(folder) as server:
        yield server


def places(site: Served, number: int) -> dict[str, str]:
    """Where the steps of a run lead."""
    html = site.http.get(f"/runs/{number}").text
    listed = html[html.index('id="run-steps"') : html.index('id="run-updates"')]
    return {name: link for link, name in re.findall(r'class="what"><a href="([^"]+)"[^>]*>([^<]+)</a>', listed)}


def test_each_step_leads_to_its_lines_and_one_that_wrote_nothing_nowhere(site: Served):
    number = site.press("build", broken=False)
    site.finished(number)
    assert places(site, number) == {"Fetch": "#L2-L301", "Compile": "#L302"}


def test_steps_of_a_shell_script_know_their_lines_up_to_a_last_one_without_an_end(site: Served):
    number = site.press("shell")
    site.finished(number)
    assert places(site, number) == {"First": "#L2", "Second": "#L3"}


def test_a_failure_leads_to_the_line_that_names_it_and_a_step_to_its_first(browser, site: Served):
    number = site.press("build")
    site.finished(number)
    with Reader(browser, site) as reader:
        page = reader.open(f"/runs/{number}")
        expect(page.locator("#run-steps [data-state=failed] .more")).to_have_text("ValueError: a.c is empty")
        expect(page.locator(".log li.wrong .tx")).to_have_text("ValueError: a.c is empty")
        page.locator("#run-steps").get_by_role("link", name="Fetch").click()
        expect(page.locator(".log li.hit .tx").first).to_have_text("fetched 0")
        expect(page.locator(".log li.hit .tx").first).to_be_in_viewport()
        page.get_by_role("link", name="Show the output there").click()
        expect(page.locator(".log li.wrong")).to_be_in_viewport()


def test_a_failure_tells_what_changed_since_it_last_worked(browser, site: Served):
    good, bad = site.press("build", broken=False), site.press("build")
    site.finished(bad)
    with Reader(browser, site) as reader:
        page = reader.open(f"/runs/{bad}")
        card = page.locator("#run-changed")
        expect(card).to_contain_text(re.compile(r"Broken\s*before: No → now: Yes"))
        expect(card).to_contain_text(re.compile(r"Task\s*the same"))
        expect(card).to_contain_text("Traceback")
        expect(card.get_by_role("link", name="differs from line 303 on")).to_be_visible()
        expect(card.get_by_role("link", name=f"Run {good}")).to_have_attribute("href", f"/runs/{good}")


def test_a_failure_shows_what_changed_in_the_declaration_of_its_task(site: Served):
    site.finished(site.press("copy"))
    (site.data.parent / "pushbutton.yaml").write_text(COPY.replace("exit 0", "exit 7"))

    def failed() -> int:
        number = site.press("copy")
        return number if site.finished(number)["state"] == "failed" else 0

    def shown() -> re.Match[str] | None:
        return re.search(r"<del>-target[^<]*exit 0.*<ins>\+target[^<]*exit 7", site.http.get(page).text, re.DOTALL)

    page = f"/runs/{until(failed, what='the change is read')}"
    assert until(shown, what="the change is recorded")
    assert "changed in between" in site.http.get(page).text
