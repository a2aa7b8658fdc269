"""A library that is missing skips its tests, or fails them where the run says that it is there."""

import pytest
from needed import needed


def test_a_missing_library_is_a_skip_and_a_failure_where_it_is_required(monkeypatch):
    monkeypatch.delenv("SMOOTHSYM_LIBRARIES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_library is not installed"):
        needed("no_such_library")
    monkeypatch.setenv("SMOOTHSYM_LIBRARIES", "required")
    with pytest.raises(ModuleNotFoundError):
        needed("no_such_library")
