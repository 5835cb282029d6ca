"""``import pynq`` for one test."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from pynq_widgets import as_pynq

as_pynq.uninstall()  # importing it installs it; other tests do without


@pytest.fixture
def alias() -> Iterator[None]:
    """The alias is installed while the test runs."""
    as_pynq.install()
    yield
    as_pynq.uninstall()


@pytest.fixture
def pynq(alias: None) -> Any:
    """What ``import pynq`` gives."""
    return importlib.import_module("pynq")
