"""Chips for the simulated I2C bus: ``ol.device.model_of("iic").attach(0x48, Tmp102())``."""

from pynq_drivers.axi_iic.chips.eeprom import Eeprom24
from pynq_drivers.axi_iic.chips.temperature import Tmp102

__all__ = ["Eeprom24", "Tmp102"]
