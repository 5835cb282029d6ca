"""``import pynq``: the same modules, under PYNQ's names, until it is taken back."""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import pynq_widgets
from pynq_widgets import as_pynq
from pynq_widgets.as_pynq import modules


def python(code: str) -> str:
    """What a fresh Python prints that runs `code`."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pynq_is_this_package(pynq: Any) -> None:
    assert pynq is pynq_widgets
    assert pynq.__version__.startswith("4.0.")
    assert pynq.MMIO is pynq_widgets.MMIO


@pytest.mark.parametrize("name", sorted(modules.modules()))
def test_each_module_is_one_of_ours(alias: None, name: str) -> None:
    module = importlib.import_module(f"pynq.{name}")
    assert module is sys.modules[modules.modules()[name]]
    assert module is sys.modules[f"pynq.{name}"]
    assert module.__spec__ is not None
    assert module.__spec__.name == modules.modules()[name]


def test_modules_are_there_without_an_import_of_their_own(pynq: Any) -> None:
    assert pynq.registers.RegisterMap is pynq_widgets.RegisterMap
    assert pynq.mmio is sys.modules["pynq_widgets.access.mmio"]


def test_a_global_that_is_replaced_is_replaced_for_our_code(pynq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynq.mmio, "MMIO", "replaced")
    from pynq_widgets.access import mmio

    assert mmio.MMIO == "replaced"


def test_reload_runs_our_module_again(pynq: Any) -> None:
    mmio = importlib.import_module("pynq.mmio")
    before = mmio.MMIO
    try:
        assert importlib.reload(mmio) is mmio
        assert mmio.MMIO is not before
        assert sys.modules["pynq.mmio"] is mmio is sys.modules["pynq_widgets.access.mmio"]
    finally:
        mmio.MMIO = before


def test_what_was_added_to_a_module_is_there_again_after_a_reload(alias: None) -> None:
    gpio = importlib.import_module("pynq.gpio")
    before = dict(vars(gpio))
    try:
        added = set(vars(gpio.GPIO))
        with pytest.warns(ResourceWarning):
            importlib.reload(gpio)
        assert set(vars(gpio.GPIO)) == added
    finally:
        vars(gpio).update(before)


def test_uninstall_takes_everything_back() -> None:
    told = python(
        "import importlib, sys\n"
        "import pynq_widgets\n"
        "from pynq_widgets.as_pynq import alias, modules\n"
        "alias.uninstall()\n"
        "def names(module):\n"
        "    own = getattr(module, '__all__', ())  # names that are resolved when they are first touched\n"
        "    return {name for name in vars(module) if name not in own and f'{module.__name__}.{name}' not in sys.modules}\n"
        "ours = [importlib.import_module(name) for name in ('pynq_widgets', *modules.modules().values())]\n"
        "before = [names(module) for module in ours]\n"
        "alias.install()\n"
        "for name in modules.modules():\n"
        "    importlib.import_module(f'pynq.{name}')\n"
        "assert [names(module) for module in ours] != before\n"
        "alias.uninstall()\n"
        "print([module.__name__ for module, names_before in zip(ours, before) if names(module) - names_before])\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'pynq'], alias.installed())\n"
        "alias.uninstall()  # again: nothing\n"
    )
    assert told == "[]\n[] False\n"


def test_afterwards_pynq_is_what_it_was_before() -> None:
    told = python(
        "import pynq_widgets.as_pynq as a, sys\nimport pynq.mmio\na.uninstall()\n"
        "try:\n    import pynq\n    print('there')\nexcept ModuleNotFoundError as error:\n    print(error)\n"
        "a.install(); import pynq.ps; print(pynq.__name__)"
    )
    assert told == "No module named 'pynq'\npynq_widgets\n"


def test_the_real_one_is_not_replaced() -> None:
    told = python(
        "import sys, types\nsys.modules['pynq'] = other = types.ModuleType('pynq')\n"
        "other.__version__, other.__file__ = '3.1', '/x/pynq.py'\n"
        "try:\n    import pynq_widgets.as_pynq\nexcept ImportError as error:\n    print(error)\nassert sys.modules['pynq'] is other"
    )
    assert told == (
        "another pynq is already imported (3.1, from /x/pynq.py), and it cannot be replaced under the code that uses it: "
        "start a new Python (in a notebook: restart the kernel) and import pynq_widgets.as_pynq before anything that imports pynq\n"
    )


def test_installing_twice_is_installing_once(alias: None) -> None:
    finders = list(sys.meta_path)
    as_pynq.install()
    assert sys.meta_path == finders


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    told = python(
        "import sys, pynq_widgets.as_pynq\n"
        "print(sorted(name for name in sys.modules if name.startswith('pynq') and 'as_pynq' not in name))\n"
        "import pynq\n"
        "print([name for name in ('numpy', 'asyncio', 'ipywidgets', 'pynq.mmio') if name in sys.modules])"
    )
    assert told == "['pynq_widgets', 'pynq_widgets.lazy', 'pynq_widgets.plugins']\n[]\n"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("import pynq.mmoi", "pynq_widgets has no pynq.mmoi; did you mean pynq.mmio?"),
        ("from pynq import Overlya", "pynq has no 'Overlya' in pynq_widgets; did you mean 'Overlay'?"),
        ("from pynq.mmio import MMOI", "pynq.mmio has no 'MMOI' in pynq_widgets; did you mean 'MMIO'?"),
        ("from pynq.overlay import DefaultIp", "pynq.overlay has no 'DefaultIp' in pynq_widgets; did you mean 'DefaultIP'?"),
        (
            "from pynq.board import LED",
            "pynq.board is not part of pynq_widgets: PYNQ has moved it (2.0); nearest is pynq.lib (LED, RGBLED, Button, Switch)",
        ),
        (
            "import pynq.remote.xrfdc",
            "pynq.remote is not part of pynq_widgets: boards across the network are not spoken to; nearest is pynq.pl_server.device.Device",
        ),
    ],
)
def test_what_is_not_there_names_the_nearest_thing(alias: None, statement: str, message: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        exec(statement, {})
    assert str(caught.value) == message


def test_people_who_try_get_an_import_error(alias: None) -> None:
    with pytest.raises(ImportError):
        from pynq.pl_server import RemoteDevice  # noqa: F401


def test_our_own_missing_names_keep_python_s_words() -> None:
    with pytest.raises(ImportError, match=r"^cannot import name 'Overlya' from 'pynq_widgets'"):
        from pynq_widgets import Overlya  # type: ignore[attr-defined]  # noqa: F401


def test_ipython_loads_and_unloads_it() -> None:
    as_pynq.load_ipython_extension(None)
    assert as_pynq.installed()
    as_pynq.unload_ipython_extension(None)
    assert not as_pynq.installed()


def test_a_module_is_taken_from_its_package(alias: None) -> None:
    before = set(sys.modules)
    from pynq.pl_server import device, hwh_parser  # type: ignore[import-not-found]

    assert device is sys.modules["pynq_widgets.device.contract"] is sys.modules["pynq.pl_server.device"]
    assert hwh_parser is sys.modules["pynq_widgets.as_pynq.hwh_parser"]
    as_pynq.uninstall()
    assert not {name for name in set(sys.modules) - before if name in ("pynq_widgets.device.device", "pynq_widgets.device.hwh_parser")}
    assert not hasattr(sys.modules["pynq_widgets.device"], "hwh_parser")
    as_pynq.install()


def test_threads_that_import_at_once_all_get_the_same_modules() -> None:
    told = python(
        "import importlib, random, sys, threading\n"
        "import pynq_widgets.as_pynq\n"
        "from pynq_widgets.as_pynq import modules\n"
        "errors = []\n"
        "def work(number):\n"
        "    names = list(modules.modules().items())\n"
        "    random.Random(number).shuffle(names)\n"
        "    start.wait()\n"
        "    for name, ours in names:\n"
        "        package, _, last = name.rpartition('.')\n"
        "        try:\n"
        "            if number % 3 == 0:\n"
        '                exec(f\'from pynq{"." if package else ""}{package} import {last}\', {})\n'
        "            else:\n"
        "                importlib.import_module(f'pynq.{name}' if number % 3 == 1 else ours)\n"
        "        except BaseException as error:\n"
        "            errors.append((name, error))\n"
        "threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(9)]\n"
        "start = threading.Barrier(len(threads))\n"
        "sys.setswitchinterval(1e-5)\n"
        "for thread in threads:\n"
        "    thread.start()\n"
        "for thread in threads:\n"
        "    thread.join(40)\n"
        "print([thread.is_alive() for thread in threads].count(True), errors)\n"
        "found = {ours: sys.modules[f'pynq.{name}'] for name, ours in modules.modules().items()}\n"
        "print([ours for ours, module in found.items() if module is not sys.modules[ours] or module.__spec__.name != ours])"
    )
    assert told == "0 []\n[]\n"


@pytest.mark.parametrize(
    ("name", "there"),
    [("pynq", True), ("pynq.mmio", True), ("pynq.lib.dma", True), ("pynq.mmoi", False), ("pynq.lib.audio", False), ("pynq.remote", False)],
)
def test_who_asks_whether_there_is_a_module_is_answered(alias: None, name: str, there: bool) -> None:
    assert (importlib.util.find_spec(name) is not None) is there


def test_modules_below_packages_are_there_without_an_import_of_their_own(pynq: Any) -> None:
    assert pynq.pl_server.device is sys.modules["pynq_widgets.device.contract"]
    assert pynq.pl_server.hwh_parser.HWH.__name__ == "HWH"


@pytest.mark.parametrize(
    ("module", "attribute", "message"),
    [
        ("pynq", "Overlya", "pynq has no 'Overlya' in pynq_widgets; did you mean 'Overlay'?"),
        ("pynq", "alocate", "pynq has no 'alocate' in pynq_widgets; did you mean 'allocate'?"),
        ("pynq", "regsiters", "pynq has no 'regsiters' in pynq_widgets; did you mean 'registers'?"),
        ("pynq.ps", "Clock", "pynq.ps has no 'Clock' in pynq_widgets; did you mean 'Clocks'?"),
        ("pynq.gpio", "os", "pynq.gpio has no 'os' in pynq_widgets; it has GPIO"),
        (
            "pynq",
            "remote",
            "pynq.remote is not part of pynq_widgets: boards across the network are not spoken to; nearest is pynq.pl_server.device.Device",
        ),
        ("pynq.mmio", "__no__", "module 'pynq_widgets.access.mmio' has no attribute '__no__'"),
    ],
)
def test_an_attribute_that_is_not_there_names_the_nearest_thing(alias: None, module: str, attribute: str, message: str) -> None:
    found = importlib.import_module(module)
    assert not hasattr(found, attribute)
    with pytest.raises(AttributeError) as caught:
        getattr(found, attribute)
    assert str(caught.value) == message


def test_what_is_listed_for_completion_has_the_modules_below(pynq: Any) -> None:
    assert {"Overlay", "mmio", "lib", "pl_server"} <= set(dir(pynq))
    assert {"device", "hwh_parser", "Device"} <= set(dir(pynq.pl_server))
    assert {"Clocks", "CPU_ARCH"} <= set(dir(pynq.ps))
    as_pynq.uninstall()
    assert "mmio" not in dir(pynq)


def test_a_module_that_somebody_put_there_is_found(pynq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put = ModuleType("pynq.of_mine")
    monkeypatch.setitem(sys.modules, "pynq.of_mine", put)
    from pynq import of_mine  # type: ignore[attr-defined]

    assert of_mine is put


def test_reloading_everything_leaves_what_runs_running() -> None:
    told = python(
        "import importlib, sys, warnings\n"
        "import pynq_widgets.as_pynq, pynq\n"
        "from pynq_widgets.as_pynq import modules\n"
        "from pynq_widgets.overlay.binding import ip_drivers\n"
        "warnings.simplefilter('ignore', ResourceWarning)\n"
        "mmio, buffer, device = pynq.MMIO(0x1000, 4), pynq.allocate(4), pynq.Device.active_device\n"
        "buffer[:] = 7\n"
        "found = [importlib.import_module(f'pynq.{name}') for name in modules.modules()]\n"
        "drivers = sorted(driver.__name__ for driver in ip_drivers.snapshot())\n"
        "for module in (*found, pynq, *found):\n"
        "    importlib.reload(module)\n"
        "print(drivers == sorted(driver.__name__ for driver in ip_drivers.snapshot()), len(pynq.Device.devices))\n"
        "print(pynq.Device.active_device is device, mmio.base_addr, buffer.sum(), pynq.allocate(2).physical_address > 0)\n"
        "print(pynq.lib.AxiGPIO.__name__, pynq.ps.Clocks.__name__, pynq.Overlay.__name__)\n"
    )
    assert told == "True 1\nTrue 4096 28 True\nAxiGPIO Clocks Overlay\n"


def test_reloading_the_devices_keeps_them() -> None:
    told = python(
        "import importlib, pynq_widgets.as_pynq, pynq\n"
        "before, device = pynq.Device.devices, pynq.Device.devices[-1]\n"
        "pynq.Device.active_device = device\n"
        "importlib.reload(pynq.pl_server.device)\n"
        "from pynq.pl_server.device import Device\n"
        "print(Device.devices == before == pynq.Device.devices, Device.active_device is device is pynq.Device.active_device)\n"
        "Device.active_device = None\n"
        "print(pynq.Device.chosen_device)"
    )
    assert told == "True True\nNone\n"


def test_a_module_is_no_program(pynq: Any) -> None:
    with pytest.raises(ImportError, match=r"^pynq\.ps is a module of pynq_widgets \(pynq_widgets\.access\.ps\), not a program: import it$"):
        runpy.run_module("pynq.ps")
