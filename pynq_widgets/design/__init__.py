"""What was built: hardware handoffs (``.hwh``, ``.xsa``) and bitstream headers, read into one immutable ``Design``.

The names are resolved when they are first touched, so that who needs only an error or a record does not load the readers.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .bitfile import read_bit_header as read_bit_header
    from .design import Design as Design
    from .errors import DesignError as DesignError
    from .model import Access as Access
    from .model import AddressBlock as AddressBlock
    from .model import AddressRange as AddressRange
    from .model import BitHeader as BitHeader
    from .model import BusConnection as BusConnection
    from .model import BusInterface as BusInterface
    from .model import Clock as Clock
    from .model import Field as Field
    from .model import GpioPin as GpioPin
    from .model import InterruptController as InterruptController
    from .model import InterruptLine as InterruptLine
    from .model import Memory as Memory
    from .model import Net as Net
    from .model import Pin as Pin
    from .model import Port as Port
    from .model import Register as Register
    from .module import Hierarchy as Hierarchy
    from .module import Module as Module
    from .partial import graft as graft
    from .partial import region_for as region_for
    from .partial import regions_of as regions_of
    from .quiet import quiet_modules as quiet_modules
    from .reader import read_design as read_design

_ROOM = {
    "Access": ".model",
    "AddressBlock": ".model",
    "AddressRange": ".model",
    "BitHeader": ".model",
    "BusConnection": ".model",
    "BusInterface": ".model",
    "Clock": ".model",
    "Design": ".design",
    "DesignError": ".errors",
    "Field": ".model",
    "GpioPin": ".model",
    "Hierarchy": ".module",
    "InterruptController": ".model",
    "InterruptLine": ".model",
    "Memory": ".model",
    "Module": ".module",
    "Net": ".model",
    "Pin": ".model",
    "Port": ".model",
    "Register": ".model",
    "graft": ".partial",
    "quiet_modules": ".quiet",
    "read_bit_header": ".bitfile",
    "read_design": ".reader",
    "region_for": ".partial",
    "regions_of": ".partial",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
