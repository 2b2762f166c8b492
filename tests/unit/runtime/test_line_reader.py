"""Pages, search, times and plain text of a run's lines."""

import asyncio
import random
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.output import LogFolder
from pushbutton.runtime.log import index as line_index
from pushbutton.runtime.log import reader as lines
from pushbutton.runtime.log.index import LineIndex
from pushbutton.runtime.log.reader import Hit, LineReader
from pushbutton.terminal import screen, terminal
from pushbutton.terminal.cells import Settled
from pushbutton.terminal.styles import Line
from pushbutton.terminal.terminal import Terminal

MIXED = [
    b"plain line\n",
    b"\x1b[31mred and\n",
    b"still red\x1b[0m\n",
    b"\r 10%\r 20%\r100%\n",
    b"a\nb\n\x1b[2Aupper\n\x1b[B",
    "ümläut 漢字\n".encode(),
    b"broken \xff\n",
    b"\n",
    b"long" * 30 + b"\n",
    b"no end",
]


def in_encoding(folder: Path, encoding: str) -> LogFolder:
    (folder / "encoding").write_text(encoding)
    return LogFolder(folder)


@pytest.fixture
def reader(tmp_path: Path) -> LineReader:
    return LineReader(LogFolder(tmp_path))


def write(folder: Path, output: bytes, times: Sequence[tuple[int, int]] = ()) -> None:
    (folder / "output").write_bytes(output)
    (folder / "times").write_bytes(b"".join(struct.pack("<QQ", *record) for record in times))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def append(folder: Path, output: bytes) -> None:
    with (folder / "output").open("ab") as file:
        file.write(output)


