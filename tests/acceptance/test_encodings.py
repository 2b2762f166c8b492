"""Jobs that do not speak UTF-8: what is shown is decoded, what is downloaded is as it came, secrets stay masked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .browser import chromium
from .serving import Served, environment, until
from .worlds import script

SOON = 60_000
SECRET = "Schlüssel-für-Zoë"
WESTERN = "Größe 50 € – naïve “quotes”"
EASTERN = "表示ソ能 ﾃｽﾄ"


def write(folder: Path) -> None:
    script(
        folder,
        "western.py",
        f"""\
        import os, sys
        def say(text): os.write(1, text.encode("cp1252"))
        say({WESTERN!r} + chr(10) + chr(27) + "[31mröt" + chr(27) + "[0m" + chr(10) + " 1%" + chr(13) + "100% übrig\\n")
        say("my key is " + os.environ["KEY"] + "\\n")
        made = os.path.join(os.environ["PUSHBUTTON_FILES"], "keys.txt")
        open(made, "wb").write(("für dich: " + os.environ["KEY"] + "\\n").encode("cp1252"))
        told = int(os.environ["PUSHBUTTON_EVENTS"])
        os.write(told, f"artifact {{made}}\\nGrüße in cp1252\\n".encode("cp1252"))
        say("Schluß")
        """,
        head='encoding = "windows-1252"\nsecrets = ["KEY"]',
    )
    script(
        folder,
        "eastern.py",
        f"""\
        import os, pathlib, time
        data = {EASTERN!r}.encode("shift_jis")
        go = pathlib.Path(os.environ["GO"])
        for at in range(len(data)):  # each byte for itself: no read ever ends with a whole character but by luck
            os.write(1, data[at : at + 1])
            while go.read_text() < str(at):
                time.sleep(0.002)
        os.write(1, b"\\nend")
        """,
        head=f'encoding = "shift_jis"\nenv = {{GO = "{folder.parent}/go"}}',
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tasks = tmp_path_factory.mktemp("encodings") / "tasks"
    tasks.mkdir()
    (tasks.parent / "go").write_text("9")
    write(tasks)
    (tasks / "pushbutton.yaml").write_text("secrets:\n  KEY: {env: THE_KEY}\n")
    return tasks


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with Served(folder, at_once=10, env={"THE_KEY": SECRET}) as server:
        yield server


@pytest.fixture(scope="module")
def western(server: Served) -> int:
    number = server.press("western")
    assert server.finished(number)["state"] == "succeeded"
    return number


def cli(*words: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    env = environment(THE_KEY=SECRET)
    return subprocess.run(
        [sys.executable, "-m", "pushbutton", *words], env=env, cwd=cwd, capture_output=True, check=False, timeout=120
    )


SHOWN = f"{WESTERN}\nröt\n100% übrig\nmy key is ***\nSchluß"


def test_lines_search_and_text_are_decoded(server, western):
    page = server.get(f"/api/runs/{western}/output/lines?from=1")
    shown = [line["t"] if isinstance(line["t"], list) else [[line["t"]]] for line in page["lines"]]
    text = ["".join(part[0] for part in parts) for parts in shown]
    assert text == SHOWN.split("\n")
    assert page["lines"][1]["t"] == [["röt", "f1"]]
    assert page["bytes"] == len(server.output(western))
    found = server.get(f"/api/runs/{western}/output/search", params={"q": "GRÖßE 50 €"})
    assert [hit["n"] for hit in found["hits"]] == [1]
    answer = server.http.get(f"/api/runs/{western}/output/plain")
    assert answer.text == f"{SHOWN}\n"


def test_a_download_has_the_bytes_as_they_came_and_says_what_they_are(server, western):
    answer = server.http.get(f"/api/runs/{western}/output")
    assert answer.headers["content-type"] == "text/plain; charset=windows-1252"
    assert answer.content.startswith(WESTERN.encode("cp1252") + b"\n\x1b[31mr\xf6t\x1b[0m\n 1%\r100% \xfcbrig\n")
    assert b"my key is ***\n" in answer.content
    for coded in (SECRET.encode("cp1252"), SECRET.encode()):
        assert coded not in answer.content


def test_a_line_that_it_reports_may_be_in_its_encoding(server, western):
    assert server.run(western)["status"] == "Grüße in cp1252"


def test_streams_and_pages_are_decoded(server, western):
    (frame, *_) = server.frames(f"/api/runs/{western}/output/stream")
    piece = json.loads(frame.data)
    assert (piece["text"][: len(WESTERN)], piece["encoding"]) == (WESTERN, "cp1252")
    assert piece["end"] == len(server.output(western))
    page = server.http.get(f"/runs/{western}").text
    assert "Größe 50 €" in page
    assert "Schluß" in page
    assert "\ufffd" not in page


def test_a_page_shows_it_live_as_it_comes_and_finds_it(server, folder):
    go = folder.parent / "go"
    go.write_text("")
    number, data = server.press("eastern"), EASTERN.encode("shift_jis")
    with chromium() as browser:
        try:
            page = browser.new_page()
            page.goto(f"{server.url}/runs/{number}#output")
            server.output_has(number, data[:1])
            go.write_text("0")
            lines = page.locator(".log li .tx")
            expect(lines.first).to_have_text(EASTERN[0], timeout=SOON)  # both of its bytes, as soon as they are there
        finally:
            go.write_text("9" * 99)
        expect(lines).to_have_text([EASTERN, "end"], timeout=SOON)


def test_a_character_that_comes_in_two_pieces_is_whole_in_every_frame(server, folder):
    """Live, byte by byte: the next byte comes when the one before was seen."""
    go = folder.parent / "go"
    go.write_text("")
    number, data, said = server.press("eastern"), EASTERN.encode("shift_jis"), ""
    try:
        until(lambda: server.run(number)["state"] == "running", what="it runs")
        for at in range(len(data)):
            server.output_has(number, data[: at + 1])
            go.write_text(str(at) if at < 9 else "9" * at)
        for frame in server.frames(f"/api/runs/{number}/output/stream"):
            if frame.event == "output":
                said += json.loads(frame.data)["text"]
    finally:
        go.write_text("9" * 99)
    assert said == f"{EASTERN}\nend"
    assert [line["t"] for line in server.get(f"/api/runs/{number}/output/lines?from=1")["lines"]] == [EASTERN, "end"]
    assert server.output(number) == data + b"\nend"


def test_commands_show_it_decoded(server, western, folder):
    watched = cli("watch", str(western), "--server", server.url, cwd=folder)
    assert watched.stdout.decode().replace("\x1b[31m", "").replace("\x1b[0m", "").replace(" 1%\r", "") == SHOWN
    ran = cli("run", "western.py", cwd=folder)
    assert (ran.returncode, ran.stderr.decode().splitlines()[-1][:11]) == (0, "✔ Succeeded")
    assert "● Grüße in cp1252" in ran.stderr.decode()
    assert ran.stdout.decode().replace("\x1b[31m", "").replace("\x1b[0m", "").replace(" 1%\r", "") == SHOWN


def test_an_encoding_that_there_is_not_is_a_mistake_with_its_place(tmp_path):
    script(tmp_path, "old.sh", "true", head='title = "Old"\nencoding = "cp1225"')
    (tmp_path / "wide.py").write_text("from pushbutton import task\n\n@task(encoding='utf-16')\ndef wide(): ...\n")
    said = cli("check", ".", cwd=tmp_path)
    assert said.returncode == 6
    lines = said.stdout.decode() + said.stderr.decode()
    assert "old.sh:4:3: “encoding” must be an encoding that Python knows, such as cp1252. Did you mean “cp1" in lines
    assert "wide.py:3:7: “encoding” must be an encoding in which ASCII is one byte a character, such as cp1252" in lines


def test_nothing_of_the_secret_is_in_any_file(server, western):
    told = [path for path in Path(server.data).rglob("*") if path.is_file()]
    assert told
    forms = (SECRET.encode("cp1252"), SECRET.encode(), json.dumps(SECRET)[1:-1].encode())
    assert [path for path in told if any(form in path.read_bytes() for form in forms)] == []


def test_a_file_that_it_hands_over_is_masked_in_its_encoding(server, western):
    (event,) = (event for event in server.events(western) if event["kind"] == "artifact")
    answer = server.http.get(f"/api/runs/{western}/artifacts/{event['data']['name']}")
    assert answer.content == b"f\xfcr dich: ***\n"
