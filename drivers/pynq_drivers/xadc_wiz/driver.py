"""What software does with the XADC Wizard.

Source: AMD PG091, XADC Wizard v3.3: "Register Space"; UG480: temperature = code * 503.975 / 65536 - 273.15 °C, supplies 3 V, inputs 1 V
of a full scale.
"""

from __future__ import annotations

from . import registers as r
from .monitor import Monitor, attributes


class Xadc(Monitor):
    __doc__ = Monitor.__doc__

    bindto = ["xilinx.com:ip:xadc_wiz:3.0", "xilinx.com:ip:xadc_wiz:3.1", "xilinx.com:ip:xadc_wiz:3.2", "xilinx.com:ip:xadc_wiz:3.3"]
    kind = "xadc_wiz"

    vars().update(attributes(r.SEVEN_SERIES, r.COMMON + r.ZYNQ))
