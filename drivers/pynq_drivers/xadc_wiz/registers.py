"""The registers of the XADC Wizard and of the System Management Wizard, which are the same but for their place and some channels.

Source: AMD PG091, XADC Wizard v3.3, and PG185, System Management Wizard v1.3: "Register Space"; UG480 and UG580 for what the words mean:
12 bits of a conversion stand at the top of 16. Bits and side effects from memory, offsets compared with AMD's driver ``sysmon``; the
order of the design's alarm limits was found from the values of published designs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

RESET, STATUS, ALARMS, START, HARD_RESET = 0x0, 0x4, 0x8, 0xC, 0x10
GLOBAL_ENABLE, INTERRUPT_STATUS, INTERRUPT_ENABLE = 0x5C, 0x60, 0x68
FLAGS, CONFIGURATION, SEQUENCE = 0x2FC, 0x300, 0x320  # of the hard block, from its start
RESET_WORD = 0xA
GLOBAL = 1 << 31
END_OF_CONVERSION, END_OF_SEQUENCE = 1 << 5, 1 << 6
FULL = 1 << 16


class Channel(NamedTuple):
    """A channel that has extremes and an alarm, with offsets from the start of the hard block (-1: none).

    `limit` are the numbers of the design's ``C_ALARM_LIMIT_R`` for the upper and the lower limit; `alarm` is the bit of the alarm register,
    `interrupt` that of the interrupts, `disabled` that of configuration register 1 which takes the alarm away.
    """

    name: str
    value: int
    most: int
    least: int
    upper: int
    lower: int
    limit: tuple[int, int]
    alarm: int
    interrupt: int
    disabled: int
    help: str


COMMON = (
    Channel("temperature", 0x200, 0x280, 0x290, 0x340, 0x350, (0, 4), 1, 1, 1, "Of the die"),
    Channel("vccint", 0x204, 0x284, 0x294, 0x344, 0x354, (1, 5), 2, 2, 2, "Supply of the logic"),
    Channel("vccaux", 0x208, 0x288, 0x298, 0x348, 0x358, (2, 6), 3, 3, 3, "Auxiliary supply"),
    Channel("vccbram", 0x218, 0x28C, 0x29C, 0x360, 0x370, (8, 9), 4, 10, 8, "Supply of the block RAM"),
)
ZYNQ = (
    Channel("vccpint", 0x22C, 0x2A0, 0x2AC, 0x364, 0x374, (10, 11), 5, 11, 9, "Supply of the processing system"),
    Channel("vccpaux", 0x230, 0x2A4, 0x2B0, 0x368, 0x378, (12, 13), 6, 12, 10, "Auxiliary supply of the processing system"),
    Channel("vcco_ddr", 0x234, 0x2A8, 0x2B4, 0x36C, 0x37C, (14, 15), 7, 13, 11, "Supply of the memory's pins"),
)
ZYNQ_PLUS = tuple(
    channel._replace(name=name, help=text)
    for channel, name, text in zip(
        ZYNQ,
        ("vcc_psintlp", "vcc_psintfp", "vcc_psaux"),
        ("Supply of the low-power domain", "Supply of the full-power domain", "Auxiliary supply of the processing system"),
        strict=True,
    )
)
OVER_UPPER, OVER_LOWER, OVER_LIMIT = 0x34C, 0x35C, (3, 7)
PLAIN = (("vp_vn", 0x20C, "The dedicated analogue input"), ("vrefp", 0x210, "Positive reference"), ("vrefn", 0x214, "Negative reference"))
AUXILIARY = 0x240  # vaux0 to vaux15
CALIBRATION = (("SUPPLY_OFFSET", 0x220), ("ADC_OFFSET", 0x224), ("GAIN_ERROR", 0x228))


class Made:
    """What a design made of such a core: its place, its channels, and what its registers hold after reset."""

    def __init__(self, given: Mapping[str, Any], kind: str) -> None:
        """`kind` is ``'xadc_wiz'`` or ``'system_management_wiz'``."""
        self.given = given
        self.system = kind == "system_management_wiz"
        self.base = 0x200 if self.system else 0
        self.plus = bool(self.number("C_IS_DIABLO", 0)) or "plus" in parameters.text(given, "C_FAMILY").lower()
        self.channels = COMMON + self._processing()
        self.auxiliary = tuple(index for index in range(16) if self.number(f"C_VAUX{index}", 0))
        self.interrupts = bool(self.number("C_INCLUDE_INTR", 1))

    def number(self, name: str, default: int) -> int:
        """A parameter of the design."""
        return parameters.integer(self.given, name, default)

    def _processing(self) -> tuple[Channel, ...]:
        """The supplies of a processing system: where the device has one."""
        if not self.system:
            return ZYNQ if "CHANNEL_ENABLE_VCCPINT" in {str(key).upper() for key in self.given} else ()
        return (
            ZYNQ_PLUS if "zynq" in (parameters.text(self.given, "C_FAMILY") + parameters.text(self.given, "C_SIM_DEVICE")).lower() else ()
        )

    def limits(self, numbers: tuple[int, int]) -> tuple[int, int]:
        """The words of an upper and a lower alarm limit after reset; the ends of the range where the design says none."""
        return self.number(f"C_ALARM_LIMIT_R{numbers[0]}", 0xFFFF), self.number(f"C_ALARM_LIMIT_R{numbers[1]}", 0)

    def configuration(self, number: int) -> int:
        """The word of a configuration register after reset."""
        return self.number(f"C_CONFIGURATION_R{number}", 0)

    def sequence(self, number: int) -> int:
        """The word of a sequence register after reset."""
        return self.number(f"C_SEQUENCE_R{number}", 0)

    @property
    def rate(self) -> float:
        """Conversions a second."""
        text = parameters.text(self.given, "C_SAMPLING_RATE")
        return float(text) if text else 100e3

    @property
    def used(self) -> list[str]:
        """The channels that are converted, by the names of the attributes."""
        if self.configuration(1) >> 12 & 0xF == 3:  # one channel
            found = CHANNELS.get(self.configuration(0) & 0x3F, "")
            return [found] if found else []
        first, second = self.sequence(0), self.sequence(1)
        bits = {**dict(enumerate(self._sequenced)), **{16 + index: f"vaux{index}" for index in range(16)}}
        word = first | second << 16
        return [name for bit, name in bits.items() if name and word >> bit & 1]

    @property
    def _sequenced(self) -> tuple[str, ...]:
        processing = tuple(channel.name for channel in self._processing()) or ("", "", "")
        return ("", "", "", "", "", *processing, "temperature", "vccint", "vccaux", "vp_vn", "vrefp", "vrefn", "vccbram")


CHANNELS = {
    0: "temperature",
    1: "vccint",
    2: "vccaux",
    3: "vp_vn",
    4: "vrefp",
    5: "vrefn",
    6: "vccbram",
    **{16 + index: f"vaux{index}" for index in range(16)},
}


def _measured(name: str, offset: int, text: str, reset: int | None = None, access: str = "R") -> Register:
    return register(name.upper(), offset, access, reset, text, field("CODE", 0, 16, "A conversion in the upper 12 bits"))


def _events(made: Made) -> Iterator[tuple[str, int, str]]:
    yield "OVER_TEMPERATURE", 0, "The die is over its limit"
    for channel in made.channels:
        yield channel.name.upper(), channel.interrupt, f"{channel.help}: beyond its limits"
    yield from (
        ("END_OF_SEQUENCE", 4, "All channels were converted"),
        ("END_OF_CONVERSION", 5, "A channel was converted"),
        ("JTAG_LOCKED", 6, "JTAG has the registers"),
        ("JTAG_MODIFIED", 7, "JTAG has written"),
        ("OVER_TEMPERATURE_GONE", 8, "The die is below the lower limit again"),
        ("TEMPERATURE_GONE", 9, "The temperature is below its lower limit again"),
    )


def layout(made: Made) -> tuple[Register, ...]:
    """The registers of a core that a design has made so."""
    at = made.base
    alarms = [("OVER_TEMPERATURE", 0), *((channel.name.upper(), channel.alarm) for channel in made.channels), ("ANY", 8)]
    whole = [
        register("RESET", RESET, "W", None, "0xA resets the core", field("KEY", 0, 4)),
        register(
            "STATUS",
            STATUS,
            "R",
            None,
            "What the converter does",
            field("CHANNEL", 0, 5, "The channel that was converted last"),
            field("END_OF_CONVERSION", 5, 1, "A channel was converted since the last read", read="clear"),
            field("END_OF_SEQUENCE", 6, 1, "All channels were converted since the last read", read="clear"),
            field("BUSY", 7, 1, "It converts"),
            field("JTAG_LOCKED", 8),
            field("JTAG_MODIFIED", 9),
            field("JTAG_BUSY", 10),
        ),
        register("ALARM", ALARMS, "R", None, "Which channels are beyond their limits", *(field(name, bit) for name, bit in alarms)),
        register("START", START, "W", None, "Starts a conversion, where the design lets software", field("CONVERT", 0)),
        register("HARD_RESET", HARD_RESET, "W", None, "Resets the converter, and its extremes", field("RESET", 0)),
    ]
    if made.interrupts:
        events = sorted(_events(made), key=lambda event: event[1])
        whole += [
            register("GLOBAL_ENABLE", GLOBAL_ENABLE, "RW", 0, "Lets interrupts reach the pin", field("ENABLE", 31)),
            register(
                "INTERRUPT_STATUS",
                INTERRUPT_STATUS,
                "RW",
                0,
                "What has happened; a written 1 toggles its bit",
                *(field(name, bit, 1, text, write="oneToToggle") for name, bit, text in events),
            ),
            register(
                "INTERRUPT_ENABLE", INTERRUPT_ENABLE, "RW", 0, "What of it is an interrupt", *(field(name, bit) for name, bit, _ in events)
            ),
        ]
    for channel in made.channels:
        name, text = channel.name, channel.help
        whole += [
            _measured(name, at + channel.value, text),
            _measured(f"{name}_max", at + channel.most, f"{text}: the most since the last reset"),
            _measured(f"{name}_min", at + channel.least, f"{text}: the least since the last reset"),
            _measured(f"{name}_upper", at + channel.upper, f"{text}: alarm above", made.limits(channel.limit)[0], "RW"),
            _measured(f"{name}_lower", at + channel.lower, f"{text}: alarm below", made.limits(channel.limit)[1], "RW"),
        ]
    whole += [
        _measured("over_temperature_upper", at + OVER_UPPER, "The die is too hot above", made.limits(OVER_LIMIT)[0], "RW"),
        _measured("over_temperature_lower", at + OVER_LOWER, "And until it is below", made.limits(OVER_LIMIT)[1], "RW"),
        *(_measured(name, at + offset, text) for name, offset, text in PLAIN),
        *(_measured(f"vaux{index}", at + AUXILIARY + 4 * index, f"Auxiliary input {index}") for index in made.auxiliary),
        *(register(name, at + offset, "R", None, "Of the calibration", field("VALUE", 0, 16)) for name, offset in CALIBRATION),
        register(
            "FLAGS",
            at + FLAGS,
            "R",
            None,
            "Which alarms are on, and what the converter does",
            field("ALARMS", 0, 3),
            field("OVER_TEMPERATURE", 3),
            field("DISABLED", 8),
            field("EXTERNAL_REFERENCE", 9),
        ),
    ]
    count = 4 if made.system else 3
    for number in range(count):
        text = f"Configuration {number} of the converter"
        whole.append(
            register(
                f"CONFIGURATION_{number}", at + CONFIGURATION + 4 * number, "RW", made.configuration(number), text, field("WORD", 0, 16)
            )
        )
    for number in range(8):
        text = ("Channels of the sequence", "Channels that are averaged", "Inputs that are bipolar", "Channels that are given more time")[
            number // 2
        ]
        whole.append(
            register(f"SEQUENCE_{number}", at + SEQUENCE + 4 * number, "RW", made.sequence(number), text, field("CHANNELS", 0, 16))
        )
    return tuple(whole)


class Scale(NamedTuple):
    """What a full scale of a temperature is in kelvin, and the °C of a code of 0."""

    span: str
    zero: str

    def code(self, celsius: float) -> int:
        """The 16 bits of a temperature, in steps of a conversion."""
        return rounded((celsius - float(self.zero)) / float(self.span) * FULL)


SEVEN_SERIES = Scale("503.975", "-273.15")  # UG480
ULTRASCALE = Scale("502.9098", "-273.8195")  # UG580, SYSMONE1 with the reference on the chip
ULTRASCALE_PLUS = Scale("509.3140064", "-280.23087870")  # UG580, SYSMONE4 with the reference on the chip
SUPPLY = 3.0  # volts of a full scale; of the analogue inputs 1.0


def rounded(code: float) -> int:
    """A 16-bit code as the converter makes it: 12 bits at the top, within the range."""
    return max(0, min(0xFFF0, round(code / 16) * 16))
