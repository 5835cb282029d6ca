"""What software does with the System Management Wizard.

Source: AMD PG185, System Management Wizard v1.3: "Register Space"; UG580: temperature = code * 509.3140064 / 65536 - 280.2308787 °C with
the reference of an UltraScale+ device (502.9098 and 273.8195 of an UltraScale one), supplies 3 V, inputs 1 V of a full scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers.xadc_wiz import registers as r
from pynq_drivers.xadc_wiz.monitor import Monitor, attributes


class SystemManagement(Monitor):
    __doc__ = Monitor.__doc__

    bindto = ["xilinx.com:ip:system_management_wiz:1.2", "xilinx.com:ip:system_management_wiz:1.3"]
    kind = "system_management_wiz"

    vars().update(attributes(r.ULTRASCALE_PLUS, r.COMMON + r.ZYNQ_PLUS))

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        given = args[0] if args else kwargs.get("description")
        if cls is SystemManagement and isinstance(given, Mapping) and not r.Made(given.get("parameters") or {}, cls.kind).plus:
            cls = UltraScaleSystemManagement
        return super().__new__(cls, *args, **kwargs)


class UltraScaleSystemManagement(SystemManagement):
    """The same in an UltraScale device, whose temperature has another scale."""

    vars().update(attributes(r.ULTRASCALE, r.COMMON))
