"""Device tree overlays against a folder that behaves as configfs does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pynq_widgets.device import devicetree
from pynq_widgets.device.devicetree import DeviceTreeSegment, get_dtbo_base_name, get_dtbo_path

DATA = bytes.fromhex("d00dfeed") + b"the rest"


class Configfs:
    """The kernel's side: a folder made here is an overlay with the files of one; what is written is applied when its file is closed.

    There being no hook into a file system, the three calls of the module that reach it are the kernel's: `mkdir`, `rmdir` and `open`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.refuses = ""  # "silently": keeps nothing; "status": keeps it, and does not apply; "write": an error
        root.mkdir(parents=True)

    def mkdir(self, path):
        os.mkdir(path)
        Path(path, "status").write_text("unapplied\n")
        Path(path, "dtbo").write_bytes(b"")

    def rmdir(self, path):
        for name in ("status", "dtbo"):
            Path(path, name).unlink(missing_ok=True)
        os.rmdir(path)

    def open(self, path, mode="r", **kwargs):
        if "w" not in mode:
            return open(path, mode, **kwargs)
        if self.refuses == "write":
            raise OSError(22, "Invalid argument")
        return Closing(self, Path(path), open(path, mode, **kwargs))


class Closing:
    def __init__(self, kernel, path, file):
        self.kernel, self.path, self.file = kernel, path, file

    def write(self, data):
        return self.file.write(bytes(data[:5]))  # the rest is to be offered again

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()
        if self.kernel.refuses == "silently":
            self.path.write_bytes(b"")
        elif self.kernel.refuses != "status":
            (self.path.parent / "status").write_text("applied\n")


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    made = Configfs(tmp_path / "config" / "device-tree" / "overlays")

    class Os:
        def __getattr__(self, name):
            return getattr(made, name) if name in ("mkdir", "rmdir") else getattr(os, name)

    monkeypatch.setattr(devicetree, "SYSTEM_DEVICE_TREE_PATH", str(made.root))
    monkeypatch.setattr(devicetree, "os", Os())
    monkeypatch.setattr(devicetree, "open", made.open, raising=False)
    return made


@pytest.fixture
def dtbo(tmp_path):
    path = tmp_path / "base.dtbo"
    path.write_bytes(DATA)
    return path


def test_names():
    assert get_dtbo_path("/home/xilinx/base.bit") == "/home/xilinx/base.dtbo"
    assert get_dtbo_path(Path("/a.b/base.bit")) == "/a.b/base.dtbo"
    assert get_dtbo_base_name("/a.b/base.v2.dtbo") == "base"


def test_inserted_and_removed(kernel, dtbo):
    segment = DeviceTreeSegment(dtbo)
    assert (segment.dtbo_name, segment.dtbo_path, segment.sysfs_dir) == ("base", str(dtbo), str(kernel.root / "base"))
    assert not segment.is_dtbo_applied()
    segment.insert()
    assert segment.is_dtbo_applied()
    assert (kernel.root / "base" / "dtbo").read_bytes() == DATA
    with pytest.raises(RuntimeError, match=r"^Device tree base is applied already: call remove\(\) first, or give the file another name$"):
        segment.insert()
    assert segment.is_dtbo_applied()
    segment.remove()
    segment.remove()
    assert not segment.is_dtbo_applied()
    assert list(kernel.root.iterdir()) == []


@pytest.mark.parametrize(
    ("refuses", "why"),
    [
        ("silently", "the kernel did not keep the overlay"),
        ("status", "its status is not 'applied'"),
        ("write", r"the kernel did not take the file \(Invalid argument\)"),
    ],
)
def test_what_the_kernel_refuses_is_said_and_leaves_nothing(kernel, dtbo, refuses, why):
    kernel.refuses = refuses
    with pytest.raises(RuntimeError, match=rf"^Device tree base cannot be applied: {why}\. The kernel's log \(dmesg\) tells why"):
        DeviceTreeSegment(dtbo).insert()
    assert list(kernel.root.iterdir()) == []
    kernel.refuses = ""
    DeviceTreeSegment(dtbo).insert()


def test_a_file_that_is_no_device_tree_is_named_when_it_is_refused(kernel, dtbo):
    kernel.refuses = "silently"
    dtbo.write_bytes(b"/dts-v1/;")
    with pytest.raises(RuntimeError, match=r"base\.dtbo is no compiled device tree \(it does not begin with d00dfeed\)\."):
        DeviceTreeSegment(dtbo).insert()


def test_a_half_made_overlay_of_somebody_else_is_used(kernel, dtbo):
    kernel.mkdir(kernel.root / "base")
    DeviceTreeSegment(dtbo).insert()
    assert (kernel.root / "base" / "status").read_text() == "applied\n"


def test_a_system_that_takes_no_overlays(kernel, dtbo):
    kernel.root.rmdir()
    segment = DeviceTreeSegment(dtbo)
    with pytest.raises(RuntimeError, match=r"takes no device tree overlays, for .*overlays cannot hold one .*mount -t configfs"):
        segment.insert()
    assert not kernel.root.exists()
    segment.remove()


def test_without_root(kernel, dtbo, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    segment = DeviceTreeSegment(dtbo)
    monkeypatch.setattr(kernel, "mkdir", denied)
    with pytest.raises(PermissionError, match="device tree overlays need root: no right to make it"):
        segment.insert()


def test_without_root_nothing_is_removed(kernel, dtbo, monkeypatch):
    segment = DeviceTreeSegment(dtbo)
    segment.insert()

    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    kernel.rmdir = denied
    with pytest.raises(PermissionError, match="device tree overlays need root: no right to remove it"):
        segment.remove()

    def busy(path):
        raise OSError(16, "Device or resource busy", path)

    kernel.rmdir = busy
    with pytest.raises(
        RuntimeError, match=r"^Device tree base cannot be removed \(Device or resource busy\): overlays that were applied after"
    ):
        segment.remove()


def test_no_file_and_no_name(tmp_path, kernel):
    with pytest.raises(FileNotFoundError, match=r"^The dtbo file .*none\.dtbo does not exist\.$"):
        DeviceTreeSegment(tmp_path / "none.dtbo")
    (tmp_path / ".dtbo").write_bytes(DATA)
    with pytest.raises(ValueError, match="gives a device tree overlay no name"):
        DeviceTreeSegment(tmp_path / ".dtbo")
