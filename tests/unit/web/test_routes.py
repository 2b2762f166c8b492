"""Addresses stand in one table, and nowhere else."""

import ast

from tests.unit.web.sources import WEB

from pushbutton.web.routes import ROUTES

MAKERS = {"Route", "APIRoute", "Mount", "Call", "Stream", "APIRouter"}
ELSEWHERE = {
    "application.py: Mount": "the folder of static files",
    "reference.py: APIRouter": "the document's, which serves nothing",
}


def test_no_other_file_makes_a_route():
    made = {
        f"{file.name}: {node.func.id}"
        for file in WEB.rglob("*.py")
        if file.name != "routes.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS
    }
    assert made == set(ELSEWHERE)


def test_no_address_stands_in_it_twice():
    seen = [(method, route.path) for route in ROUTES for method in route.methods or ()]
    assert sorted(set(seen)) == sorted(seen)
