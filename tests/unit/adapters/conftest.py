"""What tests of the adapters share."""

import pytest

from pushbutton.adapters.catalog import reload


@pytest.fixture(autouse=True)
def _everything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog is open when all is read, however long a machine takes for that."""
    monkeypatch.setattr(reload, "_OPENING", 60.0)
