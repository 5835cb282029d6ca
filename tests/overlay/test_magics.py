from __future__ import annotations

import pytest

from pynq_widgets import DefaultIP, Overlay
from pynq_widgets.overlay import magics

IPython = pytest.importorskip("IPython")


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell of IPython, with what it displays in ``shell.displayed`` and the tracebacks it shows in ``shell.tracebacks``."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr("IPython.core.history.HistoryManager.enabled", False)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.displayed, made.tracebacks = [], []
    monkeypatch.setattr("IPython.display.display", made.displayed.append)

    def show(*args, **kwargs):
        import sys

        made.tracebacks.append(sys.exc_info()[1])

    made.showtraceback = made.showsyntaxerror = show
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture
def overlay(shell, small, device):
    made = Overlay(small, device=device)
    shell.user_ns.update(ol=made, Overlay=Overlay, device=device)
    # Devices of other tests may hold overlays still.
    return made


@pytest.fixture(autouse=True)
def only_this_device(monkeypatch, device):
    living = magics.lives.living
    monkeypatch.setattr(magics.lives, "living", lambda: [life for life in living() if life._device() is device])


def run(shell, line, cell):
    return shell.run_cell(f"%%watch_registers {line}\n{cell}")


def changes(shell):
    return [shown.to_dict() for shown in shell.displayed]


def test_the_first_overlay_of_a_session_registers_it(shell, small, device):
    assert "watch_registers" not in shell.magics_manager.magics["cell"]
    Overlay(small, device=device)
    assert "watch_registers" in shell.magics_manager.magics["cell"]


def test_one_that_a_person_has_defined_is_let_be(shell, small, device):
    def mine(line, cell):
        return None

    shell.register_magic_function(mine, "cell", "watch_registers")
    Overlay(small, device=device)
    assert shell.magics_manager.magics["cell"]["watch_registers"] is mine


def test_load_ext(shell):
    shell.run_line_magic("load_ext", "pynq_widgets")
    assert "watch_registers" in shell.magics_manager.magics["cell"]
    shell.run_line_magic("unload_ext", "pynq_widgets")
    assert "watch_registers" not in shell.magics_manager.magics["cell"]


def test_after_a_cell_it_shows_what_the_cell_changed(shell, overlay):
    result = run(shell, "", "ol.core.write(0, 5)\nol.hier.other.write(0, 7)")
    assert result.success
    assert changes(shell) == [
        {
            "core": {"CTRL": {"before": 0, "after": 5, "fields": {}}},
            "hier/other": {"CTRL": {"before": 0, "after": 7, "fields": {}}},
        }
    ]
    assert shell.tracebacks == []


def test_nothing_but_two_looks_is_read(shell, overlay, device):
    run(shell, "", "pass")
    assert [entry[0] for entry in device.log if entry[0] in ("read", "write")] == ["read"] * 6
    assert repr(shell.displayed[0]) == "Difference: nothing changed"


def test_no_driver_is_made_for_it(shell, small, device):
    class Careful(DefaultIP):
        bindto = ["me.org:test:core:1.0"]

        def __init__(self, description):
            raise AssertionError("nobody asked for a driver")

    shell.user_ns["ol"] = Overlay(small, device=device)
    assert run(shell, "ol.core", "pass").success
    assert run(shell, "", "pass").success


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("ol", ["core", "hier/core", "hier/other"]),
        ("ol.hier", ["hier/core", "hier/other"]),
        ("ol.hier.core", ["hier/core"]),
        ("hier/core  # the one in the hierarchy", ["hier/core"]),
        ("hier.core core", ["core", "hier/core"]),
        ("there", ["hier/other"]),
        ("level", ["hier/core", "hier/other"]),
        ("level/other", ["hier/other"]),
    ],
)
def test_what_is_named(shell, overlay, line, paths):
    shell.user_ns.update(there=overlay.hier.other, level=overlay.hier)
    assert run(shell, line, "pass").success, shell.tracebacks
    assert [list(shown.after) for shown in shell.displayed] == [paths]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ol.hier.cor", "overlay small has no IP, hierarchy or memory 'hier/cor' (did you mean 'hier/core'"),
        ("cor", "no overlay, hierarchy or IP is called 'cor' (did you mean 'core'"),
        ("'core", "No closing quotation"),
    ],
)
def test_a_slip_is_told_before_the_cell_runs(shell, overlay, line, told):
    result = run(shell, line, "ran = True")
    assert told in str(result.error_in_exec)
    assert "ran" not in shell.user_ns
    assert shell.displayed == []


