"""What one would look at of an AXI GPIO: LEDs that light, switches and buttons that can be pressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pynq_drivers.axi_gpio import hand
from pynq_widgets.widgets import html
from pynq_widgets.widgets.panel import Group, Panel
from pynq_widgets.widgets.typed import parse_value

if TYPE_CHECKING:
    from pynq_drivers.axi_gpio.channel import Channel

_KINDS = {
    "led": ("LED", "LEDs"),
    "rgbled": ("RGB LED", "RGB LEDs"),
    "button": ("button", "buttons"),
    "switch": ("switch", "switches"),
    "wire": ("wire", "wires"),
}
_COLOURS = ("off", "blue", "green", "cyan", "red", "magenta", "yellow", "white")


class GpioPanel(Panel):
    """The wires of both channels as what stands at them.

    Outputs are switched by a click. Inputs of the simulated device are pressed, too; those of a board only show.
    """

    module = "panel.js"
    stylesheet = "panel.css"
    rate = 20.0

    def groups(self) -> Iterable[Group]:
        words = self.ip._words
        names = [words[offset].name for offset in self._offsets() if offset in words]
        return ((self.ip.registers, names),) if names else ()

    def _offsets(self) -> list[int]:
        """The words that tell something: the data of each channel, and its directions where the design has not fixed them."""
        return [8 * at + word for at, channel in enumerate(self._channels()) for word in ((0,) if _is_fixed(channel) else (0, 4))]

    def _channels(self) -> list[Channel]:
        return [channel for channel in self.ip._channels if channel._present]

    def tick(self) -> None:
        # A design may list no registers for the core; then there is no mirror to look into.
        for offset in self._offsets():
            if offset not in self.ip._words:
                self._read[offset] = self.ip.read(offset)

    def __init__(self, ip: Any, **options: Any) -> None:
        self._read: dict[int, int] = {}
        super().__init__(ip, **options)

    def look(self) -> Mapping[str, Any]:
        return {
            "channels": [self._facts_of(channel) for channel in self._channels()],
            "levels": [self._levels_of(channel) for channel in self._channels()],
        }

    def _facts_of(self, channel: Channel) -> dict[str, Any]:
        group = channel.group
        number = channel._channel + 1
        return {
            "number": number,
            "kind": group.kind,
            "title": _counted(group),
            "told_by": channel.purpose.told_by,
            "direction": "inputs" if channel._all_inputs else "outputs" if channel._all_outputs else "both",
            "each": group.wires_each,
            "names": list(group.names),
            # Why the inputs only show; nothing where they can be pressed.
            "shows": "" if channel._all_outputs else hand.why_not(self.ip, number),
            "digits": -(-channel.width // 4),
        }

    def _levels_of(self, channel: Channel) -> dict[str, Any]:
        """What the wires read (None: not known), which of them are inputs, and what the world puts on them, where that is known."""
        at = channel._channel * 8
        every = (1 << channel.width) - 1
        inputs = every if channel._all_inputs else 0 if channel._all_outputs else self._known(at + 4)
        model: Any = None if channel._all_outputs else self.model
        pins = model.inputs(channel._channel + 1) if hasattr(model, "inputs") else None
        return {"value": self._known(at), "inputs": inputs, "pins": pins}

    def _known(self, offset: int) -> int | None:
        handle = self.ip._words.get(offset)
        return self._read.get(offset) if handle is None else handle.value

    # What the page may ask.

    def do_toggle(self, *, channel: int, part: int) -> None:
        """Drives one part, of one wire, to the other level."""
        bank = self._bank(channel)
        mask = 1 << bank.group._at(part)
        with bank.lock:
            bank.write(~bank.driven() & mask, mask)

    def do_color(self, *, channel: int, part: int, color: int) -> None:
        """Gives an LED of three colours one of them."""
        lamp = self._bank(channel).group[part]
        lamp.on(color)

    def do_write(self, *, channel: int, text: str) -> None:
        """Drives the whole channel to the number that somebody typed."""
        bank = self._bank(channel)
        value = parse_value(text, "hex", bank.width)
        if not 0 <= value < 1 << bank.width:
            raise ValueError(f"{text.strip()!r} does not fit the {bank.width} wires: expected 0 to {(1 << bank.width) - 1:#x}")
        bank.write(value)

    def do_direct(self, *, channel: int, part: int, output: bool) -> None:
        """Makes an output of one part, or an input."""
        bank = self._bank(channel)
        if _is_fixed(bank):
            raise ValueError(f"{bank.name} is all {'inputs' if bank._all_inputs else 'outputs'} in this design: that cannot be changed")
        mask = self._mask(bank, part)
        bank.set_trimask(0 if output else mask, mask)

    def do_press(self, *, channel: int, part: int, level: bool) -> None:
        """What a hand does: presses a button or lets go of it, moves a switch."""
        bank = self._bank(channel)
        mask = self._mask(bank, part)
        hand.put(self.ip, channel, mask if level else 0, mask)

    def _bank(self, channel: int) -> Channel:
        bank: Channel = self.ip._numbered(channel)
        bank._check_present()
        return bank

    def _mask(self, bank: Channel, part: int) -> int:
        each = bank.group.wires_each
        return ((1 << each) - 1) << each * bank.group._at(part)

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        for channel in self._channels():
            group, levels = channel.group, self._levels_of(channel)
            told = [f"{name} {_level(levels['value'], at, group.wires_each)}" for at, name in enumerate(group.names)]
            yield f"channel {channel._channel + 1}, {_counted(group)}", ", ".join(told)

    def markup(self) -> html.Markup:
        parts = []
        for channel in self._channels():
            group, levels = channel.group, self._levels_of(channel)
            rows = [
                (name, _way(levels["inputs"], at * group.wires_each), _level(levels["value"], at, group.wires_each))
                for at, name in enumerate(group.names)
            ]
            title = f"Channel {channel._channel + 1}: {_counted(group)}"
            parts.append(html.folded(title, html.table(("Name", "Direction", "Level"), rows, mono=(0,)), open=True))
        return html.element("div", *parts)


def _counted(group: Any) -> str:
    return f"{len(group)} {_KINDS[group.kind][len(group) != 1]}"


def _is_fixed(channel: Channel) -> bool:
    return channel._all_inputs or channel._all_outputs


def _level(value: int | None, at: int, each: int) -> str:
    if value is None:
        return "not read"
    level = value >> at * each & ((1 << each) - 1)
    return _COLOURS[level] if each > 1 else str(level)


def _way(inputs: int | None, wire: int) -> str:
    return "not read" if inputs is None else "input" if inputs >> wire & 1 else "output"
