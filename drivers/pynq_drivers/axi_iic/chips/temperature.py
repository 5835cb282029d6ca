"""A temperature sensor, Texas Instruments' TMP102.

Source: TMP102 data sheet (SBOS397), "Programming": the pointer register, the temperature (0), the configuration (1), T_LOW (2) and T_HIGH
(3), 16 bits each, the higher byte first; 0.0625 degrees Celsius a step in the upper 12 bits (13 in extended mode); conversions 4 times a
second after power-on; shutdown and one-shot; the alert in comparator mode.
"""

from __future__ import annotations

from pynq_drivers.axi_iic.target import Target

_STEP = 0.0625
_TEMPERATURE, _CONFIGURATION, _LOW, _HIGH = range(4)
_ONE_SHOT, _SHUTDOWN, _POLARITY, _EXTENDED, _ALERT = 1 << 15, 1 << 8, 1 << 10, 1 << 4, 1 << 5
_WRITABLE = _ONE_SHOT | 0x1F00 | 0xC0 | _EXTENDED  # beside the resolution, which is fixed, and the alert
_RATES = (0.25, 1.0, 4.0, 8.0)
_CONVERSION = 26e-3  # seconds


class Tmp102(Target):
    """``sensor = Tmp102(21.5)``; ``sensor.temperature = 30`` is the warmth around it, which the next conversion finds.

    Attributes
    ----------
    temperature : float
        Around the chip, in degrees Celsius.
    """

    def __init__(self, temperature: float = 25.0) -> None:
        self._since, self._temperature, self._before = 0.0, float(temperature), float(temperature)
        self._configuration = 0x60A0
        self._limits = [0x4B00, 0x5000]
        self._pointer = 0
        self._taken = bytearray()
        self._given = 0
        self._frozen: float | None = None  # the last conversion before shutdown, or the one-shot's
        self._one_shot_at = float("-inf")
        self._over = False

    @property
    def temperature(self) -> float:
        return self._temperature

    @temperature.setter
    def temperature(self, celsius: float) -> None:
        if not -55 <= celsius <= 150:
            raise ValueError(f"a TMP102 lives from -55 to 150 degrees Celsius, not at {celsius!r}")
        now = self._now()
        self._before, self._since, self._temperature = self._converted(), now, float(celsius)

    def _now(self) -> float:
        return self.clock.now() if self.clock is not None else 0.0

    def _converted(self) -> float:
        """What the last conversion found."""
        if self._frozen is not None:
            return self._frozen
        period = 1 / _RATES[self._configuration >> 6 & 3]
        last = self._now() // period * period
        return self._temperature if last >= self._since or not self._since else self._before

    def _word(self, celsius: float) -> int:
        extended = bool(self._configuration & _EXTENDED)
        steps = max(-(55 * 16), min(round(celsius / _STEP), (1 << 12) - 1 if extended else (1 << 11) - 1))
        return (steps << 3 | 1) & 0xFFFF if extended else steps << 4 & 0xFFFF

    @property
    def alert(self) -> bool:
        """Whether the limit T_HIGH was reached, and T_LOW not since."""
        shift = 3 if self._configuration & _EXTENDED else 4
        low, high = ((word - 0x10000 if word & 0x8000 else word) >> shift for word in self._limits)
        steps = round(self._converted() / _STEP)
        self._over = steps >= high or (self._over and steps >= low)
        return self._over

    # The bus.

    def start(self, read: bool) -> bool:
        self._taken = bytearray()
        self._given = 0
        return True

    def write(self, value: int) -> bool:
        self._taken.append(value)
        if len(self._taken) == 1:
            self._pointer = value & 3
        elif len(self._taken) == 3:
            self._put(int.from_bytes(self._taken[1:], "big"))
        return True

    def _put(self, word: int) -> None:
        if self._pointer == _CONFIGURATION:
            down = bool(word & _SHUTDOWN)
            if down and (self._frozen is None or word & _ONE_SHOT):
                self._frozen = self._temperature if word & _ONE_SHOT else self._converted()
                self._one_shot_at = self._now() if word & _ONE_SHOT else self._one_shot_at
            elif not down:
                self._frozen = None
            self._configuration = word & _WRITABLE & ~_ONE_SHOT | 0x6000
        elif self._pointer in (_LOW, _HIGH):
            self._limits[self._pointer - _LOW] = word & 0xFFFF

    def read(self) -> int:
        word = self._register()
        value = word >> 8 if self._given % 2 == 0 else word & 0xFF
        self._given += 1
        return value

    def _register(self) -> int:
        if self._pointer == _TEMPERATURE:
            return self._word(self._converted())
        if self._pointer == _CONFIGURATION:
            alert = self.alert == bool(self._configuration & _POLARITY)
            done = bool(self._configuration & _SHUTDOWN) and self._now() - self._one_shot_at >= _CONVERSION
            return self._configuration & ~_ALERT | _ALERT * alert | _ONE_SHOT * done
        return self._limits[self._pointer - _LOW]
