"""Output that is not UTF-8 has the lines, the colours, the search and the times that the same text has in UTF-8."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushbutton.adapters.output import LogFolder
from pushbutton.domain.encoding import AsUtf8, begun, charset
from pushbutton.runtime.log import index as line_index
from pushbutton.runtime.log.reader import LinePage, LineReader
from pushbutton.runtime.watch.frames import complete

SAID = {
    "cp1252": "Größe 50 €\nnaïve “quotes”\n",
    "shift_jis": "表示ソ能\nテスト ｶﾅ 表\n",  # 表 and ソ end in the byte of a backslash
    "gb18030": "进度 50 𠀀\n完成\n",
    "euc_kr": "진행 상황\n끝\n",
    "koi8_r": "Готово ёлка\n",
    "iso8859-1": "Straße\x85 ÿ\n",
}
MORE = "\x1b[31mred {0}\x1b[0m end\n\r 10% {0}\r100% {0}\n{0}\tx\nup\n\x1b[2Aover\n\x1b[B{0}" + "{0}" * 3 + "\n"


def in_encoding(folder: Path, encoding: str) -> LogFolder:
    (folder / "encoding").write_text(encoding)
    return LogFolder(folder)


def output(encoding: str) -> str:
    said = SAID[encoding]
    word = said.partition("\n")[0]
    return said + MORE.format(word) + said * 40 + word  # without an end of the last line


def write(folder: Path, data: bytes, ends: list[int]) -> LineReader:
    """`ends`: where each line begins, which is when it was written, too."""
    folder.mkdir()
    (folder / "output").write_bytes(data)
    (folder / "times").write_bytes(b"".join(struct.pack("<QQ", at, place) for place, at in enumerate(ends)))
    return LineReader(LogFolder(folder))


def begins(data: bytes) -> list[int]:
    return [0, *(place + 1 for place, byte in enumerate(data) if byte == 0x0A)]


async def all_of(reader: LineReader) -> tuple[LinePage, bytes]:
    page = await reader.lines(1, 2000, final=True)
    return page, b"".join([piece async for piece in reader.plain(final=True)])


@pytest.mark.parametrize("encoding", SAID)
async def test_lines_are_as_they_would_be_in_utf_8(tmp_path, encoding):
    text = output(encoding)
    data, plain = text.encode(encoding), text.encode()
    as_utf8 = write(tmp_path / "utf-8", plain, begins(plain))
    write(tmp_path / "coded", data, begins(data))
    coded = LineReader(in_encoding(tmp_path / "coded", encoding))
    expected, expected_text = await all_of(as_utf8)
    page, page_text = await all_of(coded)
    assert page.lines == expected.lines  # with their times, though they stand elsewhere
    assert (page.total, page.done, page.bytes_read) == (expected.total, True, len(data))
    assert page_text == expected_text
    word = SAID[encoding].split()[0][:2]
    for query in (word, "RED", "end"):
        assert await coded.search(query, final=True) == await as_utf8.search(query, final=True)
    assert (await coded.search(word, final=True)).total > 40
    for at in (3, 30):
        assert await coded.find_time(at, final=True) == await as_utf8.find_time(at, final=True)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(SAID)), st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_however_it_is_cut_it_is_the_same(encoding, sizes):
    data, at = output(encoding).encode(encoding), 0
    coded, made = AsUtf8(encoding), b""
    for size in sizes:
        made += coded.feed(data[at : at + size])
        at += size
        coded = AsUtf8.restore(coded.dump())  # as from a file
    made += coded.feed(data[at:])
    assert made.decode() == output(encoding)
    assert coded.read == len(data)
    assert [coded.place(begin) for begin in begins(made)] == begins(data)


@pytest.mark.parametrize("encoding", SAID)
async def test_it_is_read_on_from_files_in_the_middle_of_a_character(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(line_index, "WORTH_SAVING", 0)
    data = output(encoding).encode(encoding)
    for cut in range(8):
        folder = tmp_path / str(cut)
        first = write(folder, data[: 60 + cut], [])
        first = LineReader(in_encoding(folder, encoding))
        await first.lines(1, 1, final=False)
        await first.close()
        assert (folder / "lines.state").exists()
        (folder / "output").write_bytes(data)
        page, _ = await all_of(LineReader(in_encoding(folder, encoding)))
        write(folder / "whole", data, [])
        expected, _ = await all_of(LineReader(in_encoding(folder / "whole", encoding)))
        assert [line.text for line in page.lines] == [line.text for line in expected.lines]


async def test_what_was_derived_under_another_encoding_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(line_index, "WORTH_SAVING", 0)
    reader = write(tmp_path / "1", b"gr\xfcn\n", [])
    assert (await reader.lines(1, 1, final=True)).lines[0].text == "gr\ufffdn"
    await reader.close()
    page = await LineReader(in_encoding(tmp_path / "1", "cp1252")).lines(1, 1, final=True)
    assert page.lines[0].text == "grün"


async def test_a_character_that_nobody_finished_shows_at_the_end(tmp_path):
    write(tmp_path / "1", "表\n能".encode("shift_jis")[:-1], [])
    reader = LineReader(in_encoding(tmp_path / "1", "shift_jis"))
    assert [line.text for line in (await reader.lines(1, 5, final=False)).lines] == ["表"]
    assert [line.text for line in (await reader.lines(1, 5, final=True)).lines] == ["表", "\ufffd"]


@pytest.mark.parametrize("encoding", SAID)
def test_a_stream_is_cut_between_characters(encoding):
    data = SAID[encoding].encode(encoding)
    pieces, at, size = [], 0, 1
    while at < len(data):
        piece = data[at : at + size]
        piece = piece[: len(piece) - begun(piece, encoding)]
        size = 1 if piece else size + 1
        pieces += [piece.decode(encoding)] if piece else []
        at += len(piece)
    assert "".join(pieces) == SAID[encoding]
    assert len(pieces) == len(SAID[encoding])
    assert complete("ö".encode()[:1]) == 0  # as in UTF-8


def test_an_encoding_is_called_as_browsers_call_it():
    assert [charset(one) for one in ("", "cp1252", "shift_jis", "cp932", "iso8859-1")] == [
        *("utf-8", "windows-1252", "shift-jis", "windows-31j", "iso8859-1")
    ]
