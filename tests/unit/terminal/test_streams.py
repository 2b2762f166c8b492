"""Streams as tools write them, and what a person should read afterwards."""

from pushbutton.terminal import styles
from pushbutton.terminal.terminal import Terminal


def shown(stream: bytes) -> list[str]:
    machine = Terminal()
    machine.feed(stream)
    return [line.text for line in machine.reach()]


def coloured(stream: bytes) -> list[list[tuple[str, str]]]:
    machine = Terminal()
    machine.feed(stream)
    return [
        [(text, styles.classes(style)) for text, style in styles.Line(0, line.text, line.spans).runs()]
        for line in machine.reach()
    ]


def test_a_tqdm_bar_leaves_its_last_state() -> None:
    bar = "".join(
        f"\rCopy: {done:3d}%|{'█' * (done // 10):<10}| {done}/100 [00:{done // 10:02d}<00:0{9 - done // 11}, 9.90it/s]"
        for done in range(101)
    )
    assert shown(f"start\n{bar}\ndone\n".encode()) == [
        "start",
        "Copy: 100%|██████████| 100/100 [00:10<00:00, 9.90it/s]",
        "done",
    ]


def test_a_tqdm_bar_that_leaves_nothing_leaves_no_line() -> None:
    assert shown(b"a\n\r 50%|##  |\r100%|####|\r           \r\x1b[2Kb\n") == ["a", "b"]


def test_nested_tqdm_bars_stay_on_their_lines() -> None:
    stream = b"outer 0%\n\rinner  50%\rinner 100%\x1b[A\router 50%\n\rinner  50%\rinner 100%\x1b[A\router 100%\n\n"
    assert shown(stream) == ["outer 100%", "inner 100%"]


def test_docker_pull_leaves_one_line_per_layer() -> None:
    stream = (
        b"latest: Pulling from library/redis\r\n"
        b"a1: Pulling fs layer \r\nb2: Pulling fs layer \r\nc3: Waiting \r\n"
        b"\x1b[2A\x1b[2K\rb2: Downloading [=>   ]  1MB/4MB\r\x1b[2B"
        b"\x1b[3A\x1b[2K\ra1: Downloading [==>  ]  2MB/4MB\r\x1b[3B"
        b"\x1b[2A\x1b[2K\rb2: Pull complete \r\x1b[2B"
        b"\x1b[3A\x1b[2K\ra1: Pull complete \r\x1b[3B"
        b"\x1b[1A\x1b[2K\rc3: Pull complete \r\x1b[1B"
        b"Digest: sha256:0123\r\n"
    )
    assert shown(stream) == [
        "latest: Pulling from library/redis",
        "a1: Pull complete ",
        "b2: Pull complete ",
        "c3: Pull complete ",
        "Digest: sha256:0123",
    ]


def test_git_progress_leaves_the_final_counts() -> None:
    stream = (
        b"remote: Counting objects:  50% (1/2)\x1b[K\rremote: Counting objects: 100% (2/2)\x1b[K\r"
        b"remote: Counting objects: 100% (2/2), done.\x1b[K\nReceiving objects: 100% (2/2), 1.2 KiB, done.\n"
    )
    assert shown(stream) == [
        "remote: Counting objects: 100% (2/2), done.",
        "Receiving objects: 100% (2/2), 1.2 KiB, done.",
    ]


def test_a_spinner_that_redraws_its_block_leaves_the_last_block() -> None:
    frames = b"".join(
        b"\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[G\x1b[36m%s\x1b[39m install\n\x1b[90m%d files\x1b[39m\n"
        % (mark, count)
        for mark, count in ((b"|", 1), (b"/", 20), (b"-", 300))
    )
    assert coloured(b"npm\n\n\n" + frames) == [
        [("npm", "")],
        [("-", "f6"), (" install", "")],
        [("300 files", "F0")],
    ]


def test_pytest_colours_are_kept() -> None:
    stream = (
        b"\x1b[1m=== test session starts ===\x1b[0m\n"
        b"test_a.py \x1b[32m.\x1b[0m\x1b[31mF\x1b[0m\x1b[31m [100%]\x1b[0m\n"
        b"\x1b[31m=== \x1b[31m\x1b[1m1 failed\x1b[0m, "
        b"\x1b[32m1 passed\x1b[0m\x1b[31m in 0.1s\x1b[0m\x1b[31m ===\x1b[0m\n"
    )
    assert coloured(stream) == [
        [("=== test session starts ===", "b")],
        [("test_a.py ", ""), (".", "f2"), ("F [100%]", "f1")],
        [("=== ", "f1"), ("1 failed", "f1 b"), (", ", ""), ("1 passed", "f2"), (" in 0.1s ===", "f1")],
    ]


