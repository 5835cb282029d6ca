"""What the System Management Wizard does, for the simulated device.

Source: AMD PG185, System Management Wizard v1.3: "Register Space"; UG580 for the scales.
"""

from __future__ import annotations

from pynq_drivers.xadc_wiz import registers as r
from pynq_drivers.xadc_wiz.model import MonitorModel


class SystemManagementModel(MonitorModel):
    __doc__ = MonitorModel.__doc__

    kind = "system_management_wiz"

    def _scale_of(self) -> r.Scale:
        return r.ULTRASCALE_PLUS if self._made.plus else r.ULTRASCALE
