"""Which blocks of a design are *quiet*: they are needed, but there is nothing in them to look at or to work.

Register slices carry what others say, constants and concats are wires with a name, a logic analyser listens to a cable of its own. A tree
that lists them hides what one came for; so it leaves them out unless asked. That is said of the type (the name in the VLNV, as Vivado's IP
catalogue has it) and of what software reaches: a block with an address that software sees is never quiet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .design import Design
    from .module import Module

_KINDS = (
    (
        "it passes on what other blocks read and write",
        r"(?:axi|axis|lmb|ahblite|apb)_(?:v\d+_)?interconnect|smartconnect|axi_crossbar|lmb_v10|axi_mmu|axi_noc|axis_noc|noc_n[ms]u|noc_nsw"
        r"|noc_nps\w*|axi_(?:apb|ahblite|firewall)(?:_\w+)?|axi_sideband_util|axi_protocol_checker|axi_tlm_ap_bridge",
    ),
    ("it is a stage of registers in a bus or stream", r"axis?_register_slice(?:_\w+)?"),
    (
        "it fits a bus or stream to another width, clock or protocol",
        r"axi_protocol_converter|axis?_dwidth_converter|axis?_clock_converter|axis_subset_converter|axis_cdc\w*|axi_(?:width|clock)_conv\w*",
    ),
    ("it queues what passes through it", r"axis?_data_fifo|fifo_generator|axis_fifo"),
    ("it splits or joins streams as they pass", r"axis_broadcaster|axis_combiner|axis_switch"),
    ("it is a constant", r"(?:xl|il)constant"),
    ("it only joins or splits wires", r"(?:xl|il)(?:concat|slice)|interface_slice|util_(?:bus_split|flipflop)|rp_concat"),
    ("it is a gate", r"(?:util_|il)(?:vector|reduced)_logic|util_mux"),
    ("it makes resets", r"proc_sys_reset|reset_\w*"),
    (
        "it makes or passes on a clock or pin signals",
        r"clk_wiz(?:ard)?|clkx5_wiz|util_ds_buf|util_(?:idelay_ctrl|gmii_to_rgmii)|selectio_wiz|bufg_gt|clk_gate",
    ),
    (
        "it is for the debugger, over its own cable",
        r"(?:system_|axis_)?ila|(?:axis_)?vio|debug_bridge|dbg_hub|axi_dbg_hub|mdm|bscan\w*|mdm_riscv|bs_(?:mux|switch)\w*",
    ),
    ("it is memory behind a controller", r"blk_mem_gen|emb_mem_gen|dist_mem_gen|uram_mem\w*"),
)
_TABLE = tuple((reason, re.compile(rf"(?:{names})$")) for reason, names in _KINDS)
_WORKED = frozenset({"dfx_decoupler", "pr_decoupler"})  # by a wire, where they have no register
NOTHING = "it has neither an address that software sees nor a stream"


def quiet(module: Module, reached: bool = False) -> str:
    """Why the block `module` is left out of a list of what there is to look at; ``''`` where it is not.

    `reached` says whether software sees an address of it: then it is never quiet, whatever it is. Of a block of a type that nobody knows
    nothing is said here; see :func:`quiet_modules`, which knows the design around it.
    """
    if reached:
        return ""
    name = type_name(module)
    return next((reason for reason, pattern in _TABLE if pattern.match(name)), "")


def quiet_modules(design: Design) -> Mapping[str, str]:
    """The quiet blocks of `design` by path, with the reason: those of a quiet type, and those that have neither address nor stream.

    Nothing that software sees at an address is one, nor is its processor.
    """
    host = design.host.path if design.host is not None else None
    reached = {span.slave for span in design.address_map}
    streaming = {end for link in design.connections if link.protocol == "axis" for end in (link.master, link.slave)}
    found = {}
    for path, module in design.modules.items():
        if path == host or path in reached:
            continue
        why = quiet(module) or ("" if path in streaming or type_name(module) in _WORKED else NOTHING)
        if why:
            found[path] = why
    for path in set(design.modules) - set(found):
        while "/" in path:  # what is in a block that is itself a module keeps that one in the list
            path = path.rpartition("/")[0]
            found.pop(path, None)
    return found


def type_name(module: Module) -> str:
    """The name in the module's VLNV, else its MODTYPE, in lower case."""
    parts = (module.vlnv or "").split(":")
    return (parts[2] if len(parts) > 2 else module.modtype or "").lower()