def test_grep_colours_with_their_erase_codes_are_kept() -> None:
    assert coloured(b"a \x1b[01;31m\x1b[Kmatch\x1b[m\x1b[K here\n") == [[("a ", ""), ("match", "f1 b"), (" here", "")]]


def test_apt_without_rows_keeps_every_line() -> None:
    stream = b"Setting up a ...\r\nProgress: [ 50%]\rProgress: [100%]\r\n\x1b[?25hdone\r\n"
    assert shown(stream) == ["Setting up a ...", "Progress: [100%]", "done"]


def test_the_last_state_of_a_bar_is_found_without_drawing_the_others() -> None:
    """What is passed over must not be missed: the same streams, cut so small that nothing can be passed over."""
    bars = b"".join("\r下載 {}%|{:<20}|\x1b[K".format(n, "█" * (n // 5)).encode() for n in range(101))
    back = b"".join(b"%3d%%\b\b\b\b" % n for n in range(101))
    wide = "".join(f"\x1b[2D{char}" for char in "漢字漢字" * 50).encode()
    marks = "".join(
        "\rCafe\u0301 {}{}\u0302\u0301 {}".format(n, "aou"[n % 3], "█" * (n % 9)) for n in range(101)
    ).encode()
    turns = b"x" * 7 + "".join(f"\x1b[3Da\u0301漢\u0308\x1b[3D{n % 9}o\u0302\u0301e" for n in range(99)).encode()
    rare = "".join(f"\r{chr(0x100 + n)}\u0301 \u0302\r\u0301{n}\r\x1b[31m\u0301" for n in range(300)).encode()
    seen = (marks, turns, rare, bars + marks + rare + b"\r" + turns, "e\u0301\n\x1b[A".encode() + marks)
    for stream in (bars, b"so far " + back, b"so far xx" + wide, bars + back + b"\r" + wide, *seen):
        whole, small = Terminal(), Terminal()
        whole.feed(stream)
        for place in range(len(stream)):
            small.feed(stream[place : place + 1])
        assert whole.dump()["rows"] == small.dump()["rows"]
        assert whole.reach() == small.reach()


def test_a_line_that_was_rewritten_for_megabytes_is_read_in_little_time() -> None:
    """Counted, not timed: how much of it is drawn."""
    streams = {
        "bars": b"".join("\r下載中 {}%|{:<20}| {}".format(n % 101, "█" * (n % 21), n).encode() for n in range(20_000)),
        "erased": b"".join(b"\x1b[2K\x1b[1G\x1b[32mstep\x1b[0m %d" % n for n in range(40_000)),
        "spinner": b"working |" + b"\b/\b-\b\\\b|" * 100_000,
        "wide": "漢".encode() + "\x1b[2D字\x1b[2D漢".encode() * 50_000,
        "back": b" 12%" + b"\b\b\b\b 13%\b\b\b\b 14%" * 50_000,
        "marks": "".join(
            f"\rCafe\u0301 Mu\u0308nchen {n % 101}%|{'█' * (n % 21):<20}| {n}" for n in range(40_000)
        ).encode(),
        "marks erased": "".join(f"\x1b[2K\x1b[1G\x1b[32mCafe\u0301\x1b[0m {n}" for n in range(40_000)).encode(),
        "marks turned": b"working |" + "\be\u0301\bu\u0308\bo\u0302\u0301\b|".encode() * 100_000,
    }
    for name, stream in streams.items():
        for size in (None, (24, 80)):
            machine, drawn = Counting(size), 0
            for place in range(0, len(stream), 1 << 17):
                machine.feed(stream[place : place + (1 << 17)])
            drawn = machine.written
            assert drawn < 200 * (1 + len(stream) // (1 << 17)), (name, size)


class Counting(Terminal):
    written = 0

    def _write(self, text: str) -> None:
        self.written += 1
        super()._write(text)
