"""What AXI Timer does, for the simulated device.

Source: AMD PG079, AXI Timer v2.0: "Register Space" (TCSR0/1, TLR0/1, TCR0/1), "Generate Mode", "Capture Mode",
"Pulse Width Modulation (PWM) Mode", "Cascade Mode", "Interrupts".
"""

from __future__ import annotations

import math

from pynq_drivers import parameters
from pynq_drivers.axi_timer.counter import Counter
from pynq_drivers.axi_timer.registers import (
    ARHT,
    CAPT,
    CASC,
    ENALL,
    ENIT,
    ENT,
    GENT,
    LOAD,
    MDT,
    PWMA,
    STRIDE,
    TCR,
    TCSR,
    TINT,
    TLR,
    UDT,
)
from pynq_drivers.axi_timer.wave import Wave, is_pwm, wave_of
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer

_WRITABLE = MDT | UDT | GENT | CAPT | ARHT | LOAD | ENIT | ENT | PWMA
_SHORTEST = 10e-6  # seconds of a period that is played on the wire


class AxiTimerModel(IPModel):
    """AXI Timer: one or two counters on the device's virtual clock.

    Nothing ticks. Values are computed when they are read; an event is asked of the clock only for a rollover that something can notice:
    an interrupt that is enabled and not yet pending. What the output does is told by `pwm`, and played on the wire edge by edge only where
    that leads to another IP of the design. (``generateout0`` and ``generateout1``, pulses of one clock, are not played.)
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self._frequency = context.frequency("s_axi_aclk")
        self._width = parameters.integer(given, "C_COUNT_WIDTH", 32)
        self._count = 1 if parameters.integer(given, "C_ONE_TIMER_ONLY", 0) else 2
        self._trigger = [parameters.integer(given, f"C_TRIG{number}_ASSERT", 1) for number in range(2)]
        self._pins = [1 - level for level in self._trigger]
        self._frozen = False
        self._event: Timer | None = None
        self._edge: Timer | None = None
        self._heard = self._leads_somewhere("pwm0")
        self._restart()

    def _restart(self) -> None:
        self._csr = [0] * self._count
        self._load = [0] * self._count
        self._captured = [False] * self._count
        self._counters = [Counter((1 << self._width) - 1) for _ in range(self._count)]
        self._wide = Counter((1 << 2 * self._width) - 1, pause=3)

    def _leads_somewhere(self, pin: str) -> bool:
        port = self.context.module.ports.get(pin)
        net = self.context.design.nets.get(port.net) if port is not None and port.net is not None else None
        return net is not None and any(sink.module is not None for sink in net.sinks)

    def reset(self) -> None:
        self._frozen = False
        self._restart()
        self._schedule()
        self._update_interrupt()

    # The bus.

    def read(self, interface: str, offset: int) -> int:
        number, word = divmod(offset, STRIDE)
        if number >= self._count:
            return 0
        tick = self._tick()
        if word == TCSR:
            self._settle(tick)
            return self._csr[number]
        if word == TLR:
            self._captured[number] = False  # a capture that was held has been taken
            return self._load[number]
        if word == TCR:
            return self._value(number, tick)
        return 0

    def write(self, interface: str, offset: int, value: int) -> None:
        number, word = divmod(offset, STRIDE)
        if number >= self._count:
            return
        tick = self._tick()
        self._settle(tick)
        if word == TCSR:
            self._write_control(number, value)
        elif word == TLR:
            self._load[number] = value & ((1 << self._width) - 1)
        self._configure(tick)
        self._schedule()
        self._update_interrupt()

    def _write_control(self, number: int, value: int) -> None:
        before = self._csr[number]
        pending = before & TINT & ~value  # writing 1 to T0INT clears it
        self._csr[number] = value & (_WRITABLE | (CASC if number == 0 and self._count == 2 else 0)) | pending
        for other in range(self._count):  # ENALL is one bit seen in both words; taking it away leaves ENT0 and ENT1 as they are
            self._csr[other] = self._csr[other] | ENALL | ENT if value & ENALL else self._csr[other] & ~ENALL
        if self._csr[number] & ENT & ~before:
            self._captured[number] = False

    # Time.

    def _tick(self) -> int:
        # A hundredth of a tick: times are floating-point numbers, and an event asked for at a tick must find itself at that tick.
        return math.floor(self.context.clock.now() * self._frequency + 0.01)

    @property
    def _cascaded(self) -> bool:
        return bool(self._csr[0] & CASC)

    def _running(self) -> list[tuple[int, Counter]]:
        """The counters in use with the index of the control word that rules each."""
        return [(0, self._wide)] if self._cascaded else list(enumerate(self._counters))

    def _value(self, number: int, tick: int) -> int:
        if self._cascaded:
            return self._wide.at(tick)[0] >> (number * self._width) & ((1 << self._width) - 1)
        return self._counters[number].at(tick)[0]

    def _settle(self, tick: int) -> None:
        """Takes note of what happened until ``tick``, before a register changes or its status is read."""
        for number, counter in self._running():
            if counter.settle(tick) and not self._csr[number] & MDT:
                self._csr[number] |= TINT

    def _configure(self, tick: int) -> None:
        """Makes the counters follow the registers from ``tick`` on."""
        if self._cascaded:
            load = self._load[0] | self._load[1] << self._width
            self._follow(self._wide, self._csr[0], load, tick)
            for number, counter in enumerate(self._counters):
                counter.value, counter.since = self._value(number, tick), None
            return
        for number, counter in enumerate(self._counters):
            self._follow(counter, self._csr[number], self._load[number], tick)
        if self._count == 2:
            self._pace()
            self._wide.value, self._wide.since = self._counters[0].at(tick)[0] | self._counters[1].at(tick)[0] << self._width, None

    def _pace(self) -> None:
        """In PWM mode the second counter, at its end, waits for the first: one pulse a period."""
        first, second = self._counters
        pulse = second.period - second.pause
        second.pause = max(1, first.period - pulse) if is_pwm(tuple(self._csr)) else 1

    def _follow(self, counter: Counter, csr: int, load: int, tick: int) -> None:
        counter.load = load
        counter.down = bool(csr & UDT)
        counter.wraps = bool(csr & MDT)
        counter.reload = bool(csr & ARHT) and not counter.wraps
        if counter.reload or counter.wraps or csr & LOAD or not csr & ENT:
            counter.held = False
        if csr & LOAD:
            counter.value, counter.since = load, None
        elif counter.since is not None and counter.since > tick:
            counter.value = load  # between a rollover and its reload: the new load value is what it starts from
        if not csr & ENT or self._frozen:
            counter.value, counter.since = counter.at(tick)[0], None
        elif counter.since is None and not csr & LOAD and not counter.held:
            counter.since = tick

    # What others notice.

    def _schedule(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        tick = self._tick()
        ticks = []
        for number, counter in self._running():
            csr = self._csr[number]
            if csr & ENIT and not csr & (TINT | MDT):
                ticks.append(counter.next_rollover(tick))
        due = [at for at in ticks if at is not None]
        if due:
            self._event = self.context.clock.call_at(min(due) / self._frequency, self._rolled_over)

        if self._heard:
            self._play(tick)

    def _play(self, tick: int) -> None:
        """Plans the next edge on ``pwm0``: up when the first counter comes to its end, down when the second does."""
        if self._edge is not None:
            self._edge.cancel()
            self._edge = None
        wave = self.pwm
        if wave is None:
            self.context.signal_out("pwm0").set(0)
            return
        if wave.period < _SHORTEST:
            self.context.assume(f"a wave of {1 / wave.period:.4g} Hz is too fast to be played edge by edge: what pwm0 leads to sees none")
            return
        ends = [counter.next_rollover(tick) for counter in self._counters]
        due = [at for at in ends if at is not None]
        if due:
            level = 1 if ends[0] == min(due) else 0
            self._edge = self.context.clock.call_at(min(due) / self._frequency, lambda: self._edge_came(level))

    def _edge_came(self, level: int) -> None:
        self._edge = None
        self.context.signal_out("pwm0").set(level)
        self._play(self._tick())

    def _rolled_over(self) -> None:
        self._event = None
        self._settle(self._tick())
        self._schedule()
        self._update_interrupt()

    def _update_interrupt(self) -> None:
        self.context.interrupt("interrupt").set(any(csr & ENIT and csr & TINT for csr in self._csr))

    @property
    def pwm(self) -> Wave | None:
        """The wave on ``pwm0``, None where the two counters are not set up for one (PG079, "Pulse Width Modulation (PWM) Mode")."""
        if self._cascaded or self._count < 2:
            return None
        return wave_of(tuple(self._csr), tuple(self._load), (1 << self._width) - 1, self._frequency)

    def on_signal(self, pin: str, value: int) -> None:
        if pin == "freeze":
            tick = self._tick()
            self._settle(tick)
            self._frozen = bool(value)
            self._configure(tick)
            self._schedule()
        elif pin in ("capturetrig0", "capturetrig1") and int(pin[-1]) < self._count:
            number = int(pin[-1])
            before, self._pins[number] = self._pins[number], value & 1
            if before != self._pins[number] == self._trigger[number]:
                self._capture(number)
        self._update_interrupt()

    def _capture(self, number: int) -> None:
        """The count goes to the load register; without ARHT a capture that nobody has read stays."""
        csr = self._csr[0 if self._cascaded else number]
        if csr & (MDT | CAPT | ENT) != MDT | CAPT | ENT or (self._captured[number] and not csr & ARHT):
            return
        tick = self._tick()
        numbers = range(self._count) if self._cascaded else (number,)
        for each in numbers:
            self._load[each] = self._value(each, tick)
        self._captured[number] = True
        self._csr[0 if self._cascaded else number] |= TINT
