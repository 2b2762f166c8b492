"""Files of a run that its page shows at once."""

from pathlib import Path

import pytest

from pushbutton.web.previews import previews
from pushbutton.web.steps import Result


def a_file(folder: Path, name: str, content: bytes | str) -> Result:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Result(name, name, None, "image/png" if name.endswith(".png") else "")


async def test_a_table_has_a_head_and_says_what_it_leaves_out(tmp_path):
    file = a_file(tmp_path, "t.csv", "\ufeffArticle;Pieces\n" + "Tea;3\n" * 40)
    [seen] = await previews(tmp_path.joinpath, [file])
    assert (seen.head, seen.rows[0], len(seen.rows), seen.more) == (("Article", "Pieces"), ("Tea", "3"), 30, 10)


async def test_markdown_is_cleaned(tmp_path):
    [seen] = await previews(tmp_path.joinpath, [a_file(tmp_path, "n.md", "# Hi\n<script>x</script>")])
    assert "<script" not in str(seen.prose)
    assert "Hi" in str(seen.prose)


async def test_a_picture_is_shown_without_being_read(tmp_path):
    [seen] = await previews(tmp_path.joinpath, [Result("p.png", "P", None, "image/png")])
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
async def test_what_cannot_be_shown_is_left_out(tmp_path, name, content):
    assert await previews(tmp_path.joinpath, [a_file(tmp_path, name, content)]) == []


async def test_a_link_to_elsewhere_is_not_followed(tmp_path):
    (tmp_path / "x.md").symlink_to("/etc/hostname")
    assert (
        await previews(tmp_path.joinpath, [Result("x.md", "", None, ""), Result("../../etc/passwd.md", "", None, "")])
        == []
    )
