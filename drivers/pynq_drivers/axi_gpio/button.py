"""A push-button on a wire of a GPIO channel. The shape of the API is PYNQ's."""

from pynq_drivers.axi_gpio.contact import Contact


class Button(Contact):
    """A push-button, 1 while it is pressed: ``Button(ol.btns_gpio.channel1[0])``."""

    _usual = "btns_gpio"
