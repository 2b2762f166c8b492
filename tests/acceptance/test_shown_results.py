"""Figures, tables, charts and texts that a job hands out: on its page, in the API and in the shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .pages import SIZES, Reader, axe, browser
from .serving import Command, Served, until
from .worlds import script

__all__ = ["browser"]

HOSTILE = "<img src=x onerror=\"document.title='taken'\"> {{ 7 * 7 }}"
JOBS = """
import os, time
from pathlib import Path
from pushbutton import artifact, result, status, task

@task
def sales(factor: float = 1.0, gate: str = ""):
    (Path(__file__).parent / ".token").write_text(os.environ["PUSHBUTTON_TOKEN"])
    result.figure("Orders", round(1204 * factor), better="more")
    while gate and not Path(gate).exists():
        time.sleep(0.02)
    result.chart("Per day", {"October": [3, None, 5], "September": [2, 4, 4]}, labels=["Mon", "Tue", "Wed"])
    result.chart("By country", {"Graz": 3, "Oslo": 7}, form="bar", unit="€")
    result.table("Differences", [{"Order": "A-1", "Shop": 4.5}, {"Order": "A-2", "Shop": -1.25}])
    result.text("Notes", "Nothing **unusual**.")
    return "The report is ready"

HOSTILE = "<img src=x onerror=\\"document.title='taken'\\"> {{ 7 * 7 }}"

@task
def hostile():
    result.figure(HOSTILE, HOSTILE, unit="<b>")
    result.table(HOSTILE, [{HOSTILE: "=cmd|' /C calc'!A0"}])
    result.chart(HOSTILE, {HOSTILE: [1, 2]}, labels=[HOSTILE, "</text><script>document.title = 'taken'</script>"])
    result.text(HOSTILE, "[x](javascript:alert(1)) <script>document.title = 'taken'</script> " + HOSTILE)

@task
def returned():
    return {"copied": 12, "skipped": 3}

@task
def large():
    result.table("All of them", ([n, "x" * 500] for n in range(100_000)), columns=["n", "text"])

@task
def wrong():
    result.figure("None", None)
    result.table("Wide", [dict.fromkeys(map(str, range(31)))])
    result.chart("Odd", "values")
    result.figure("Far", float("inf"))
    result.figure(None, 10**3000, unit=object(), better="perhaps")
    class Odd:
        def __str__(self): raise ValueError
    result.text("Odd", "ok")
    result.figure("Odd", Odd())
    result.chart("Deep", [[[[[1]]]]])
    result.table("Mixed", [[1], 2])
"""
FOLDER = """
cd "$PUSHBUTTON_RESULTS"
printf 'Article,Pieces\\nTea,3\\n' > 02-open_orders.csv
echo '{"Orders": 7, "Returns": 1}' > 01-figures.json
echo '[{"type": "text", "title": "Notes", "markdown": "*well*"}]' > 03-notes.json
echo '[1, 2]' > 04-odd.json
echo '{ no json' > 05-broken.json
ln -s /etc/hostname 06-elsewhere.json
echo 'figure "By line" 5 kg less' >&3
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shown")
    (folder / "jobs.py").write_text(JOBS)
    script(folder, "folder.sh", FOLDER)
    with Served(folder) as found:
        yield found


