"""Closing a widget as a whole."""

from __future__ import annotations

from typing import Any


def close_layout(widget: Any) -> None:
    """Close the layout of `widget`, which ipywidgets makes with it and leaves behind when it is closed."""
    layout = widget._trait_values.get("layout")
    if layout is not None:
        layout.close()
