"""What tests of the adapters share."""

import pytest

from pushbutton.adapters.catalog import path_catalog


@pytest.fixture(autouse=True)
def _everything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog is open when all is read, however long a machine takes for that."""
    monkeypatch.setattr(path_catalog, "_OPENING", 60.0)
