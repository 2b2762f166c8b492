"""What has a name is called by it: verbs of the audit trail by `Deed`, exceptions by the tree above them."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pushbutton
from pushbutton import errors
from pushbutton.domain.audit import Deed

ROOT = Path(pushbutton.__file__).parent


def test_no_verb_of_the_audit_trail_is_written_out():
    verbs = {deed.value for deed in Deed}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for file in sorted(ROOT.rglob("*.py"))
        if file != ROOT / "domain" / "audit.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in verbs
    ]
    assert found == []


def test_the_tree_of_errors_names_each_once():
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    tree = (errors.__doc__ or "").partition("A message is")[0]
    assert sorted(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", tree.partition("\n\n")[2])) == sorted(classes)
