"""Kinds of IP: makers whose cores are alike in how software works them, whatever they are called.

``'hls'`` is what AMD's HLS made of a C function, ``'hdl_coder'`` what MathWorks' HDL Coder made of a model. Packages may have a driver
and a model for all cores of a kind (entry points of that name); a driver of a core's own type comes before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import hls

if TYPE_CHECKING:
    from .module import Module

_HDL_CODER = frozenset({"IPCORE_CLK", "IPCORE_RESETN"})


def kind_of(vlnv: str | None, module: Module | None, registers: Iterable[Any]) -> str | None:
    """The kind of the IP of type `vlnv` with these `registers`; None for one of no kind that is known.

    HDL Coder's cores are told by their pins, which they all have: their VLNV is whatever their maker chose.
    """
    if hls.is_core(vlnv, registers):
        return "hls"
    if module is not None and module.ports.keys() >= _HDL_CODER:
        return "hdl_coder"
    return None
