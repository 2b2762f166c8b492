"""A script that lies in the folder, as it is, is a form; what is filled in is what its own parser finds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.pages import Reader, browser, over, press
from tests.acceptance.serving import Command, Served

__all__ = ["browser"]

GREET = '''#!/usr/bin/env python3
"""Greets people, politely."""
import argparse, json, os, pathlib, sys
(pathlib.Path(__file__).parent / "ran").open("a").write("x")
parser = argparse.ArgumentParser()
parser.add_argument("names", nargs="+", help="Whom to greet")
parser.add_argument("--times", type=int, default=1, help="How often (default: %(default)s)")
parser.add_argument("--no-bow", action="store_false")
parser.add_argument("--tone", choices=["warm", "cool"], default="warm")
parser.add_argument("--host", default=os.environ.get("NOWHERE", "here"))
how = parser.add_mutually_exclusive_group()
how.add_argument("--now", action="store_true")
how.add_argument("--at", metavar="HH:MM")
print(json.dumps(vars(parser.parse_args())))
'''
TOOL = """#!/usr/bin/env python3
import argparse
top = argparse.ArgumentParser(prog="tool")
top.add_argument("--config", default="std")
sub = top.add_subparsers(dest="what", required=True)
move = sub.add_parser("move", help="Moves a till")
move.add_argument("till")
sub.add_parser("list", help="Lists them")
print(vars(top.parse_args()))
"""


COPY = """#!/bin/sh
# Copies a shop.
touch "$(dirname "$0")/copied"
TO=cellar
while [ $# -gt 0 ]; do
    case "$1" in
        -n | --shop) SHOP="$2"; shift ;;  # which shop
        --to=*) TO="${1#*=}" ;;
        --quiet) QUIET=1 ;;
        --) shift; break ;;
        *) echo "what is $1?" >&2; exit 2 ;;
    esac
    shift
done
echo "[$SHOP] [$TO] [$QUIET]"
"""


TILLS = """#!/bin/sh
# Looks after tills.
# /// pushbutton
# [params.action]
# choices = ["move", "count"]
# place = 1
#
# [params.shop]
# flag = "-s"
# required = false
#
# [params.verbose]
# flag = "-v"
# count = true
#
# [params.backup]
# flag = "--backup"
# off = "--no-backup"
# default = true
#
# [params.tills]
# place = "rest"
# under = "move"
#
# [params.only]
# flag = "--only"
# repeat = true
# required = false
# under = "count"
# ///
printf '[%s]' "$@"
"""
SHOWN = """tasks:
  show:
    command: [printf, '[%s]', "{force}", [--report, "{report}"], all, "{rooms}"]
    params:
      force: {type: bool, flag: --force}
      report: {required: false}
      rooms: {words: "*", required: false}
      shop: {flag: --shop=, choices: [north, south]}
"""

DOCOPT = """#!{python}
'''Keeps tills alike.

Usage:
  sync [--db=NAME] --from-net
  sync [--db=NAME] [-z] <file>...
  sync (start|stop) TILL [--force | --wait=SECS]

Options:
  -d NAME --db=NAME  Which [default: tills].
  -z                 Packed.
'''
import json
import sys
from docopt import docopt
print(json.dumps(docopt(__doc__), sort_keys=True))
"""
FIRE = """#!{python}
import fire, json
class Tills:
    def __init__(self, db="a"): self.db = db
    def move(self, till: str, times=1, quick=False): print(json.dumps([self.db, till, times, quick]))
    def names(self, *shops: str): print(json.dumps(shops))
fire.Fire(Tills)
"""
OPTPARSE = """#!{python}
import optparse
p = optparse.OptionParser(usage="%prog [options] FROM TO")
p.add_option("-n", type="int", default=1, dest="times")
p.add_option("-q", action="store_false", default=True, dest="loud")
opts, args = p.parse_args()
if len(args) != 2: p.error("from where to where?")
print(vars(opts), args)
"""
GETOPT = """#!{python}
import getopt, sys
opts, args = getopt.getopt(sys.argv[1:], "s:v", ["shop="])
for o, a in opts:
    if o in ("-s", "--shop"): print("shop", a)
    if o == "-v": n = 0; n += 1
