"""Files of a run that its page shows at once."""

from pathlib import Path

import pytest

from pushbutton.adapters.files import FileFolder
from pushbutton.web.views import previews as shown
from pushbutton.web.views.previews import Preview
from pushbutton.web.views.run_story import Result


async def previews(folder: Path, files: list[Result]) -> list[Preview]:
    """Of run 7, whose results are in this folder."""
    return await shown.previews(FileFolder(folder / "uploads", folder), 7, files)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "7" / "results"
    folder.mkdir(parents=True)
    return folder


def a_file(folder: Path, name: str, content: bytes | str) -> Result:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Result(name, name, None, "image/png" if name.endswith(".png") else "")


async def test_a_table_has_a_head_and_says_what_it_leaves_out(tmp_path, results):
    file = a_file(results, "t.csv", "\ufeffArticle;Pieces\n" + "Tea;3\n" * 40)
    [seen] = await previews(tmp_path, [file])
    assert (seen.head, seen.rows[0], len(seen.rows), seen.more) == (("Article", "Pieces"), ("Tea", "3"), 30, 10)


async def test_markdown_is_cleaned(tmp_path, results):
    [seen] = await previews(tmp_path, [a_file(results, "n.md", "# Hi\n<script>x</script>")])
    assert "<script" not in str(seen.prose)
    assert "Hi" in str(seen.prose)


async def test_a_picture_is_shown_without_being_read(tmp_path):
    [seen] = await previews(tmp_path, [Result("p.png", "P", None, "image/png")])
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
    assert await previews(tmp_path, [Result("x.md", "", None, ""), Result("../../etc/passwd.md", "", None, "")]) == []
