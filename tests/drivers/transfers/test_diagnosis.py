"""What the wires of a design say of a transfer that does not end."""

from types import SimpleNamespace
from typing import Any

from pynq_drivers.transfers.diagnosis import error_words, far_end, leads_to, not_started, stream_words


def link(master: str, out: str, slave: str, into: str) -> Any:
    return SimpleNamespace(protocol="axis", master=master, master_interface=out, slave=slave, slave_interface=into)


def design(*links: Any, **modules: Any) -> Any:
    return SimpleNamespace(connections=links, modules=modules)


PASSES = SimpleNamespace(buses={})
MOVES = SimpleNamespace(buses={"M_AXI": SimpleNamespace(protocol="aximm", mode="master")})


def test_the_next_core_and_the_last() -> None:
    wires = design(link("dma", "OUT", "fifo", "S"), link("fifo", "M", "dma", "IN"), fifo=PASSES, dma=MOVES)
    assert far_end(wires, "dma", "out") == ("fifo", "S")
    assert far_end(wires, "dma", "IN") == ("fifo", "M")
    assert far_end(wires, "dma", "OTHER") is None
    assert leads_to(wires, "dma", "OUT") == "dma"


def test_a_core_that_moves_data_and_a_circle_are_ends() -> None:
    wires = design(link("dma", "OUT", "other", "S"), link("other", "M", "dma", "IN"), other=MOVES)
    assert leads_to(wires, "dma", "OUT") == "other"
    circle = design(link("dma", "OUT", "a", "S"), link("a", "M", "b", "S"), link("b", "M", "a", "S"), a=PASSES, b=PASSES)
    assert leads_to(circle, "dma", "OUT") in ("a", "b")
    assert leads_to(None, "dma", "OUT") is None


def test_what_only_a_simulated_device_knows() -> None:
    device = SimpleNamespace(stream=lambda path, interface: SimpleNamespace(standing=f"full: {path}."))
    assert stream_words(device, "dma", "OUT") == " Its stream: full: dma."
    assert stream_words(object(), "dma", "OUT") == ""

    def unknown(path: str, interface: str) -> Any:
        raise KeyError(path)

    assert stream_words(SimpleNamespace(stream=unknown), "dma", "OUT") == ""


def test_errors_joined() -> None:
    assert error_words(0b101, {1: "one", 2: "two", 4: "four"}) == "one and four"
    assert error_words(8, {1: "one"}) == ""


def test_an_hls_core_has_to_be_started() -> None:
    def core(*fields: str) -> Any:
        register = SimpleNamespace(fields=[SimpleNamespace(name=name) for name in fields])
        return SimpleNamespace(blocks=[SimpleNamespace(registers=[register])])

    modules = {"hier/scale": core("AP_START", "AP_DONE"), "fifo": core(), "free": core("RUN")}
    wires = SimpleNamespace(modules=modules)
    assert not_started(wires, "hier/scale") == (
        " hier/scale moves data only while it runs: was it started (hier.scale.ap_start = 1), with all of its arguments?"
    )
    assert [not_started(wires, path) for path in ("fifo", "free", "unknown")] == ["", "", ""]
    assert not_started(None, "x") == ""
    for started in (False, True):
        device = SimpleNamespace(models={"hier/scale": SimpleNamespace(started=started)})
        assert bool(not_started(wires, "hier/scale", device)) is not started