if args: sys.exit("nothing else, please")
print(opts)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tasks")
    others = {"sync": DOCOPT, "till.py": FIRE, "old.py": OPTPARSE, "letters": GETOPT}
    shown = {name: text.replace("{python}", sys.executable) for name, text in others.items()}
    of_shells = {"copy.sh": COPY, "tills.sh": TILLS}
    for name, text in {"greet.py": GREET, "tool": TOOL, **of_shells, **shown}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "pushbutton.yaml").write_text(SHOWN)
    with Served(folder) as server:
        yield server


def check(folder: Path, *words: str) -> str:
    with Command("check", *words, ".", cwd=folder) as command:
        assert command.wait() == 0
        return command.out.text


def test_a_colleague_fills_in_the_form_of_an_unchanged_script(browser: Browser, site: Served) -> None:
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/greet")
        expect(page.locator("#gaps")).to_be_visible()
        page.get_by_label("Names").fill("Ida Berg\n--Ole, the second")
        expect(page.get_by_label("Times")).to_have_value("1")
        page.get_by_label("Times").fill("3")
        page.get_by_label("No bow").check()
        page.get_by_label("cool").check()
        expect(page.locator("#f-at")).to_be_hidden()
        page.get_by_role("radio", name="At").check()
        page.locator("#f-at").fill("10:30")
        number = press(page)
        over(page)
    found = json.loads(site.output(number))
    assert found == {
        "names": ["Ida Berg", "--Ole, the second"], "times": 3, "no_bow": False, "tone": "cool", "host": "here",
        "now": False, "at": "10:30",
    }  # fmt: skip


def test_subcommands_are_a_task_each_and_the_api_takes_the_options_own_names(site: Served) -> None:
    assert site.tasks()["tool-move"]["title"] == "Tool: move"
    assert "tool" not in site.tasks()
    number = site.press("tool-move", till="-7", config="x=y")
    assert site.finished(number)["state"] == "succeeded"
    assert site.output(number) == b"{'config': 'x=y', 'what': 'move', 'till': '-7'}\n"


def test_a_shell_script_is_a_form_and_its_own_loop_finds_what_was_filled_in(browser: Browser, site: Served) -> None:
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/copy")
        expect(page.locator("#gaps")).to_have_count(0)
        expect(page.get_by_text("which shop")).to_be_visible()
        expect(page.locator("#f-to")).to_have_value("cellar")
        page.get_by_label("Shop").fill("-n 'x' $(id)")
        page.get_by_label("Quiet").check()
        number = press(page)
        over(page)
    assert site.output(number) == b"[-n 'x' $(id)] [cellar] [1]\n"


def test_what_a_head_says_of_options_and_subcommands_is_the_form(browser: Browser, site: Served) -> None:
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/tills")
        expect(page.locator("#f-tills")).to_be_hidden()
        page.get_by_role("radio", name="count").check()
        expect(page.locator("#f-only")).to_be_visible()
        page.get_by_role("radio", name="move").check()
        expect(page.locator("#f-only")).to_be_hidden()
        page.locator("#f-tills").fill("7\n8 $(id)")
        page.get_by_label("Shop").fill("-n orth")
        page.get_by_label("Verbose").fill("2")
        page.get_by_label("Backup").uncheck()
        number = press(page)
        over(page)
    assert site.output(number) == b"[-s-n orth][-vv][--no-backup][move][7][8 $(id)]"


def test_in_the_api_what_has_several_values_is_a_list(site: Served) -> None:
    number = site.press("tills", action="count", only=["a,b", "c"])
    assert site.finished(number)["state"] == "succeeded"
    assert site.output(number) == b"[--backup][count][--only=a,b][--only=c]"


def test_of_a_command_what_is_empty_falls_away_with_its_option(site: Served) -> None:
    for inputs, shown in (
        ({"shop": "north"}, b"[all][--shop=north]"),
        (
            {"shop": "south", "force": True, "report": "to day", "rooms": ["hall", "attic, back"]},
            b"[--force][--report][to day][all][hall][attic, back][--shop=south]",
        ),
    ):
        number = site.press("show", **inputs)
        assert site.finished(number)["state"] == "succeeded"
        assert site.output(number) == shown


