"""Overlay: what a person holds. It finds the files, has the design read and the device made ready, and gives names to what is there."""

from __future__ import annotations

import copy
import inspect
import os
import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from traitlets import HasTraits

from pynq_widgets.access.port import bus_lock
from pynq_widgets.design import read_design
from pynq_widgets.design.listed import Listed
from pynq_widgets.device.contract import Device
from pynq_widgets.device.loaded import DICTIONARIES
from pynq_widgets.showing import Shown

from . import life as lives
from .binding import Drivers
from .bitstream import Bitstream, find_dtbo, now
from .branch import Branch
from .describe import document_branch
from .descriptions import Blueprint
from .hierarchy import DEFAULTS, DefaultHierarchy
from .life import Life, StaleAttributeError, short
from .packages import import_for_pynq
from .registering import Documented
from .teaching import teach
from .tree import DesignTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pynq_widgets.design import Design
    from pynq_widgets.live import Restored, Saved, Snapshot, State, Tape, Watch

_STATE = frozenset(
    {"device", "bitfile_name", "dtbo", "ignore_version", "pr_dict", "timestamp", "partial", "bit_data", "binfile_name", "firmware_path"}
)


class OverlayType(Documented):
    """Makes ``Overlay(...)`` the loader: it returns the object of the class that stands beside the bitstream, if there is one."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        if cls is Overlay:
            return load(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    @property
    def __signature__(cls) -> inspect.Signature:  # noqa: N805
        # Without this, help() and completion would show the arguments of __call__ above.
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:])


def load(
    bitfile_name: str | os.PathLike[str],
    dtbo: str | os.PathLike[str] | None = None,
    download: bool = True,
    ignore_version: bool = False,
    device: Any = None,
    gen_cache: bool = False,
) -> Any:
    """What ``Overlay(...)`` does; see there."""
    # Imported with the first file that is looked for (pathlib, ast, importlib): who only takes names from the package has no need of it.
    from .loader import Request, call_sidecar, find_bitfile, find_sidecar, import_sidecar, request_for, requesting

    target = device
    if target is None:
        target = Device.active_device
    elif isinstance(target, type) or not hasattr(target, "download"):
        raise TypeError(
            f"Overlay(device=...) takes a device, such as one of Device.devices or SimulatedDevice(), not the {type(target).__name__} "
            f"{target!r}"
        )
    path = find_bitfile(bitfile_name, target)
    if request_for(path) is None and (beside := find_sidecar(path)) is not None:
        request = Request(path, dtbo, ignore_version, target)
        with requesting(request):
            factory = import_sidecar(beside)
            if factory is not None:
                return call_sidecar(factory, path, download, request)
    return DefaultOverlay(path, download, dtbo, ignore_version, device, gen_cache)


# Python names the function in what it says of wrong arguments; the user has called Overlay.
load.__qualname__ = "Overlay"


class Overlay(Branch, HasTraits, Shown, Bitstream, metaclass=OverlayType):
    """A design on a device. ``Overlay('base.bit')`` loads it.

    Its IP, hierarchies and memories are attributes and items, ``ol.hier.ip`` and ``ol['hier/ip']``, each made with its driver when it
    is first touched; nothing is read from hardware before that. Where a Python file of the same name beside the bitstream defines
    ``Overlay``, the object of that class is what is returned.

    Attributes
    ----------
    bitfile_name : str
        Absolute path of the file that was loaded.
    device : Device
        Where it is loaded.
    design : Design
        What was built.
    drivers : Mapping
        Path of each IP and hierarchy to its driver and why it has that one.
    ip_dict, hierarchy_dict, mem_dict, gpio_dict, interrupt_pins, interrupt_controllers, clock_dict : dict
        PYNQ's views of the design.
    pr_dict : dict
        Partial bitstreams loaded, by region.
    timestamp : str
        When it was downloaded, empty if it was not.
    """

    _life: Life | None = None
    _reserved = _STATE
    _interrupts: dict[str, Any] = {}
    _gpio: dict[str, Any] = {}

    def __init__(
        self,
        bitfile_name: str | os.PathLike[str],
        dtbo: str | os.PathLike[str] | None = None,
        download: bool = True,
        ignore_version: bool = False,
        device: Any = None,
        gen_cache: bool = False,
    ) -> None:
        """Load an overlay.

        Parameters
        ----------
        bitfile_name
            Bitstream (``.bit``, ``.bin``, ``.pdi``), ``.xsa``, or, where the device needs no bitstream, a ``.hwh``: a path, or a name in
            the current folder or in an installed package of overlays.
        dtbo
            Device tree overlay to insert after the download; default the ``.dtbo`` of the same name, if there is one.
        download
            Whether to put it on the device. If not, the device is taken to hold it already, unless another overlay is known to be there.
        ignore_version
            Whether drivers of other versions of an IP are bound.
        device
            Where; default ``Device.active_device``.
        gen_cache
            Where it is not downloaded: have the device keep its description, see :meth:`gen_cache`.

        Raises ``FileNotFoundError`` with what was looked for, ``DesignError`` for a design that cannot be read; what was loaded before
        stays as it was then.
        """
        from .loader import find_bitfile, request_for  # see load()

        target = device
        path = find_bitfile(bitfile_name, Device.active_device if target is None else target)
        request = request_for(path)
        if request is not None:
            target = request.device if target is None else target
            dtbo = request.dtbo if dtbo is None else dtbo
            ignore_version = ignore_version or request.ignore_version
            download = download and request.download
        if target is None:
            target = Device.active_device
        source = _metadata(target, path)
        self._take(path, dtbo, False, target)
        self.ignore_version = ignore_version
        self.pr_dict: dict[str, Any] = {}
        self._source = source
        import_for_pynq()
        self.__dict__["_objects"] = DesignTree(Blueprint(source), self, target, ignore_version, DEFAULTS)
        if download:
            self.download()
        else:
            self._attach()
            if gen_cache:
                self.gen_cache()
        if "IPython" in sys.modules:
            from .magics import register_if_interactive

            register_if_interactive()

    # Loading.

    def download(self, dtbo: str | os.PathLike[str] | None = None) -> None:
        """Put the overlay on its device, with the device tree overlay `dtbo` (default: the one it was made with).

        Other overlays of that device are stale from then on. IP and hierarchies are made anew when they are next touched, since their
        hardware has been reset. Registers that are still held go on working; interrupts and GPIO are to be taken anew.
        """
        if dtbo is not None:
            self.dtbo = find_dtbo(dtbo, self.bitfile_name)
        previous = self._life
        with lives.expected(self.device):
            before = lives.generation_of(self.device)
            # Nobody comes on the bus while its other end is exchanged.
            with bus_lock(self.device):
                self._set_clocks()
                self.device.download(self, self._source)
                lives.cut(self.device, self.bitfile_name, previous)
            if previous is not None and getattr(self.design, "regions", None):
                from .regions import restore

                restore(previous, self)
            self._tell_device(before, self._source, getattr(self.design, "static", self.design))
            life = lives.begin(self.device, self.bitfile_name, previous)
        self._begin(life)
        if not self.timestamp or previous is not None:
            self.timestamp = now()
        self.device.timestamp = self.timestamp
        if self.dtbo is not None and hasattr(self.device, "insert_device_tree"):
            self.insert_dtbo()

    def _set_clocks(self) -> None:
        """Let a board's clocks run as fast as the design wants them, before its logic is there."""
        if getattr(self.device, "kind", "board") not in ("simulated", "replay"):
            from pynq_widgets.access import ps

            if hasattr(self.device, "check_bitstream"):
                self.device.check_bitstream(self)  # a file that cannot be loaded changes nothing
            ps.set_design_clocks(self.device, self.clock_dict, self.design)

    def _attach(self) -> None:
        there = lives.current(self.device)
        if there is None:
            held = getattr(self.device, "bitfile_name", None)
            if held is None or str(held) == self.bitfile_name or not lives.generation_of(self.device):
                with lives.expected(self.device):
                    self._tell_device(-1, self._source, self.design)
                    life = lives.begin(self.device, self.bitfile_name)
                self._begin(life)
        elif there.bitfile_name == self.bitfile_name:
            self._begin(there)
            if getattr(getattr(self.device, "design", None), "regions", None):
                from .regions import follow

                follow(there, self.device)

    def _begin(self, life: Life) -> None:
        self._forget()
        self.__dict__["_life"] = life
        life.holders.add(self)
        self._tape()  # records from now on, where that costs little

    def is_loaded(self) -> bool:
        """Whether the device holds this overlay now."""
        return self._life is not None and lives.current(self.device) is self._life

    def free(self) -> None:
        """Give the overlay up: its device tree overlay is removed, and every handle of it says so when it is touched."""
        if self._life is None or not self._life.alive:
            return
        if self.dtbo is not None and hasattr(self.device, "remove_device_tree"):
            with suppress(KeyError):  # it was never inserted, as with download=False
                self.remove_dtbo()
        self._life.end(f"{short(self.bitfile_name)} was freed with free()")
        # Interrupts, GPIO and MMIO that drivers made themselves go by the device's count.
        self.device.generation = lives.generation_of(self.device) + 1

    def gen_cache(self, parser: Any = None) -> None:
        """See :meth:`Bitstream.gen_cache`; the parser is the overlay's own where none is given."""
        super().gen_cache(self._source if parser is None else parser)

    def reset(self) -> None:
        """Make PYNQ's dictionaries (``ip_dict`` and its kin) afresh from the design; nothing is done to the hardware."""
        if self.is_loaded():
            for name in DICTIONARIES:
                vars(self.device).pop(name, None)
        for name in ("ip_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict"):
            self.__dict__.pop(name, None)

    def pr_download(self, partial_region: str, partial_bit: str, dtbo: str | None = None, program: bool = True) -> None:
        """Give the region `partial_region` (the path of a hierarchy) the module of `partial_bit`; see :meth:`DefaultHierarchy.download`.

        ``pr_dict`` says then what was loaded. Raises ``KeyError`` for a region that is not there.
        """
        from .regions import download

        if not isinstance(partial_region, str):
            raise TypeError(f"partial_region is the path of a hierarchy, not the {type(partial_region).__name__} {partial_region!r}")
        tree = self._get_tree()
        node = tree.find("", partial_region.strip("/"))
        if node is None or not node.path:
            raise KeyError(tree.missing("", partial_region, self._who()))
        block = self._item(node.path)
        if node.kind == "hierarchy" and type(block).download is not DefaultHierarchy.download:
            block.download(bitfile_name=partial_bit, dtbo=dtbo, program=program)  # its driver's own way, as with PYNQ
        else:
            download(self, node.path, partial_bit, dtbo, program)

    def load_ip_data(self, ip_name: str, data: str | os.PathLike[str], zero: bool = False) -> None:
        """Write the binary file `data` into the IP or memory `ip_name`, padded with zeros to whole words; `zero`: and to its end.

        The file's name is its ``state`` in the dictionaries then. Raises ``RuntimeError`` where the file is larger than the address
        range; nothing has been written then.
        """
        self._check_alive(ip_name)
        path = self._item(ip_name)._where()
        self.device.load_ip_data(path, os.fspath(data), zero)
        for view in (self.ip_dict, self.mem_dict):
            if path in view:
                view[path]["state"] = os.fspath(data)

    # What it holds.

    @property
    def design(self) -> Design | None:
        """What was built; None where the device brought a parser of its own that is no :class:`Design`."""
        design: Design | None = self._get_tree().blueprint.design
        return design

    @property
    def parser(self) -> Any:
        """Where the dictionaries come from: the design, or what the device brought (PYNQ's name)."""
        return self._source

    @property
    def drivers(self) -> Drivers:
        """Path of each IP and hierarchy to ``(driver, reason)``; printed as a table."""
        return self._get_tree().drivers

    @property
    def systemgraph(self) -> Any:
        """PYNQ's metadata graph, where the device brought one; else None: `design` answers what it does."""
        return getattr(self._source, "systemgraph", None)

    @cached_property
    def ip_dict(self) -> dict[str, Any]:
        return Listed(self._with_drivers(self._view("ip_dict")))

    @cached_property
    def hierarchy_dict(self) -> dict[str, Any]:
        listed = self._view("hierarchy_dict")
        for path, entry in listed.items():
            for kind in ("ip", "hierarchies"):
                self._with_drivers(entry.get(kind, {}), f"{path}/")
        return self._with_drivers(listed)

    @cached_property
    def interrupt_pins(self) -> dict[str, Any]:
        return self._view("interrupt_pins")

    @cached_property
    def interrupt_controllers(self) -> dict[str, Any]:
        return self._view("interrupt_controllers")

    @cached_property
    def gpio_dict(self) -> dict[str, Any]:
        return self._view("gpio_dict")

    @cached_property
    def mem_dict(self) -> dict[str, Any]:
        return self._view("mem_dict")

    @cached_property
    def clock_dict(self) -> dict[str, Any]:
        return self._view("clock_dict")

    def _with_drivers(self, listed: dict[str, Any], start: str = "") -> dict[str, Any]:
        """`listed`, with the driver and the device of each entry, as PYNQ has them there."""
        tree = self._get_tree()
        for name, entry in listed.items():
            if isinstance(entry, dict) and start + name in tree.nodes:
                entry["driver"] = tree.choice(start + name).driver
                entry["device"] = self.device
        return listed

    def _view(self, name: str) -> dict[Any, Any]:
        return self._get_tree().blueprint.view(name)

    # All registers at once.

    def snapshot(self, *paths: str) -> Snapshot:
        """The values of all registers that may be read unasked, read now, in blocks; ``ol.snapshot() - before`` is what changed.

        `paths` names IPs and hierarchies; none means all. Of each IP it is the primary address block, as ``ip.registers`` has it. No
        driver is made for it. What is not read, and what the bus refused, stands with its reason in ``left_out``.

        Raises ``KeyError`` for a path that is not there, ``StaleOverlayError`` once the overlay has gone.
        """
        from .inspection import snapshot

        return snapshot(self, paths)

    def save(self, path: str | os.PathLike[str]) -> Saved:
        """Write the configuration of all registers to the YAML file `path`, to be put back by :meth:`restore`.

        Configuration are the bits that are read and written and on which neither acts; not status, and nothing that is not read
        unasked. A driver class may state more in ``configuration``. The answer tells what was left out, and why.
        """
        from .inspection import save

        return save(self, path)

    def restore(self, source: str | os.PathLike[str] | State | Snapshot, *, dry_run: bool = False) -> Restored:
        """Write the configuration that `source` (a file of :meth:`save`, or a snapshot) holds, and tell what was done.

        Everything is checked and read before the first write. The order: addresses ascending, bits that start something last; a
        driver class may state another in ``restore_order``. What holds its value already is not written; what was written is read
        back. With `dry_run` nothing is written, and the answer tells what would be.

        Raises ``StateError`` for a file that cannot be used or is of another design, ``RestoreError`` where the bus fails; its
        ``report`` tells what was written and what not.
        """
        from .inspection import restore

        return restore(self, source, dry_run)

    def watch(
        self,
        *names: str,
        rate: float = 10.0,
        handler: Callable[[dict[str, int | None]], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_rate: Callable[[float], object] | None = None,
    ) -> Watch:
        """Read registers of any IPs together, `rate` times a second (0.1 to 200 Hz), until the answer's ``close()``.

        `names` are such as ``'hier/ip.REGISTER'`` and ``'ip.REGISTER.FIELD'``. After each tick ``handler({name: value})`` is called, on
        the thread of the sampler; the value is None where it could not be read. Errors go to `on_error`, and the watch goes on.

        Raises ``KeyError`` for a name that is not there, ``ValueError`` for a register that is not to be read unasked.
        """
        from .inspection import watch

        return watch(self, names, rate, handler, on_error, on_rate)

    # As any other IP.

    def read(self, address: int) -> int:
        """The 32-bit word at the bus address `address`, which must be in the range of one of the IP or memories."""
        ip, offset = self._at(address)
        word: int = ip.read(offset)
        return word

    def write(self, address: int, value: int | bytes) -> None:
        """Write a 32-bit `value` (or bytes, whole words) at the bus address `address`."""
        ip, offset = self._at(address)
        ip.write(offset, value)

    def _at(self, address: int) -> tuple[Any, int]:
        self._check_alive(f"{address:#x}")
        nearest = None
        for path, node in self._get_tree().nodes.items():
            if node.kind not in ("ip", "memory"):
                continue
            ranges = self._get_tree().descriptions.ip(path).get("ranges") or []
            for entry in ranges:
                if entry["base"] <= address < entry["base"] + entry["size"]:
                    ip = self._get_tree().get(path)
                    if entry["base"] == ip.description.get("phys_addr"):
                        return ip.mmio, address - entry["base"]  # a driver's own read() may be another thing
                    return ip.mmios[f"{entry['interface']}/{entry['block']}"], address - entry["base"]
                distance = min(abs(address - entry["base"]), abs(address - entry["base"] - entry["size"]))
                if nearest is None or distance < nearest[0]:
                    nearest = (distance, path, entry)
        hint = f"; the nearest is {nearest[1]} at {nearest[2]['base']:#010x}, {nearest[2]['size']:#x} bytes" if nearest else ""
        raise ValueError(f"address {address:#010x} is in no range of {self._who()}{hint}")

    @property
    def tape(self) -> Tape:
        """What goes over the bus of the device: shown, saved, replayed, exported; see ``live.Tape``."""
        return self._tape()

    def _tape(self) -> Tape:
        from pynq_widgets.live.tape import Tape  # loaded with the first overlay, as the loader is

        return Tape.of(self.device)

    def panel(self) -> Any:
        """A widget of this overlay's own, to be shown beside the tree; None where a summary is enough."""
        return None

    # For Branch.

    def _is_ready(self) -> bool:
        return "_objects" in self.__dict__

    def _not_ready(self, name: str) -> AttributeError:
        if name.startswith("_"):
            return super()._not_ready(name)
        return teach(self, f"{type(self).__name__} is not loaded yet: its __init__ must call super().__init__(bitfile_name, download)")

    def _get_tree(self) -> DesignTree:
        try:
            tree: DesignTree = self.__dict__["_objects"]
        except KeyError:
            raise RuntimeError(
                f"{type(self).__name__} is not loaded yet: its __init__ must call super().__init__(bitfile_name, download)"
            ) from None
        return tree

    def _tree(self) -> DesignTree:
        return self._get_tree()

    def _below(self) -> str:
        return ""

    def _who(self) -> str:
        return f"overlay {os.path.splitext(os.path.basename(self.bitfile_name))[0]}"

    def _check_alive(self, key: str) -> None:
        if self._life is not None and self._life.alive and (lives.current(self.device) is self._life):
            return
        raise StaleAttributeError(
            f"{key!r} of {self._who()} cannot be reached: {self._gone()}. Load it again with download() of this object, or with "
            f"Overlay({short(self.bitfile_name)!r})"
        )

    def _gone(self) -> str:
        tag = getattr(self.device, "tag", self.device)
        if self._life is None:
            there = lives.current(self.device)
            holds = short(there.bitfile_name) if there is not None else "another bitstream"
            return f"{short(self.bitfile_name)} was opened with download=False and device {tag!r} holds {holds}"
        return f"{self._life.gone} (device {tag!r})"

    def _forget(self) -> None:
        """Let go of the objects made, so that an attribute of them is looked up, and refused or made anew."""
        self._let_go()
        if not self._is_ready():
            return
        tree = self._get_tree()
        # Without the tree's lock: who makes a driver holds it, and may be asking whether this overlay is alive.
        made, tree.objects = tree.objects, {}
        tree.mirrors = {}
        for item in made.values():
            if isinstance(item, Branch):
                item._let_go()

    def __repr__(self) -> str:
        if not self._is_ready():
            return f"<{type(self).__name__}, not loaded>"
        nodes = self._get_tree().nodes.values()
        ips = sum(node.kind == "ip" for node in nodes)
        hierarchies = sum(node.kind == "hierarchy" and bool(node.path) for node in nodes)
        kind = getattr(self.device, "kind", "")
        state = "" if self.is_loaded() else f"; stale: {self._gone()}"
        return (
            f"<{type(self).__name__} {os.path.basename(self.bitfile_name)} on {getattr(self.device, 'tag', self.device)!r} ({kind}): "
            f"{ips} IP, {hierarchies} {'hierarchy' if hierarchies == 1 else 'hierarchies'}{state}>"
        )

    def _generated_doc(self, text: str) -> str:
        return document_branch(self, text, "overlay", os.path.basename(self.bitfile_name)) if self._is_ready() else text

    def __copy__(self) -> Overlay:
        # Both are the same hardware: a second object with the same tree.
        twin = type(self).__new__(type(self))
        twin.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_trait")})
        twin.__dict__["_trait_values"] = dict(self._trait_values)
        twin.__dict__["_looked_up"] = set(self.__dict__.get("_looked_up", ()))
        if self._life is not None:
            self._life.holders.add(twin)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Overlay:
        return copy.copy(self)

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} stands for hardware and cannot be pickled: keep its bitfile_name and load it again")


