"""Secrets among the settings: from the environment or a file, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton import config
from pushbutton.errors import ConfigError


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSHBUTTON_OIDC_CLIENT_SECRET", "hush")
    assert config.load().oidc_client_secret == "hush"


def test_a_secret_comes_from_a_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text(" hush \n")
    assert config.load(ldap_bind_password_file=str(tmp_path / "password")).ldap_bind_password == " hush "
    monkeypatch.setenv("PUSHBUTTON_LDAP_BIND_PASSWORD_FILE", str(tmp_path / "password"))
    assert config.load().ldap_bind_password == " hush "


def test_a_secret_is_not_in_the_settings_repr() -> None:
    shown = repr(config.load(oidc_client_secret="hush-1", ldap_bind_password="hush-2", oidc_client="pushbutton"))
    assert "hush" not in shown
    assert "oidc_client='pushbutton'" in shown


def test_a_file_that_is_not_there_or_empty_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read from .*: No such file or directory\."):
        config.load(oidc_client_secret_file=str(tmp_path / "none"))
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="is empty: put the secret into it"):
        config.load(oidc_client_secret_file=str(tmp_path / "empty"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is not text"):
        config.load(oidc_client_secret_file=str(tmp_path / "bytes"))
