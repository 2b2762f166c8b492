"""Files that are nearly right: whatever stands where something else should, there are tasks, or one sentence."""

from __future__ import annotations

import contextlib
import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.errors import ConfigError

TREES: dict[str, Any] = {
    "script-server": {
        "name": "Cards", "script_path": "cards 'a b'", "working_directory": "/x", "allowed_users": ["@a", "10.0.0.1"],
        "access": {"allowed_users": "*"}, "scheduling": {"enabled": True}, "group": "G",
        "parameters": [
            {"name": "A", "param": "--a=", "same_arg_param": True, "type": "list", "values": ["x", "y"], "default": "x",
             "values_ui_mapping": {"x": "X"}},
            {"name": "B", "type": "int", "min": "1", "max": 9, "default": 2, "required": True},
            {"name": "C", "type": "multiselect", "separator": ";", "values": ["a", "b"], "default": ["a"],
             "multiselect_argument_type": "repeat_param_value", "param": "-c"},
            {"name": "D", "no_value": True, "param": "-d", "default": "true"},
            {"name": "E", "secure": True, "env_var": "E_KEY", "regex": {"pattern": "[a-z]+"}},
            {"name": "F", "constant": True, "default": "f", "param": "--f"},
            {"name": "G", "type": "list", "values": {"script": "ls"}, "max_length": 3, "pass_as": "env_variable"},
        ],
    },
    "olivetin": {
        "actions": [
            {"title": "A", "id": "a", "shell": "x {{ a }} '{{ b }}' \"{{ c }}\"", "timeout": 5, "maxConcurrent": 2,
             "arguments": [
                 {"name": "a", "type": "int", "default": "5"},
                 {"name": "b", "choices": [{"value": "v", "title": "V"}], "default": "v"},
                 {"name": "c", "type": "regex:^[a-z]+$", "suggestions": {"a": "A"}, "rejectNull": True},
                 {"type": "confirmation", "title": "Sure?"},
             ]},
            {"title": "B", "exec": ["x", "{{ f }}"], "execOnCron": ["0 1 * * *"], "acls": ["g"], "justification": "Why",
             "arguments": [{"name": "f", "type": "checkbox", "choices": [{"value": "-f"}, {"value": ""}]}]},
        ],
        "dashboards": [{"title": "D", "contents": [{"title": "A"}, {"title": "E", "contents": [{"title": "B"}]}]}],
    },
    "rundeck": [
        {"name": "A", "group": "g", "timeout": "1h", "schedule": {"crontab": "0 1 2 ? * 2-6 *"}, "timeZone": "UTC",
         "options": [
             {"name": "a", "required": True, "regex": "^a+$", "value": "a", "sortIndex": 2},
             {"name": "b", "enforced": True, "values": ["x", "y"], "value": "x", "multivalued": True, "delimiter": ","},
             {"name": "c", "secure": True, "valueExposed": True, "storagePath": "keys/c"},
             {"name": "d", "isDate": True, "dateFormat": "MM/DD/YYYY hh:mm a"},
         ],
         "sequence": {"keepgoing": False, "commands": [
             {"exec": "x ${option.a} '${option.b}'"},
             {"script": "#!/bin/bash\nx @option.a@ $RD_OPTION_C\n", "args": "${option.d} e"},
             {"scriptfile": "/x.sh", "args": "-x", "errorhandler": {"exec": "y", "keepgoingOnSuccess": True}},
         ]},
         "nodefilters": {"filter": "tags: a"}},
        {"name": "B", "options": {"a": {"type": "file"}}, "sequence": {"commands": [{"script": "x"}]}},
    ],
    "cronicle": [
        {"title": "A", "plugin": "shellplug", "params": {"script": "#!/bin/sh\nx $JOB_ID\n", "json": 1}, "timeout": 5,
         "timing": {"minutes": [1, 2], "years": [2026]}, "max_children": 1, "queue": 1, "category": "g", "enabled": 1},
        {"title": "B", "plugin": "p", "params": {"a": "1", "b": 1}, "max_children": 0, "timing": False, "chain": "A"},
        {"id": "p", "title": "P", "command": "x 'y z'", "uid": "u", "cwd": "/x", "params": [
            {"id": "a", "type": "text", "value": "2", "title": "T"}, {"id": "b", "type": "checkbox", "value": 0},
            {"id": "c", "type": "select", "items": ["k", "l"], "value": "l"},
            {"id": "d", "type": "hidden", "value": "r"},
        ]},
    ],
}  # fmt: skip
XML = """<joblist>
<job><name>A</name><context><options><option name="a" values="x,y" enforcedvalues="true"><description>d</description>
</option></options></context><schedule><time hour="1" minute="2"/><weekday day="2"/></schedule>
<sequence><command><exec>x ${option.a}</exec></command><command><script><![CDATA[y @option.a@]]></script>
<scriptargs>z</scriptargs><errorhandler keepgoingOnSuccess="true"><exec>e</exec></errorhandler></command>
</sequence></job>
</joblist>"""
TABLE = """# A title.
MAILTO=a@b
SHELL=/bin/bash
1,2 3-4 * jan mon-fri root x "a b" 100\\% | logger -t y
#5 4 * * * z
@daily  nobody flock -n /l nice -n 5 y 'c' >> /log 2>&1%in%put
"""
TEXTS = ["", " ", "{{ a }}", "${option.a}", "-", "--", "${x}", "{", "'", "\n", "%", "(", "a\nb", "päth", "$$X"]
KEYS = st.sampled_from(["name", "value", "a", "script"])
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(TEXTS),
    st.text(max_size=8),
    st.lists(st.sampled_from(["a", 1, None, {}, []]), max_size=3),
    st.dictionaries(KEYS, st.sampled_from(["a", 1, None, []]), max_size=2),
)