def test_a_head_corrects_what_was_read_of_a_shell_script(tmp_path: Path) -> None:
    head = "# [params.shop]\n# choices = ['north', 'south']\n# [params.quiet]\n# hide = true\n"
    (tmp_path / "copy.sh").write_text(COPY.replace("# Copies", f"# /// pushbutton\n{head}# ///\n# Copies"))
    (tmp_path / "copy.sh").chmod(0o755)
    told = check(tmp_path, "--forms")
    assert "north" in told
    assert "Quiet" not in told
    assert "--quiet" not in told
    (tmp_path / "copy.sh").write_text(
        COPY.replace("# Copies", f"# /// pushbutton\n{head}# ///\n# Copies", 1).replace("--shop", "--store")
    )
    with Command("check", ".", cwd=tmp_path) as command:
        assert command.wait() == 6
        assert "copy.sh:3:" in command.out.text + command.err.text


def test_reading_a_shell_script_never_runs_it(tmp_path: Path) -> None:
    (tmp_path / "copy.sh").write_text(COPY)
    (tmp_path / "copy.sh").chmod(0o755)
    assert "copy.sh: 3 inputs (case), all known" in check(tmp_path)
    assert not (tmp_path / "copied").exists()


@pytest.mark.parametrize(
    ("slug", "inputs", "output"),
    [
        ("sync-start", {"till": "7", "force_or_wait": "wait", "wait": "=3"},
         '"--wait": "=3", "-z": false, "<file>": [], "TILL": "7", "start": true, "stop": false'),
        ("sync", {"file": ["a b", "c"], "db": "north"}, '"--db": "north"'),
        ("sync-from-net", {}, '"--from-net": true'),
        ("till-move", {"till": "-7", "times": 2, "quick": True}, '["a", "-7", 2, true]'),
        ("till-names", {"db": "12", "shops": ["-x", "True"]}, '["-x", "True"]'),
        ("old", {"from_": "-a", "to": "b c", "n": -3, "q": True}, "{'times': -3, 'loud': False} ['-a', 'b c']"),
        ("letters", {"shop": "a=b", "v": 2}, "[('--shop', 'a=b'), ('-v', ''), ('-v', '')]"),
    ],
)  # fmt: skip
def test_other_parsers_find_what_was_pressed(site: Served, slug: str, inputs: dict[str, Any], output: str) -> None:
    number = site.press(slug, **inputs)
    assert site.finished(number)["state"] == "succeeded", site.output(number)
    assert output in site.output(number).decode()


def test_reading_a_script_never_runs_it(tmp_path: Path) -> None:
    (tmp_path / "greet.py").write_text(GREET)
    (tmp_path / "greet.py").chmod(0o755)
    told = check(tmp_path)
    assert "greet.py: 7 inputs (argparse), 1 with a gap" in told
    assert "greet.py:10: the default of --host is only known when it runs" in told
    assert not (tmp_path / "ran").exists()


