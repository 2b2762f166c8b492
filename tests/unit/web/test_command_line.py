"""The line that a press starts, with what stands in the form."""

from __future__ import annotations

import pytest
from starlette.datastructures import QueryParams
from tests.unit.web.worlds import a_task

from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.targets import CommandTarget
from pushbutton.web.views import forms
from pushbutton.web.views.command_line import filled_in

PARAMS = (
    Param("where", ParamType.STR),
    Param("count", ParamType.INT, required=False, default=2),
    Param("password", ParamType.SECRET),
)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("", "COUNT=2 deploy '<where>'"),
        ("where=a%20b&count=3&password=hunter2", "COUNT=3 deploy 'a b'"),
    ],
)
def test_what_is_filled_in_stands_in_it_a_missing_value_is_named_and_a_secret_is_not_there(asked, line):
    task = a_task(*PARAMS, target=CommandTarget(("deploy", "{where}")))
    values = forms.prefilled(task, QueryParams(asked))
    assert filled_in(task, forms.fields(task, values), python="python") == line
    assert forms.refused(task, QueryParams(asked)) == (["Password"] if asked else [])
