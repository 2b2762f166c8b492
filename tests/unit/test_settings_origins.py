"""Where settings come from: said by the one reader that also takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton import config


def test_each_setting_that_is_given_says_by_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hush")
    monkeypatch.setenv("PUSHBUTTON_KEEP_DAYS", "30")
    monkeypatch.setenv("PUSHBUTTON_PORT", "9000")
    monkeypatch.setenv("PUSHBUTTON_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    given = {"port": 8000, "webhook_secret_file": str(tmp_path / "secret"), "host": None}
    assert config.origins(**given) == {
        "port": "--port",
        "keep_days": "PUSHBUTTON_KEEP_DAYS",
        "smtp_password": f"PUSHBUTTON_SMTP_PASSWORD_FILE: {tmp_path}/secret",
        "webhook_secret": f"--webhook-secret-file: {tmp_path}/secret",
    }
