"""A task that was pressed as often as it may be: what the API and the page say."""

from __future__ import annotations

from pathlib import Path

import httpx

from pushbutton.testing import opened


async def test_one_press_too_many_is_refused_with_the_moment_from_which_it_goes_again(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("tasks:\n  copy: {command: ['true'], rate: {person: 2 per day}}\n")
    async with (
        opened(tmp_path, host="127.0.0.1") as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        first = [(await http.post("/api/tasks/copy/runs", json={})).status_code for _ in range(2)]
        assert first == [202, 202]
        refused = await http.post("/api/tasks/copy/runs", json={})
        assert refused.status_code == 429
        assert 86_300 < int(refused.headers["retry-after"]) <= 86_400
        assert refused.json()["title"].startswith("This was pressed as often as it may be for now. It goes again from ")
        form = await http.post("/tasks/copy", data={}, headers={"origin": "http://localhost"})
        assert form.status_code == 429
        assert "It goes again from" in form.text
        assert "retry-after" in form.headers
        runs = (await http.get("/api/runs")).json()
    assert len(runs["runs"] if isinstance(runs, dict) else runs) == 2
