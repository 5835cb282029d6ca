"""``import pynq`` means this project, from the moment this module is imported.

::

    import pynq_widgets.as_pynq        # in a script, or: %load_ext pynq_widgets.as_pynq, pytest -p pynq_widgets.as_pynq
    from pynq import Overlay, allocate

What is imported as ``pynq.something`` afterwards is a module of this project, the same object, not a copy of its names: reloading it or
replacing a global of it has its effect. Nothing is loaded before it is asked for, and :func:`uninstall` takes everything back.
"""

from typing import Any

from .alias import install, installed, uninstall

__all__ = ["install", "installed", "uninstall"]


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext pynq_widgets.as_pynq`` calls."""
    install()


def unload_ipython_extension(ipython: Any) -> None:
    """What ``%unload_ext pynq_widgets.as_pynq`` calls."""
    uninstall()


install()