def test_a_cell_that_raises_is_shown_with_what_it_changed(shell, overlay):
    result = run(shell, "core", "ol.core.write(0, 5)\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert [type(error) for error in shell.tracebacks] == [ZeroDivisionError]
    assert changes(shell) == [{"core": {"CTRL": {"before": 0, "after": 5, "fields": {}}}}]


def test_an_interrupt_and_an_exit_are_passed_on(shell, overlay):
    with pytest.warns(UserWarning, match="To exit"):
        assert isinstance(run(shell, "core", "raise SystemExit").error_in_exec, SystemExit)
    assert isinstance(run(shell, "core", "raise KeyboardInterrupt").error_in_exec, KeyboardInterrupt)
    assert len(shell.displayed) == 2


def test_a_cell_that_is_no_python(shell, overlay):
    result = run(shell, "core", "this is no python")
    assert isinstance(result.error_in_exec, SyntaxError)
    assert len(shell.tracebacks) == 1
    assert len(shell.displayed) == 1


def test_the_result_of_the_cell_is_shown_as_ever(shell, overlay, capsys):
    run(shell, "core", "6 * 7")
    assert "42" in capsys.readouterr().out
    assert vars(shell)["showtraceback"].__name__ == "show"


def test_a_traceback_has_the_cell_and_not_the_magic(shell, overlay, capsys):
    del shell.showtraceback
    run(shell, "core", "1 / 0")
    told = capsys.readouterr().out
    assert "ZeroDivisionError" in told
    assert "magics.py" not in told
    assert told.count("Traceback (most recent call last)") == 1


def test_an_overlay_that_the_cell_loads_is_compared_with_its_reset_values(shell, small, device):
    shell.run_line_magic("load_ext", "pynq_widgets")
    shell.user_ns.update(Overlay=Overlay, device=device, path=small)
    result = run(shell, "", "fresh = Overlay(path, device=device)\nfresh.core.write(0, 9)")
    assert result.success
    assert changes(shell) == [{"core": {"CTRL": {"before": 0, "after": 9, "fields": {}}}}]
    assert run(shell, "fresh.core", "fresh = Overlay(path, device=device)").success
    assert str(shell.displayed[-1]) == "%%watch_registers: small.hwh was loaded again as another Overlay object"


def test_a_name_that_the_cell_makes(shell, small, device):
    shell.run_line_magic("load_ext", "pynq_widgets")
    shell.user_ns.update(Overlay=Overlay, device=device, path=small)
    assert run(shell, "made.core", "made = Overlay(path, device=device); made.core.write(0, 3)").success
    assert changes(shell) == [{"core": {"CTRL": {"before": 0, "after": 3, "fields": {}}}}]
    assert run(shell, "never.core", "pass  # never").success
    assert "no overlay, hierarchy or IP is called 'never.core'" in repr(shell.displayed[-1])


def test_an_overlay_that_the_cell_frees(shell, overlay):
    assert run(shell, "", "ol.free()").success
    assert [repr(shown) for shown in shell.displayed] == ["%%watch_registers: small.hwh was freed with free()"]


def test_one_that_has_gone_before_says_so(shell, overlay):
    overlay.free()
    result = run(shell, "ol", "pass")
    assert "'ol' cannot be looked at: small.hwh was freed with free()" in str(result.error_in_exec)


def test_no_overlay_at_all(shell, device):
    shell.run_line_magic("load_ext", "pynq_widgets")
    assert run(shell, "", "pass").success
    assert [repr(shown) for shown in shell.displayed] == ["%%watch_registers: no overlay is loaded, so there is nothing to look at"]


def test_a_look_that_fails_after_a_cell_that_raised_does_not_hide_it(shell, overlay, monkeypatch):
    def broken(*args):
        raise OSError("the cable is out")

    shell.user_ns["breaks"] = lambda: monkeypatch.setattr(magics, "_changes", broken)
    result = run(shell, "", "breaks()\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "could not look after the cell: OSError: the cable is out" in repr(shell.displayed[-1])
    result = run(shell, "", "pass")
    assert isinstance(result.error_in_exec, OSError)


def test_await_is_refused_where_it_cannot_work(shell, overlay):
    import asyncio

    async def in_a_loop():
        return run_magic()

    def run_magic():
        with pytest.raises(Exception, match="cannot run await at the top level of a cell") as caught:
            magics.run(shell, "", "await something()")
        return type(caught.value).__name__

    assert asyncio.run(in_a_loop()) == "UsageError"
    assert shell.displayed == []


def test_in_a_kernel_it_displays_a_table_and_the_cells_own_traceback(demo_design):
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3", startup_timeout=60)
    try:

        def execute(code):
            messages = []
            answer = client.execute_interactive(code, timeout=60, output_hook=messages.append)
            return answer["content"], [(message["msg_type"], message["content"]) for message in messages]

        loading = f"from pynq_widgets import Overlay, SimulatedDevice\nol = Overlay({str(demo_design)!r}, device=SimulatedDevice('magic'))"
        assert execute(loading)[0]["status"] == "ok"
        content, shown = execute("%%watch_registers ol.timer\nol.timer.registers['TLR0'].write(77)\n6 * 7")
        assert content["status"] == "ok"
        said = {kind: what["data"] for kind, what in shown if "data" in what}
        assert said["execute_result"]["text/plain"] == "42"
        assert "timer.TLR0  0x00000000 → 0x0000004d" in said["display_data"]["text/plain"]
        assert "0x0000004d" in said["display_data"]["text/html"]
        content, shown = execute("%%watch_registers\nol.timer.registers['TLR0'].write(78)\n1 / 0")
        assert (content["status"], content["ename"]) == ("error", "ZeroDivisionError")
        assert [kind for kind, _ in shown if kind in ("display_data", "error")] == ["display_data", "error"]
        content, _ = execute("%%watch_registers\nawait something()")
        assert "cannot run await at the top level of a cell" in content["evalue"]
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
