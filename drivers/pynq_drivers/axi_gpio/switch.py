"""A slide switch on a wire of a GPIO channel. The shape of the API is PYNQ's."""

from pynq_drivers.axi_gpio.contact import Contact


class Switch(Contact):
    """A slide switch, 1 while it is up: ``Switch(ol.switches_gpio.channel1[0])``."""

    _usual = "switches_gpio"