class DefaultOverlay(Overlay):
    """The class of an overlay that has none of its own, and the base of those that have::

        class MyOverlay(DefaultOverlay):
            def __init__(self, bitfile_name, download):
                super().__init__(bitfile_name, download)

        Overlay = MyOverlay

    In a Python file beside the bitstream, of the same name, that is what ``Overlay(...)`` returns.
    """

    def __init__(
        self,
        bitfile_name: str | os.PathLike[str],
        download: bool = True,
        dtbo: str | os.PathLike[str] | None = None,
        ignore_version: bool = False,
        device: Any = None,
        gen_cache: bool = False,
    ) -> None:
        """Load an overlay; the arguments are those of :class:`Overlay`, in the order that the specification's template has."""
        super().__init__(bitfile_name, dtbo, download, ignore_version, device, gen_cache)


def _metadata(device: Any, path: Path) -> Any:
    """The design, or what the device itself says of the bitstream (PYNQ's ``get_bitfile_metadata``)."""
    if getattr(type(device), "set_bitfile_name", None) not in (None, Device.set_bitfile_name):
        device.set_bitfile_name(str(path))
        known = device.parser
    else:
        known = device.get_bitfile_metadata(str(path)) if hasattr(device, "get_bitfile_metadata") else None
    return read_design(path) if known is None else known
