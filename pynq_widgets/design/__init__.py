"""What was built: hardware handoffs (``.hwh``, ``.xsa``) and bitstream headers, read into one immutable ``Design``."""

from .bitfile import read_bit_header
from .design import Design
from .errors import DesignError
from .model import (
    Access,
    AddressBlock,
    AddressRange,
    BitHeader,
    BusConnection,
    BusInterface,
    Clock,
    Field,
    GpioPin,
    InterruptController,
    InterruptLine,
    Memory,
    Net,
    Pin,
    Port,
    Register,
)
from .module import Hierarchy, Module
from .reader import read_design

__all__ = [
    "Access",
    "AddressBlock",
    "AddressRange",
    "BitHeader",
    "BusConnection",
    "BusInterface",
    "Clock",
    "Design",
    "DesignError",
    "Field",
    "GpioPin",
    "Hierarchy",
    "InterruptController",
    "InterruptLine",
    "Memory",
    "Module",
    "Net",
    "Pin",
    "Port",
    "Register",
    "read_bit_header",
    "read_design",
]
