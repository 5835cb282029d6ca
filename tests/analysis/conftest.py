"""What the tests of this room draw from: arrays of every type and layout that a buffer may have."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _silent(recwarn):
    """No reduction warns: neither of overflow nor of what is no number."""
    yield
    assert [str(w.message) for w in recwarn.list if issubclass(w.category, RuntimeWarning)] == []