def places(tree: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from places(value, (*at, key))


def put(tree: Any, place: tuple[Any, ...], value: Any) -> None:
    with contextlib.suppress(KeyError, IndexError, TypeError):  # what holds it was replaced itself
        for key in place[:-1]:
            tree = tree[key]
        tree[place[-1]] = value


def tasks_or_one_sentence(kind: str, text: str) -> None:
    try:
        moved = move(kind, [Source("x", text)])
    except ConfigError as error:
        assert str(error).startswith("x:")  # noqa: PT017 - either is right
        return
    assert bool(moved.tasks) == bool(moved.text)
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.what for one in moved.left)
    if moved.text:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pushbutton.yaml")
            path.write_text(moved.text, "utf-8")
            reading = read_config(Found(path, Form.CONFIG))
        assert not reading.all


@pytest.mark.parametrize("kind", TREES)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_stands_in_a_place_of_a_tree(kind: str, data: st.DataObject) -> None:
    tree = copy.deepcopy(TREES[kind])
    for place in data.draw(st.lists(st.sampled_from(list(places(tree))), min_size=1, max_size=4)):
        put(tree, place, data.draw(ODD))
    tasks_or_one_sentence(kind, json.dumps(tree, indent=1))


@pytest.mark.parametrize(("kind", "text"), [("rundeck", XML), ("crontab", TABLE)])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_is_missing_or_comes_in_between(kind: str, text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 12)))
    between = data.draw(st.sampled_from(["", "<", "&amp;", "'", "\n", "%", "@", "=", "* ", "<a>", "\u2028"]))
    tasks_or_one_sentence(kind, text[:begin] + between + text[end:])


@pytest.mark.parametrize("kind", TREES)
def test_each_of_them_is_right_before(kind: str) -> None:
    moved = move(kind, [Source("x", json.dumps(TREES[kind], indent=1))])
    assert moved.tasks == (1 if kind == "script-server" else 2)
