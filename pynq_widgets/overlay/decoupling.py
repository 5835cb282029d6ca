"""A region is apart from the rest of the design while its logic is exchanged.

Which IP stand before a region, the design's connections tell: decouplers (AMD PG375), whose driver has ``decouple()``, ``couple()`` and
``decoupled``, and AXI shutdown managers (AMD PG377, "Register Space": a written 1 asks for the shutdown, a 0 ends it; the word reads 0xF
when all channels of both sides are shut down). A region that hardware decouples by itself, as a DFX controller does, has nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_log = logging.getLogger(__name__)

_DECOUPLERS = ("dfx_decoupler", "pr_decoupler")
_SHUTDOWN_MANAGERS = ("dfx_axi_shutdown_manager", "pr_axi_shutdown_manager")
# What only carries a bus or a stream on, between a region and what decouples it.
_CARRIERS = ("axis_register_slice", "axi_register_slice", "axis_data_fifo", "axi_clock_converter", "axis_clock_converter", "smartconnect")
_SHUT_DOWN = 0x0F
_SECONDS = 1.0


def guards_of(design: Any, region: str) -> dict[str, str]:
    """The decouplers and shutdown managers around `region`, each with the third part of its VLNV."""
    inside = f"{region}/"
    beside: dict[str, set[str]] = {}
    for link in design.connections:
        beside.setdefault(link.master, set()).add(link.slave)
        beside.setdefault(link.slave, set()).add(link.master)
    found: dict[str, str] = {}
    todo = [path for path in beside if f"{path}/".startswith(inside)]
    seen = set(todo)
    while todo:
        for path in sorted(beside[todo.pop()] - seen):
            seen.add(path)
            kind = _kind(design.modules.get(path))
            if kind in _DECOUPLERS or kind in _SHUTDOWN_MANAGERS:
                found[path] = kind
            elif f"{path}/".startswith(inside) or kind in _CARRIERS:
                todo.append(path)
    return found


@contextmanager
def decoupled(overlay: Any, region: str) -> Iterator[None]:
    """Within, `region` is decoupled where that is for software to do; at the end it is coupled again, whatever happened.

    What was decoupled before stays so. Raises ``TimeoutError`` where traffic does not end; everything is coupled then as it was.
    """
    with ExitStack() as stack:
        # The static design says who stands before the region, whatever is in it now.
        for path, kind in guards_of(overlay.design.static, region).items():
            couple = _shut_down(overlay, path) if kind in _SHUTDOWN_MANAGERS else _decouple(overlay, path)
            if couple is not None:
                stack.callback(couple)
        yield


def _kind(module: Any) -> str:
    parts = (getattr(module, "vlnv", None) or "").split(":")
    return parts[2] if len(parts) > 2 else ""


def _decouple(overlay: Any, path: str) -> Callable[[], object] | None:
    driver = overlay._item(path)
    if not callable(getattr(driver, "decouple", None)) or not getattr(driver, "controllable", True):
        _log.info("%s is not worked by software: %s", path, getattr(driver, "uncontrollable", "its driver has no decouple()"))
        return None
    if driver.decoupled:
        return None
    driver.decouple()
    couple: Callable[[], object] = driver.couple
    return couple


def _shut_down(overlay: Any, path: str) -> Callable[[], object] | None:
    manager = overlay._item(path)
    if manager.description.get("phys_addr") is None or manager.read(0) & _SHUT_DOWN == _SHUT_DOWN:
        return None

    def resume() -> None:
        manager.write(0, 0)

    manager.write(0, 1)
    clock = overlay.device.clock
    until = clock.now() + _SECONDS
    while manager.read(0) & _SHUT_DOWN != _SHUT_DOWN:
        if clock.now() >= until:
            resume()
            raise TimeoutError(
                f"{path}: no shutdown within {_SECONDS:g} s, so the region behind it stays as it is: something there does not finish its "
                "transfers; stop it first"
            )
        clock.sleep(0.001)
    return resume
