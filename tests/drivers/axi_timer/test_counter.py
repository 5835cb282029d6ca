"""The counter that is computed from time, against one that really counts."""

from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.axi_timer.counter import Counter


class Ticking:
    """The same counter, tick by tick (PG079, "Generate Mode")."""

    def __init__(self, top: int, load: int, value: int, down: bool, reload: bool, wraps: bool, pause: int) -> None:
        self.top, self.load, self.value, self.down, self.reload, self.wraps, self.pause = top, load, value, down, reload, wraps, pause
        self.showing = 0  # ticks for which the termination value has been shown
        self.held = False
        self.rollovers = 0

    def tick(self) -> None:
        if self.held:
            return
        if self.showing:
            self.showing -= 1
            if not self.showing:
                self.value = self.load
            return
        last = 0 if self.down else self.top
        if self.value != last:
            self.value += -1 if self.down else 1
            return
        self.value = self.top if self.down else 0
        self.rollovers += 1
        if not self.wraps:
            if self.reload:
                self.showing = self.pause
            else:
                self.held = True


@given(
    top=st.sampled_from([7, 15]),
    load=st.integers(0, 15),
    value=st.integers(0, 15),
    down=st.booleans(),
    mode=st.sampled_from(["hold", "reload", "wrap"]),
    pause=st.sampled_from([1, 3]),
    ticks=st.integers(0, 120),
)
def test_value_and_rollovers(top: int, load: int, value: int, down: bool, mode: str, pause: int, ticks: int) -> None:
    load, value = load & top, value & top
    computed = Counter(top, load, value, 0, down, mode == "reload", mode == "wrap", pause=pause)
    counted = Ticking(top, load, value, down, mode == "reload", mode == "wrap", pause)
    for _ in range(ticks):
        counted.tick()
    assert computed.at(ticks) == (counted.value, counted.rollovers)


@given(
    load=st.integers(0, 15),
    down=st.booleans(),
    mode=st.sampled_from(["hold", "reload", "wrap"]),
    stops=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_settling_on_the_way_changes_nothing(load: int, down: bool, mode: str, stops: list[int]) -> None:
    once = Counter(15, load, load, 0, down, mode == "reload", mode == "wrap")
    often = Counter(15, load, load, 0, down, mode == "reload", mode == "wrap")
    tick = rollovers = 0
    for step in stops:
        tick += step
        rollovers += often.settle(tick)
        assert often.at(tick)[0] == once.at(tick)[0]
    assert rollovers == once.at(tick)[1]


@given(load=st.integers(0, 15), down=st.booleans(), mode=st.sampled_from(["hold", "reload", "wrap"]), tick=st.integers(0, 100))
def test_next_rollover_is_when_the_count_grows(load: int, down: bool, mode: str, tick: int) -> None:
    counter = Counter(15, load, load, 0, down, mode == "reload", mode == "wrap")
    due = counter.next_rollover(tick)
    before = counter.at(tick)[1]
    if due is None:
        assert counter.at(tick + 1000)[1] == before
    else:
        assert due > tick
        assert (counter.at(due - 1)[1], counter.at(due)[1]) == (before, before + 1)
