"""Closing a widget as a whole, and why one is never closed."""

from __future__ import annotations

from typing import Any

import ipywidgets

# JupyterLab hears the widgets of a page on a thread of the kernel (a subshell) of their own, and gives it up with the last of them. Widgets
# made at that instant are given to the thread that ends, and whatever the page says of them is lost. One that stays keeps it alive.
_kept = ipywidgets.Layout()


def close_layout(widget: Any) -> None:
    """Close the layout of `widget`, which ipywidgets makes with it and leaves behind when it is closed."""
    layout = widget._trait_values.get("layout")
    if layout is not None:
        layout.close()
