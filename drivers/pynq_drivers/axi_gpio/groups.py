"""LEDs, buttons and switches that stand together on a GPIO channel, by number and by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar, overload

from pynq_drivers.axi_gpio.button import Button
from pynq_drivers.axi_gpio.channel import Channel
from pynq_drivers.axi_gpio.led import LED
from pynq_drivers.axi_gpio.rgbled import RGBLED
from pynq_drivers.axi_gpio.switch import Switch
from pynq_drivers.axi_gpio.wires import Input, Output, Wires
from pynq_widgets.access.errors import near_or_all

P = TypeVar("P")
G = TypeVar("G", bound="Group[Any]")


class Group(Generic[P]):
    """Parts of one kind on wires next to one another: ``group[0]``, ``group["start"]``, ``group.start``, ``group[0:2]``.

    Parameters
    ----------
    wires
        A channel, wires of one (``channel1[0:4]``), or a core, whose first channel is taken.
    names
        The name of each part, from the lowest wire; default ``led0``, ``led1``, … Settable as `names`.

    Raises TypeError for something else, ValueError for names that do not fit.
    """

    __slots__ = ("_names", "_start", "_stop", "channel")

    kind: ClassVar[str] = "wire"
    prefix: ClassVar[str] = "io"
    wires_each: ClassVar[int] = 1

    channel: Channel
    _start: int
    _stop: int
    _names: tuple[str, ...]

    def __init__(self, wires: Any, names: Iterable[str] | None = None) -> None:
        title = type(self).__name__
        wires = getattr(wires, "channel1", wires)
        if isinstance(wires, Channel):
            wires._check_present()
            channel, start, stop = wires, 0, wires.length
        elif isinstance(wires, Wires):
            channel, start, stop = wires._parent, wires._start, wires._stop
        else:
            raise TypeError(
                f"{title} stand on a GPIO channel or on wires of one, not on the {type(wires).__name__} {wires!r}: "
                f"{title}(ol.gpio.channel1) or {title}(ol.gpio.channel1[0:4])"
            )
        if (stop - start) % self.wires_each:
            raise ValueError(
                f"{title} have {self.wires_each} wires each: {stop - start} wires of {channel.name} are no whole number of them"
            )
        self._put(channel=channel, _start=start, _stop=stop)
        count = len(self)
        self.names = tuple(f"{self.prefix}{start // self.wires_each + at}" for at in range(count)) if names is None else tuple(names)

    def _put(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each part, from the lowest wire; what the panel shows. Settable."""
        return self._names

    @names.setter
    def names(self, names: Iterable[str]) -> None:
        given = (names,) if isinstance(names, str) else tuple(names)
        if len(given) != len(self):
            raise ValueError(
                f"{self._where()} has {len(self)} {self.kind}s, so {len(self)} names are expected, not {len(given)}: {given!r}"
            )
        for at, name in enumerate(given):
            if not isinstance(name, str) or not name.strip() or len(name) > 40:
                raise ValueError(f"a name is a text of 1 to 40 characters, not {name!r}")
            if name in given[:at]:
                raise ValueError(f"two {self.kind}s cannot have the name {name!r}")
        self._put(_names=given)

    @property
    def value(self) -> int:
        """All of them as one number, the first in the lowest bit."""
        return self._seen()

    def _seen(self) -> int:
        return int(self._wires().read())

    def _wires(self, start: int | None = None, stop: int | None = None) -> Any:
        """The wires between two parts, as the channel has them now."""
        low = self._start + (0 if start is None else start * self.wires_each)
        high = self._stop if stop is None else self._start + stop * self.wires_each
        return self.channel[low:high]

    def _part(self, at: int) -> Any:
        return self._wires(at, at + 1)

    def _where(self) -> str:
        whole = self._start == 0 and self._stop == self.channel.length
        return self.channel.name if whole else f"{self.channel.name}[{self._start}:{self._stop}]"

    def _at(self, key: int | str) -> int:
        if isinstance(key, str):
            if key not in self._names:
                raise KeyError(f"no {self.kind} {key!r} in {self._where()}{near_or_all(key, self._names)}")
            return self._names.index(key)
        at = operator.index(key)
        if not -len(self) <= at < len(self):
            raise IndexError(f"{self._where()} has {len(self)} {self.kind}s, so there is no {at}: expected 0 to {len(self) - 1}")
        return at % len(self)

    def __len__(self) -> int:
        return (self._stop - self._start) // self.wires_each

    @overload
    def __getitem__(self, key: int | str) -> P: ...

    @overload
    def __getitem__(self: G, key: slice) -> G: ...

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1 or start >= stop:
                raise IndexError(
                    f"[{key.start}:{key.stop}:{key.step}] of {self._where()}: expected parts next to one another, at least one"
                )
            return type(self)(self._wires(start, stop), self._names[start:stop])
        return self._part(self._at(key))

    def __iter__(self) -> Iterator[P]:
        return map(self._part, range(len(self)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name not in self._names:
            raise AttributeError(f"no {self.kind} {name!r} in {self._where()}{near_or_all(name, self._names)}")
        return self._part(self._names.index(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
            return
        one = f"; one of them by group.{name}.value" if name in self._names else ""
        raise AttributeError(f"{name!r} of {self!r} cannot be assigned: all together are group.value{one}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._names if name.isidentifier())]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._where()}: {', '.join(self._names)}>"


class Pins(Group[Any]):
    """Wires of which nobody said what they are for; each part is a wire, which can be done with what its direction allows."""

    __slots__ = ()

    @property
    def value(self) -> int:
        """All of them as one number; of outputs, what they are driven to. Settable where they are no inputs."""
        return self._seen()

    @value.setter
    def value(self, value: int) -> None:
        _writable(self).write(value)

    def _seen(self) -> int:
        # Not by the wires' own read, which would make inputs of those that can be both.
        return self.channel.read() >> self._start & (1 << (self._stop - self._start)) - 1


class LEDs(Group[LED]):
    """LEDs: ``leds.value = 0b0101``, ``leds[0].on()``, ``leds.toggle("led1")``."""

    __slots__ = ()

    kind = "led"
    prefix = "led"

    @property
    def value(self) -> int:
        """All of them as one number, the first in the lowest bit: 1 is lit. Settable; one bus write for a whole channel."""
        return self._seen()

    @value.setter
    def value(self, value: int) -> None:
        _writable(self).write(value)

    @property
    def lit(self) -> tuple[str, ...]:
        """The names of those that are lit; one look at the hardware."""
        return _those(self, self.value)

    def on(self, *which: int | str) -> None:
        """Turns on those that are named or numbered; all where none is."""
        self._change(which, lambda value, mask: value | mask)

    def off(self, *which: int | str) -> None:
        """Turns off those that are named or numbered; all where none is."""
        self._change(which, lambda value, mask: value & ~mask)

    def toggle(self, *which: int | str) -> None:
        """Turns those that are off on, and the others off."""
        self._change(which, operator.xor)

    def _change(self, which: tuple[int | str, ...], change: Any) -> None:
        wires = _writable(self)
        mask = sum({1 << self._at(key) for key in which}) if which else wires._mask
        with self.channel.lock:
            wires.write(change(self.value, mask) & wires._mask)

    def _seen(self) -> int:
        wires = self._wires()
        # Reading a wire that can be both would make an input of it, and the LED would go out.
        return int(wires.driven() if isinstance(wires, Output) else wires.read())

    def _part(self, at: int) -> LED:
        return LED(_writable(self, at, at + 1))


class RGBLEDs(Group[RGBLED]):
    """LEDs of three colours, each on three wires: ``lamps[0].on(RGB_RED)``, ``lamps.colors = (RGB_RED, RGB_CLEAR)``."""

    __slots__ = ()

    kind = "rgbled"
    prefix = "rgb"
    wires_each = 3

    @property
    def value(self) -> int:
        """All of them as one number, three bits each: blue is the lowest, then green, then red. Settable."""
        return self._seen()

    @value.setter
    def value(self, value: int) -> None:
        _writable(self).write(value)

    @property
    def colors(self) -> tuple[int, ...]:
        """The colour of each, ``RGB_CLEAR`` (0) to ``RGB_WHITE`` (7). Settable; one bus write for a whole channel."""
        value = self.value
        return tuple(value >> 3 * at & 7 for at in range(len(self)))

    @colors.setter
    def colors(self, colors: Iterable[int]) -> None:
        given = tuple(colors)
        if len(given) != len(self) or any(color not in range(8) for color in given):
            raise ValueError(f"{self._where()} has {len(self)} rgbleds: as many colours of 0 to 7 are expected, not {given!r}")
        self.value = sum(int(color) << 3 * at for at, color in enumerate(given))

    def on(self, color: int) -> None:
        """Gives all of them that colour."""
        self.colors = (color,) * len(self)

    def off(self) -> None:
        """Turns all of them off."""
        self.on(0)

    def _seen(self) -> int:
        wires = self._wires()
        return int(wires.driven() if isinstance(wires, Output) else wires.read())

    def _part(self, at: int) -> RGBLED:
        return RGBLED._at(self.channel, self._start + 3 * at, at)


class _Contacts(Group[P]):
    """What buttons and switches have in common."""

    __slots__ = ()

    def wait_for_value(self, value: int, timeout: float | None = None) -> None:
        """Returns when all of them together read `value`; TimeoutError where `timeout` seconds have passed."""
        self._inputs().wait_for_value(value, timeout)

    async def wait_for_value_async(self, value: int, timeout: float | None = None) -> None:
        """As `wait_for_value`, for a coroutine; RuntimeError where the core's interrupt is not connected."""
        await self._inputs().wait_for_value_async(value, timeout)

    def _inputs(self) -> Any:
        wires = self._wires()
        if not isinstance(wires, Input):
            raise RuntimeError(f"{self!r} cannot be waited for: {self.channel.name} is set to {type(wires).__name__}, which only drives")
        return wires


class Buttons(_Contacts[Button]):
    """Push-buttons: ``buttons.value``, ``buttons.pressed``, ``await buttons.btn0.wait_for_value_async(1)``."""

    __slots__ = ()

    kind = "button"
    prefix = "btn"

    @property
    def pressed(self) -> tuple[str, ...]:
        """The names of those that are pressed; one bus read."""
        return _those(self, self.value)

    def _part(self, at: int) -> Button:
        return Button(self._wires(at, at + 1))


class Switches(_Contacts[Switch]):
    """Switches: ``switches.value``, ``switches.closed``, ``switches.sw0.read()``."""

    __slots__ = ()

    kind = "switch"
    prefix = "sw"

    @property
    def closed(self) -> tuple[str, ...]:
        """The names of those that read 1; one bus read."""
        return _those(self, self.value)

    def _part(self, at: int) -> Switch:
        return Switch(self._wires(at, at + 1))


def _those(group: Group[Any], value: int) -> tuple[str, ...]:
    return tuple(name for at, name in enumerate(group.names) if value >> at & 1)


def _writable(group: Group[Any], start: int | None = None, stop: int | None = None) -> Any:
    wires = group._wires(start, stop)
    if not isinstance(wires, Output):
        raise RuntimeError(f"{group!r} cannot be driven: {group.channel.name} only reads its wires")
    return wires


KINDS: dict[str, type[Group[Any]]] = {"led": LEDs, "rgbled": RGBLEDs, "button": Buttons, "switch": Switches, "wire": Pins}