def handed(served: Served, task: str, **inputs: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """(results, notes) of one run that succeeded."""
    number = served.press(task, **inputs)
    assert served.finished(number)["state"] == "succeeded"
    notes = [event["data"]["text"] for event in served.events(number) if event["kind"] == "note"]
    return served.run(number)["results"], notes


def test_a_run_has_its_results_in_the_order_in_which_its_job_gave_them_and_what_they_were_before(served):
    first = served.press("sales", factor=0.5)
    served.finished(first)
    number = served.press("sales")
    served.finished(number)
    run = served.run(number)
    assert [(one["type"], one["title"]) for one in run["results"]] == [
        ("figure", "Orders"), ("chart", "Per day"), ("chart", "By country"), ("table", "Differences"),
        ("text", "Notes"),
    ]  # fmt: skip
    assert run["against"] == first
    assert run["results"][0] == {
        "type": "figure", "title": "Orders", "value": 1204, "unit": "", "better": "more", "before": 602
    }  # fmt: skip
    assert run["results"][1]["series"][0] == {"name": "October", "values": [3, None, 5]}
    assert run["results"][3]["rows"] == [["A-1", 4.5], ["A-2", -1.25]]
    assert "results" not in served.get("/api/runs")[0]


def test_results_are_events_so_who_comes_back_misses_none(served):
    number = served.press("sales")
    served.finished(number)
    events = list(served.events(number))
    shown = [event for event in events if event["kind"] == "result"]
    assert [event["data"]["title"] for event in shown] == [
        "Orders", "Per day", "By country", "Differences", "Notes"
    ]  # fmt: skip
    since = [event for event in served.events(number, since=shown[1]["id"]) if event["kind"] == "result"]
    assert since == shown[2:]


def test_a_figure_is_reported_from_elsewhere_too(served, tmp_path):
    number = served.press("sales", gate=str(tmp_path / "go"))
    until(lambda: served.run(number)["results"], what="a figure")
    token = (served.data.parent / ".token").read_text()
    answer = served.http.post(
        f"/api/runs/{number}/events", content='figure "From afar" 3 kg', headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 204
    (tmp_path / "go").touch()
    served.finished(number)
    assert served.run(number)["results"][1]["title"] == "From afar"


def test_what_a_function_returns_is_results_where_it_is_names_with_numbers(served):
    results, _ = handed(served, "returned")
    assert [(one["title"], one["value"]) for one in results] == [("copied", 12), ("skipped", 3)]


def test_what_lies_in_the_folder_for_results_is_handed_out_by_name_when_the_job_has_ended(served):
    results, notes = handed(served, "folder")
    assert [(one["type"], one["title"], one.get("value")) for one in results] == [
        ("figure", "By line", 5), ("figure", "Orders", 7), ("figure", "Returns", 1), ("text", "Notes", None),
        ("file", "Open orders", None), ("file", "Broken", None),
    ]  # fmt: skip
    assert notes[0] == "“Odd” is not shown: it is no figure, table, chart or text."
    assert "06-elsewhere.json” was not kept: it lies in" in notes[1] or "neither where" in notes[1]


def test_a_table_of_fifty_megabytes_is_a_file_of_which_the_page_shows_the_beginning(served):
    number = served.press("large")
    assert served.finished(number)["state"] == "succeeded"
    (file,) = served.run(number)["results"]
    assert (file["type"], file["title"], file["name"]) == ("file", "All of them", "All-of-them.csv")
    assert file["size"] > 50_000_000
    page = served.http.get(f"/runs/{number}").text
    assert "There are more rows in the file." in page
    assert len(page) < 200_000


def test_what_cannot_be_shown_is_a_sentence_and_the_run_goes_on(served):
    results, notes = handed(served, "wrong")
    assert notes == [
        "“None” is not shown: a figure has a value, which is a number or a text.",
        "“Wide” is not shown: a table has from 1 to 30 columns. Hand it over as a file.",
        "“Odd” is not shown: a chart has from 1 to 4 series, each with a list of values.",
        "“Mixed” is not shown: the rows of a table are a list of lists or of objects.",
    ]
    assert {one["title"] for one in results} == {"Far", "None", "Odd", "Deep"}


def test_the_shell_shows_them_as_plain_text(served):
    with Command("press", "sales", "--follow", "--server", served.url) as shell:
        assert shell.wait() == 0
        said = shell.err.text
    assert "● Orders: 1,204\n" in said
    assert "● Per day\n       October  September\n  Mon  3        2\n  Tue           4\n" in said
    assert "● Differences\n  Order  Shop\n  A-1    4.5\n" in said
    assert "● Notes\n  Nothing **unusual**.\n" in said


def test_the_shell_says_what_became_of_a_figure_since_the_run_before(served):
    first = served.press("sales", factor=0.5)
    served.finished(first)
    with Command("press", "sales", "--follow", "--server", served.url) as shell:
        assert shell.wait() == 0
        said = shell.err.text
    assert f"· Orders: 1,204, 100 % more than 602 in run {first}\n" in said


def test_a_table_is_there_as_csv_in_which_no_cell_is_a_formula(served):
    number = served.press("sales")
    served.finished(number)
    link = f"/api/runs/{number}/tables/4"
    assert f'href="{link}" download>Download as CSV' in served.http.get(f"/runs/{number}").text
    answer = served.http.get(link)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "\ufeffOrder,Shop\r\nA-1,4.5\r\nA-2,-1.25\r\n"
    assert f"Result 1 of run {number} is no table." in served.http.get(f"/api/runs/{number}/tables/1").text
    number = served.press("hostile")
    served.finished(number)
    assert "'=cmd|' /C calc'!A0" in served.http.get(f"/api/runs/{number}/tables/2").text


def test_what_a_result_says_is_text_and_nothing_else(served, browser):
    number = served.press("hostile")
    served.finished(number)
    with Reader(browser, served) as reader:
        page = reader.open(f"/runs/{number}")
        expect(page.locator("#run-results h2").last).to_have_text(HOSTILE)
        expect(page.locator("#run-results dt")).to_have_text(HOSTILE)
        expect(page.locator("#run-results th").first).to_have_text(HOSTILE)
        assert (
            page.locator("#run-results :is(img, script, iframe, [onload], [onerror], a[href^=javascript])").count() == 0
        )
        assert page.title().startswith("Succeeded")


def test_a_result_is_seen_while_the_run_goes_on_and_what_comes_later_without_a_reload(served, browser, tmp_path):
    with Reader(browser, served) as reader:
        number = served.press("sales", gate=str(tmp_path / "go"))
        until(lambda: served.run(number)["results"], what="a figure")
        page = reader.open(f"/runs/{number}")
        expect(page.locator("#run-results .big")).to_have_text("1,204")
        (tmp_path / "go").touch()
        expect(page.get_by_role("img", name="Per day: October goes from 3 (Mon) to 5 (Wed)")).to_be_visible()
        page.locator(".numbers summary").first.click()
        expect(page.get_by_role("group", name="The numbers of Per day")).to_contain_text("Tue")
        expect(page.locator("#run-results h2")).to_have_text(
            ["In figures", "Per day", "By country", "Differences", "Notes"]
        )


def test_results_stand_above_what_is_technical_which_is_closed(served, browser):
    number = served.press("sales")
    served.finished(number)
    for size in ("wide", "phone"):
        with Reader(browser, served, viewport=SIZES[size]) as reader:
            page = reader.open(f"/runs/{number}")
            expect(page.locator("#out")).not_to_have_attribute("open", "")
            results, output = page.locator("#run-results").bounding_box(), page.locator("#out").bounding_box()
            assert results
            assert output
            assert results["y"] + results["height"] <= output["y"]
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