def count_feeds(patch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes are read, time by time."""
    fed: list[int] = []
    feed = Terminal.feed

    def counting(self: Terminal, data: bytes) -> list[Settled]:
        fed.append(len(data))
        return feed(self, data)

    patch.setattr(Terminal, "feed", counting)
    return fed


async def everything(reader: LineReader, *, final: bool = True) -> list[Line]:
    page = await reader.lines(1, 2000, final=final)
    found = list(page.lines)
    while len(found) < page.total:
        page = await reader.lines(len(found) + 1, 2000, final=final)
        found.extend(page.lines)
    return found


def mixed(seed: int, count: int) -> bytes:
    return b"".join(random.Random(seed).choices(MIXED, k=count))


def at_once(output: bytes) -> list[str]:
    """The texts that a terminal gives that never has to settle anything."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (screen, terminal):
            patch.setattr(module, "REACH", 10**9)
        machine = Terminal()
        machine.feed(output)
        machine.finish()
        return [line.text for line in machine.reach()]


async def test_no_output_is_no_lines(reader: LineReader) -> None:
    page = await reader.lines(1, 10, final=False)
    assert (page.total, page.first, page.lines, page.bytes_read, page.done) == (0, 1, (), 0, False)
    assert (await reader.search("a")).hits == ()
    assert await reader.find_time(5) == 0
    assert [piece async for piece in reader.plain()] == []


async def test_a_run_without_output_is_done_when_it_is_over(reader: LineReader) -> None:
    assert (await reader.lines(1, 10, final=True)).done


async def test_lines_count_from_one_and_the_unfinished_last_one_counts(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\nb\nc")
    page = await reader.lines(1, 10, final=False)
    assert [(line.number, line.text) for line in page.lines] == [(1, "a"), (2, "b"), (3, "c")]
    assert (page.total, page.bytes_read, page.done) == (3, 5, False)


async def test_a_negative_start_counts_from_the_end(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"".join(b"%d\n" % number for number in range(1, 1001)))
    page = await reader.lines(-3, 10, final=True)
    assert page.first == 998
    assert [line.text for line in page.lines] == ["998", "999", "1000"]
    assert (await reader.lines(-5000, 2, final=True)).lines[0].number == 1


async def test_a_start_past_the_end_gives_no_lines_and_the_total(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\n")
    page = await reader.lines(50, 10, final=True)
    assert (page.total, page.first, page.lines) == (1, 50, ())


async def test_a_page_holds_at_most_two_thousand_lines(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"x\n" * 5000)
    assert len((await reader.lines(1, 10**9, final=True)).lines) == 2000


async def test_a_page_of_very_long_lines_ends_early(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"x" * (65_536 * 100))
    page = await reader.lines(1, 2000, final=True)
    assert len(page.lines) == 16
    assert (page.lines[0].continued, page.lines[1].continued) == (False, True)


async def test_lines_grow_with_the_output(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"")
    text = mixed(1, 600)
    for start in range(0, len(text), 1500):
        append(tmp_path, text[start : start + 1500])
        assert (await reader.lines(-1, 1, final=False)).bytes_read == min(len(text), start + 1500)
    assert [line.text for line in await everything(reader)] == at_once(text)


async def test_only_new_bytes_are_read(tmp_path: Path, reader: LineReader, monkeypatch: pytest.MonkeyPatch) -> None:
    fed = count_feeds(monkeypatch)
    write(tmp_path, b"a\n" * 1000)
    await reader.lines(1, 1, final=False)
    append(tmp_path, b"b\n")
    await reader.lines(-1, 1, final=False)
    await reader.lines(-1, 1, final=True)
    assert fed == [2000, 2]


async def test_many_who_ask_at_once_share_one_reading(
    tmp_path: Path, reader: LineReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed = count_feeds(monkeypatch)
    write(tmp_path, b"line\n" * 200_000)
    pages = await asyncio.gather(*(reader.lines(-1, 1, final=True) for _ in range(50)))
    assert sum(fed) == 1_000_000
    assert {page.total for page in pages} == {200_000}


async def test_who_stops_waiting_does_not_stop_the_reading_for_others(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"line\n" * 500_000)
    first, second = (asyncio.create_task(reader.lines(-1, 1, final=True)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).total == 500_000


async def test_a_character_that_never_ends_shows_when_the_run_is_over(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"caf\xc3")
    assert (await reader.lines(1, 1, final=False)).lines[0].text == "caf"
    assert (await reader.lines(1, 1, final=True)).lines[0].text == "caf\ufffd"


async def test_output_that_comes_after_the_end_is_shown_too(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"caf\xc3")
    await reader.lines(1, 1, final=True)
    append(tmp_path, b"\xa9\nmore\n")
    assert [line.text for line in await everything(reader)] == ["café", "more"]


async def test_output_that_was_replaced_by_less_is_read_anew(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\nb\nc\n")
    await reader.lines(1, 1, final=True)
    write(tmp_path, b"x\n")
    await reader.lines(1, 1, final=True)
    append(tmp_path, b"yyyyyyyyyyy\n")
    assert [line.text for line in await everything(reader)] == ["x", "yyyyyyyyyyy"]


# times


async def test_a_line_has_the_time_at_which_its_first_byte_came(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\nb\nc1c2\nd\n", [(0, 10), (2, 20), (6, 30), (9, 40)])
    assert [line.at for line in (await reader.lines(1, 9, final=True)).lines] == [10, 20, 20, 40]


async def test_times_of_settled_lines_are_those_of_fresh_ones(tmp_path: Path, reader: LineReader) -> None:
    count = 3000
    text = b"".join(b"%04d\r%04d\n" % (n, n) if n % 7 == 0 else b"%04d01234\n" % n for n in range(count))
    write(tmp_path, text, [(n * 10, n + 1) for n in range(count)])
    assert [line.at for line in await everything(reader)] == list(range(1, count + 1))
    assert [await reader.find_time(n + 1) for n in range(0, count, 97)] == [n + 1 for n in range(0, count, 97)]


async def test_a_moment_finds_the_line_that_was_written_to_then(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\nbar\rbaz\nc\n", [(0, 10), (2, 20), (6, 30), (10, 40)])
    assert [await reader.find_time(at) for at in (0, 10, 15, 20, 30, 31, 40, 50)] == [1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("coded", ["", "gb18030"])
async def test_each_byte_is_in_the_line_that_begins_before_it(tmp_path: Path, coded: str) -> None:
    text = b"".join(MIXED[:3] + MIXED[5:-1]).decode("utf-8", "replace") * 3000
    output = text.encode(coded or "utf-8")
    write(tmp_path, output)
    reader = LineReader(in_encoding(tmp_path, coded) if coded else LogFolder(tmp_path))
    end = "\n".encode(coded or "utf-8")
    begins = [0, *(place + len(end) for place in range(0, len(output), len(end)) if output.startswith(end, place))][:-1]
    chosen = [begins[0], begins[1], begins[999], begins[2000], begins[-1]]
    numbers = [1, 2, 1000, 2001, len(begins)]
    assert await reader.numbers(chosen) == dict(zip(chosen, numbers, strict=True))
    last = [begin - 1 for begin in chosen[1:]]
    assert await reader.numbers(last, final=True) == dict(zip(last, [n - 1 for n in numbers[1:]], strict=True))
    assert await reader.numbers([len(output)]) == {len(output): len(begins) + 1}


async def test_the_end_of_an_output_without_a_line_end_is_in_its_last_line(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"")
    assert await reader.numbers([0]) == {0: 1}
    append(tmp_path, b"one\ntwo")
    assert await reader.numbers([0, 4, 7]) == {0: 1, 4: 2, 7: 2}
    append(tmp_path, b"\n")
    assert await reader.numbers([7, 8]) == {7: 2, 8: 3}


async def test_a_line_that_is_written_over_is_one_line(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\n 10%\r 20%\r100%\nb\n")
    assert await reader.numbers([2, 7, 12, 17]) == {2: 2, 7: 2, 12: 2, 17: 3}


async def test_without_times_lines_have_none(tmp_path: Path, reader: LineReader) -> None:
    (tmp_path / "output").write_bytes(b"a\n")
    assert (await reader.lines(1, 1, final=True)).lines[0].at == 0


# search


async def test_search_finds_lines_whatever_their_capitals(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"Error one\nfine\nan ERROR and error\n")
    found = await reader.search("error")
    assert found.hits == (Hit(1, 0, 5), Hit(3, 3, 8))
    assert (found.total, found.more) == (2, False)
    assert (await reader.search("ERROR", exact=True)).hits == (Hit(3, 3, 8),)


async def test_search_looks_at_what_is_shown(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"fail\rokay\ner\x1b[31mror\x1b[m\n\x1b[1mx\x1b[m\n" + b"filler\n" * 300)
    assert (await reader.search("fail")).total == 0
    assert [hit.number for hit in (await reader.search("error")).hits] == [2]
    assert (await reader.search("[31m")).total == 0


async def test_search_does_not_find_what_is_in_colour_codes(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"\x1b[31mred\x1b[K 3\x1b[0m\x1b[1m1\x1b[m\n" * 400 + b"\x1b[1mK\x1b[m\n" + b"filler\n" * 300)
    assert (await reader.search("31")).total == 400
    assert (await reader.search("1mr")).total == 0
    assert [hit.number for hit in (await reader.search("k")).hits] == [401]


async def test_search_finds_text_that_is_not_ascii(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, "GRÖSSE\n".encode() + b"filler\n" * 300 + "größe\n漢字 GRÖ\n".encode())
    assert [hit.number for hit in (await reader.search("grö")).hits] == [1, 302, 303]


@pytest.mark.parametrize("counted", [10_000, 20])
async def test_search_goes_on_from_a_line_in_both_directions(
    tmp_path: Path, reader: LineReader, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    monkeypatch.setattr(lines, "COUNTED", counted)
    write(tmp_path, b"".join(b"needle\n" if n % 100 == 0 else b"hay %d\n" % n for n in range(1, 5001)))

    async def numbers(start: int, *, forward: bool) -> list[int]:
        found = await reader.search("needle", start=start, forward=forward, limit=2)
        assert (found.total, found.more) == ((50, False) if counted > 50 else (20, True))
        return [hit.number for hit in found.hits]

    assert await numbers(1, forward=True) == [100, 200]
    assert await numbers(200, forward=True) == [200, 300]
    assert await numbers(201, forward=True) == [300, 400]
    assert await numbers(4950, forward=True) == [5000]
    assert await numbers(9999, forward=True) == []
    assert await numbers(-1, forward=False) == [5000, 4900]
    assert await numbers(200, forward=False) == [200, 100]
    assert await numbers(99, forward=False) == []


async def test_search_counts_on_when_the_output_grows(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"needle\n" * 1000)
    assert (await reader.search("needle", limit=1)).total == 1000
    append(tmp_path, b"needle\n" * 1000)
    assert (await reader.search("needle", limit=1)).total == 2000


async def test_a_search_for_nothing_finds_nothing(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\n\n")
    assert (await reader.search("")).total == 0


# plain text


async def test_plain_text_is_what_is_shown_without_colours(tmp_path: Path, reader: LineReader) -> None:
    text = mixed(2, 3000)
    write(tmp_path, text)
    plain = b"".join([piece async for piece in reader.plain(final=True)])
    assert plain.decode().split("\n")[:-1] == at_once(text)


async def test_plain_text_joins_what_was_too_long_for_one_line(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"a\n" + b"x" * 200_000 + b"\nb\n")
    assert b"".join([piece async for piece in reader.plain()]) == b"a\n" + b"x" * 200_000 + b"\nb\n"


# files


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are made for small outputs too, and steps are short."""
    for name, value in {
        "CHUNK": 1000,
        "STEP": 0.0,
        "BREATH": 0.0,
        "SAVE_EVERY": 4000,
        "WORTH_SAVING": 1,
        "SMALL": 200,
    }.items():
        monkeypatch.setattr(line_index, name, value)
    monkeypatch.setattr(terminal, "PIECE", 600)
    monkeypatch.setattr(line_index, "PIECE", 600)


@pytest.mark.usefixtures("eager")
async def test_a_second_reader_starts_from_the_files_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, mixed(3, 2000))
    first = LineReader(LogFolder(tmp_path))
    expected = await everything(first)
    await first.close()
    monkeypatch.setattr(Terminal, "feed", lambda *_: pytest.fail("read again"))
    second = LineReader(LogFolder(tmp_path))
    assert await everything(second) == expected
    await second.close()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(12))
async def test_a_resumed_index_equals_a_fresh_one_wherever_its_files_were_cut(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    text = mixed(seed, 1500)
    write(tmp_path, text[: chance.randrange(len(text))])
    first = LineReader(LogFolder(tmp_path))
    await first.lines(-1, 1, final=chance.random() < 0.5)
    await first.close()
    for name in ("lines", "lines.at", "lines.idx", "lines.state"):
        path = tmp_path / name
        if path.exists() and chance.random() < 0.4:
            with path.open("r+b") as file:
                file.truncate(chance.randrange(path.stat().st_size + 1))
    write(tmp_path, text)
    resumed = LineReader(LogFolder(tmp_path))
    assert [line.text for line in await everything(resumed)] == at_once(text)
    await resumed.close()


@pytest.mark.usefixtures("eager")
async def test_a_reader_that_was_killed_between_two_saves_costs_nothing_but_time(tmp_path: Path) -> None:
    text = mixed(4, 2000)
    write(tmp_path, text[:20_000])
    index = LineIndex(LogFolder(tmp_path))
    for _ in range(14):  # three saves, and two steps on
        index.grow(final=False)
    assert index._release
    index._release()  # the lock goes, nothing is saved
    write(tmp_path, text)
    assert [line.text for line in await everything(LineReader(LogFolder(tmp_path)))] == at_once(text)


@pytest.mark.usefixtures("eager")
async def test_two_readers_of_one_run_do_not_disturb_each_other(tmp_path: Path) -> None:
    text = mixed(5, 1000)
    write(tmp_path, text[:9000])
    first, second = LineReader(LogFolder(tmp_path)), LineReader(LogFolder(tmp_path))
    for reader in (first, second, first):
        await reader.lines(-1, 1, final=False)
    write(tmp_path, text)
    for reader in (second, first):
        assert [line.text for line in await everything(reader)] == at_once(text)
        await reader.close()


@pytest.mark.usefixtures("eager")
async def test_files_of_another_version_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = mixed(6, 500)
    write(tmp_path, text)
    first = LineReader(LogFolder(tmp_path))
    await everything(first)
    await first.close()
    monkeypatch.setattr(line_index, "VERSION", 999)
    assert [line.text for line in await everything(LineReader(LogFolder(tmp_path)))] == at_once(text)


async def test_lines_wrap_at_the_width_of_the_runs_terminal(tmp_path: Path) -> None:
    text = b"keep\n" + b"x" * 25 + b"\n" + b"\x1b[2K\x1b[1A" * 3 + b"\x1b[2K\x1b[Gdone\n"
    write(tmp_path, text)
    assert [line.text for line in await everything(LineReader(LogFolder(tmp_path)))] == ["done", ""]
    (tmp_path / "screen").write_text("5 10\n")
    reader = LineReader(LogFolder(tmp_path))
    assert [line.text for line in await everything(reader)] == ["keep", "done"]
    await reader.close()
    assert [line.text for line in await everything(reader)] == ["keep", "done"]
    write(tmp_path, text[:6])
    assert [line.text for line in await everything(reader)] == ["keep", "x"]


@pytest.mark.usefixtures("eager")
async def test_a_resumed_index_has_the_terminals_size(tmp_path: Path) -> None:
    (tmp_path / "screen").write_text("5 10\n")
    write(tmp_path, b"\rbar\n" * 900 + b"x" * 25)
    first = LineReader(LogFolder(tmp_path))
    await first.lines(-1, 1, final=True)
    await first.close()
    assert "lines.state" in names(tmp_path)
    append(tmp_path, b"\rY\n")
    assert [line.text for line in await everything(LineReader(LogFolder(tmp_path)))][-2:] == ["x" * 20, "Yxxxx"]


async def test_rows_of_a_screen_in_another_encoding_begin_where_their_line_does(tmp_path: Path) -> None:
    output = "größer\n\x1b[H\x1b[2Jä\x1b[4;2Hö".encode("cp1252")
    write(tmp_path, output, [(0, 10), (7, 20)])
    found = await everything(LineReader(in_encoding(tmp_path, "cp1252")))
    assert [(line.text, line.at) for line in found] == [("größer", 10), ("ä", 20), ("", 20), ("", 20), (" ö", 20)]


async def test_a_small_plain_output_gets_no_files_beside_it(tmp_path: Path, reader: LineReader) -> None:
    write(tmp_path, b"line\n" * 1000)
    await everything(reader)
    await reader.close()
    assert names(tmp_path) == ["output", "times"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 900), st.integers(50, 3000))
async def test_pages_are_windows_of_the_whole(seed: int, start: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_index, "CHUNK", size)
        patch.setattr(line_index, "BREATH", 0.0)
        patch.setattr(line_index, "SMALL", 100)
        patch.setattr(terminal, "PIECE", 400)
        patch.setattr(line_index, "PIECE", 400)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, mixed(seed, 700))
            reader = LineReader(LogFolder(folder))
            whole = await everything(reader)
            page = await reader.lines(start, 20, final=True)
            assert list(page.lines) == whole[start - 1 : start + 19]
            assert [line.number for line in whole] == list(range(1, len(whole) + 1))
