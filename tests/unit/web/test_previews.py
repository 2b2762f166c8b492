"""Files of a run that its page shows at once."""

from pathlib import Path

import pytest

from pushbutton.adapters.files import FileFolder
from pushbutton.domain.result import File
from pushbutton.web.views import previews as shown
from pushbutton.web.views.result_cards import Preview


async def previews(folder: Path, files: list[File]) -> list[Preview]:
    """Of run 7, whose results are in this folder."""
    return await shown.previews(FileFolder(folder / "uploads", folder), 7, files)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "7" / "results"
    folder.mkdir(parents=True)
    return folder


def a_file(folder: Path, name: str, content: bytes | str) -> File:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return File(name, name, None, "image/png" if name.endswith(".png") else "")


async def test_a_table_has_a_head_and_says_what_it_leaves_out(tmp_path, results):
    file = a_file(results, "t.csv", "\ufeffArticle;Pieces\n" + "Tea;3\n" * 40)
    [seen] = await previews(tmp_path, [file])
    assert (seen.head, seen.rows[0], len(seen.rows), seen.more) == (("Article", "Pieces"), ("Tea", "3"), 30, 10)


async def test_what_was_seen_once_is_not_read_again(tmp_path, results):
    file, seen = a_file(results, "t.csv", "a\n1\n"), shown.Seen()
    once = await shown.previews(FileFolder(tmp_path / "uploads", tmp_path), 7, [file], seen)
    (results / "t.csv").unlink()
    assert await shown.previews(FileFolder(tmp_path / "uploads", tmp_path), 7, [file], seen) == once != []


async def test_of_a_large_table_the_beginning_is_shown(tmp_path, results):
    [found] = await previews(tmp_path, [a_file(results, "t.csv", "a,b\n" + "1,xxxxxxxxxxxxxxx\n" * 50_000)])
    assert (len(found.rows), found.rows[-1], found.whole) == (30, ("1", "x" * 15), False)


async def test_markdown_is_cleaned(tmp_path, results):
    [seen] = await previews(tmp_path, [a_file(results, "n.md", "# Hi\n<script>x</script>")])
    assert "<script" not in str(seen.prose)
    assert "Hi" in str(seen.prose)


async def test_a_picture_is_shown_without_being_read(tmp_path):
    [seen] = await previews(tmp_path, [File("p.png", "P", None, "image/png")])
    assert seen.file.picture


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"\xff\xfe\x00a"),
        ("x.csv", "only one line\n"),
        ("x.md", "a" * 300_000),
        ("x.svg", "<svg/>"),
        ("x.html", "<b>"),
    ],
)
async def test_what_cannot_be_shown_is_left_out(tmp_path, results, name, content):
    assert await previews(tmp_path, [a_file(results, name, content)]) == []


async def test_a_link_to_elsewhere_is_not_followed(tmp_path, results):
    (results / "x.md").symlink_to("/etc/hostname")
    assert await previews(tmp_path, [File("x.md", "", None, ""), File("../../etc/passwd.md", "", None, "")]) == []