def test_check_prints_what_each_page_asks(tmp_path: Path) -> None:
    for name, text in (("greet.py", GREET), ("copy.sh", COPY), ("purge.sh", '#!/bin/sh\necho "$1"\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "late").write_text("#!/bin/sh\n")
    assert check(tmp_path, "--forms").splitlines() == [
        "copy.sh: 3 inputs (case), all known",
        "greet.py: 7 inputs (argparse), 1 with a gap",
        "greet.py:10: the default of --host is only known when it runs",
        "late: passed over, because it begins with “#!”, but may not be executed: chmod +x late",
        (
            "purge.sh: looks at its arguments, and nobody has said what to fill in, so it is started without any: name "
            "its inputs in its block; pushbutton header purge.sh prints one."
        ),
        "",
        "Copy (copy)",
        "  shop   “Shop”: text, optional. which shop",
        "  to     “To”: text, default cellar",
        "  quiet  “Quiet”: yes or no, default no",
        "",
        "Greet (greet)",
        "  names      “Names”: a list of texts, required. Whom to greet",
        "  times      “Times”: whole number, default 1. How often",
        "  no_bow     “No bow”: yes or no, default no",
        "  tone       “Tone”: one of warm | cool, default warm",
        "  host       “Host”: text, optional",
        "  now_or_at  “Now or at”: one of now | at, optional",
        "  at         “At”: text, required, asked while now_or_at is at",
        "",
        "Purge (purge)",
        "  Nobody has said what to fill in here.",
        "",
        "2 forms read from the source: 1 whole, 1 with gaps.",
        "3 tasks: copy, greet, purge; 1 passed over. All is well.",
    ]


def test_a_head_ends_the_reading(tmp_path: Path) -> None:
    text = GREET.replace('"""Greets', '# /// pushbutton\n# read = false\n# ///\n"""Greets')
    (tmp_path / "greet.py").write_text(text)
    (tmp_path / "greet.py").chmod(0o755)
    assert "argparse)" not in check(tmp_path)


def test_a_script_whose_arguments_nobody_has_described_starts_after_a_second_press_only(
    browser: Browser, site: Served, tmp_path: Path
) -> None:
    (tmp_path / "purge.sh").write_text('#!/bin/sh\necho "purging ${1:-everything}"\n')
    (tmp_path / "purge.sh").chmod(0o755)
    with Served(tmp_path) as server, Reader(browser, server) as reader:
        page = reader.open("/tasks/purge")
        expect(page.get_by_text("Nobody has said what to fill in here.")).to_be_visible()
        page.locator(".gobar .push").click()
        expect(page.locator("#sure")).to_contain_text("It takes arguments that nobody has described")
        assert server.get("/api/runs") == []
        page.locator("#sure .push").click()
        over(page)


def test_a_block_is_printed_and_by_run_the_script_is_asked_once(tmp_path: Path) -> None:
    script = tmp_path / "back up.sh"
    script.write_text(
        "#!/bin/sh\n"
        f"echo x >> {tmp_path}/ran\n"
        'if [ "$1" = --help ]; then echo "  --to PLACE   where it goes (default: attic)"; exit; fi\n'
        'exec printf "%s\\n" "$@"\n'
    )
    script.chmod(0o755)
    with Command("header", script.name, cwd=tmp_path) as header:
        assert header.wait() == 6
        assert "ask the script itself with --run" in header.err.text
    assert not (tmp_path / "ran").exists()
    with Command("header", "--run", script.name, cwd=tmp_path) as header:
        assert header.wait() == 0
        assert "Running './back up.sh' --help, for 10 seconds at most" in header.err.text
        block = header.out.text
    assert (tmp_path / "ran").read_text() == "x\n"
    first, _, rest = script.read_text().partition("\n")
    script.write_text(f"{first}\n{block.strip()}\n{rest}")
    with Command("run", script.name, "--to", "the cellar", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.out.text.strip() == "--to=the cellar"
    for words, code, said in (
        ([script.name], 2, "has a block already, in line 2"),
        (["nowhere.sh"], 3, "There is no file nowhere.sh."),
        (["."], 2, "is no file: name one script."),
    ):
        with Command("header", *words, cwd=tmp_path) as header:
            assert header.wait() == code
            assert said in header.err.text


def test_the_inputs_of_a_command_are_printed_for_its_file(tmp_path: Path) -> None:
    config = tmp_path / "pushbutton.yaml"
    (tmp_path / "greeter.py").write_text(GREET)
    config.write_text("tasks:\n  greet:\n    command: [python3, greeter.py]\n")
    with Command("header", "pushbutton.yaml:greet", cwd=tmp_path) as header:
        assert header.wait() == 0
        block = header.out.text
    assert not (tmp_path / "ran").exists()
    with Command("header", "--run", "pushbutton.yaml:greet", cwd=tmp_path) as header:
        assert header.wait() == 0
        assert "Running python3 greeter.py --help, for 10 seconds at most" in header.err.text
        asked = header.out.text
    assert (tmp_path / "ran").read_text() == "x"
    for inputs in (block, asked):
        config.write_text(f"tasks:\n  greet:\n    command: [python3, greeter.py]\n{inputs}\n")
        assert "1 task: greet" in check(tmp_path)
        with Command("run", "pushbutton.yaml:greet", "--names", "Ida", "--tone", "cool", "--now", cwd=tmp_path) as run:
            assert run.wait() == 0
            assert json.loads(run.out.text) == {
                "names": ["Ida"], "times": 1, "no_bow": True, "tone": "cool", "host": "here", "now": True, "at": None,
            }  # fmt: skip
