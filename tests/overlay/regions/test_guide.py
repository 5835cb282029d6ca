"""The examples of docs/regions.md run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Device

PAGE = Path(__file__).resolve().parents[3] / "docs" / "regions.md"


def test_the_examples(dfx: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(dfx.folder)
    before = Device.active_device
    Device.active_device = dfx.device
    try:
        space: dict[str, Any] = {}
        first, second = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        exec(first, space)
        assert space["core"].read(4) == 3
        exec(second, space)
        printed = capsys.readouterr().out.strip()
        assert printed.endswith(
            "hier/rp/core was in region hier/rp, which holds add.hwh now. Take what is there now from the overlay again."
        )
        assert printed[-60:] in second
    finally:
        Device.active_device = before
