"""Notebooks and overlays of packages, with addresses of files instead of a network."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.as_pynq import delivery
from pynq_widgets.as_pynq.delivery import (
    DownloadedFileChecksumError,
    OverlayNotFoundError,
    deliver_notebooks,
    detect_devices,
    download_overlays,
    fetch,
)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.delenv("BOARD", raising=False)
    caplog.set_level(logging.INFO, "pynq.utils")
    return caplog


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """``served(text)``: what a ``.link`` file says of a file with that text."""

    def serve(text: str, md5: str | None = None) -> dict[str, str]:
        path = tmp_path / "served" / hashlib.md5(text.encode()).hexdigest()
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return {"url": path.as_uri(), "md5sum": md5 or path.name}

    return serve


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Notebooks beside a file for each of two devices, one folder with none, and one without notebooks."""
    root = tmp_path / "package"
    for path, text in {
        "__init__.py": "",
        "one.ipynb": "1",
        "helper/tool.py": "tool",
        "helper/__pycache__/tool.pyc": "",
        "base.bit.d/base.a.bit": "for a",
        "base.bit.d/base.b.bit": "for b",
        "deep/two.ipynb": "2",
        "deep/only.bit.d/only.a.bit": "only a",
        "plain/data.txt": "no notebook here",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_belongs_to_the_device_is_delivered(package: Path, tmp_path: Path) -> None:
    deliver_notebooks("a", package, tmp_path / "out", "mine", folder=True)
    assert files(tmp_path / "out" / "mine") == {
        "base.bit": "for a",
        "deep/only.bit": "only a",
        "deep/two.ipynb": "2",
        "helper/tool.py": "tool",
        "one.ipynb": "1",
        "plain/data.txt": "no notebook here",
    }


def test_a_folder_whose_file_is_not_there_is_left_out(package: Path, tmp_path: Path, heard: pytest.LogCaptureFixture) -> None:
    deliver_notebooks("b", package, tmp_path / "out", "mine")
    assert set(files(tmp_path / "out")) == {"base.bit", "helper/tool.py", "one.ipynb", "plain/data.txt"}
    assert heard.messages == ["mine/deep: there is no only.bit for device 'b'; its notebooks are not delivered"]
    heard.clear()
    deliver_notebooks("c", package, tmp_path / "none", "mine")
    assert not (tmp_path / "none").exists()
    assert heard.messages[-1] == "mine is not delivered: it has no notebooks, or none whose overlays are here"
    deliver_notebooks("c", package, tmp_path / "all", "mine", overlays_res_lookup=False)
    assert "deep/two.ipynb" in files(tmp_path / "all")
    assert "base.bit" not in files(tmp_path / "all")


def test_a_file_is_fetched_where_only_its_address_is_there(package: Path, tmp_path: Path, served: Any) -> None:
    (package / "deep" / "only.bit.link").write_text(json.dumps({"b": served("fetched")}))
    deliver_notebooks("b", package, tmp_path / "out", "mine")
    assert files(tmp_path / "out")["deep/only.bit"] == "fetched"
    (package / "deep" / "only.bit.link").write_text(json.dumps({"b": served("other", md5="0" * 32)}))
    deliver_notebooks("b", package, tmp_path / "bad", "mine")
    assert not (tmp_path / "bad" / "deep").exists()


def test_what_was_copied_is_taken_back_where_copying_fails(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("was here")
    plain, copied = shutil.copy2, []

    def copy(source: Any, target: Any) -> Any:
        copied.append(target)
        if len(copied) > 3:
            raise OSError("No space left on device")
        return plain(source, target)

    monkeypatch.setattr(delivery.shutil, "copy2", copy)
    with pytest.raises(OSError, match="No space left on device"):
        deliver_notebooks("a", package, out, "mine")
    assert files(out) == {"mine.txt": "was here"}
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_fetching(tmp_path: Path, served: Any) -> None:
    entry = served("text")
    fetch(entry["url"], tmp_path / "got", entry["md5sum"].upper())
    assert (tmp_path / "got").read_text() == "text"
    with pytest.raises(
        DownloadedFileChecksumError, match=r": its MD5 is 1cb251ec0d568de6a929b520c4aed8d1, 00 was expected; nothing was kept$"
    ):
        fetch(entry["url"], tmp_path / "bad", "00")
    with pytest.raises(OSError, match="nothing-there"):
        fetch((tmp_path / "nothing-there").as_uri(), tmp_path / "bad")
    with pytest.raises(
        ValueError, match=r"^'data:,x' is no address to fetch from: expected one that begins with https://, http://, file://$"
    ):
        fetch("data:,x", tmp_path / "bad")
    assert not [path for path in tmp_path.iterdir() if "bad" in path.name]


def test_overlays_of_the_devices_that_are_here(tmp_path: Path, served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "one.bit.link").write_text(json.dumps({"a": served("one a"), "b": served("one b")}))
    (root / "sub" / "all.bit.link").write_text(json.dumps(served("for all")))
    monkeypatch.setenv("BOARD", "a")
    download_overlays(root)
    links = {"one.bit.link", "sub/all.bit.link"}
    assert {name: text for name, text in files(root).items() if name not in links} == {
        "one.bit.d/one.a.bit": "one a",
        "sub/all.bit": "for all",
    }
    (root / "one.bit.d" / "one.a.bit").write_text("kept")
    download_overlays(root, download_all=True, cleanup=True)
    assert files(root) == {"one.bit.d/one.a.bit": "kept", "one.bit.d/one.b.bit": "one b", "sub/all.bit": "for all"}


def test_overlays_that_cannot_be_had(tmp_path: Path, served: Any, monkeypatch: pytest.MonkeyPatch, heard: pytest.LogCaptureFixture) -> None:
    (tmp_path / "one.bit.link").write_text(json.dumps({"a": served("one a", md5="00")}))
    monkeypatch.setenv("BOARD", "a")
    download_overlays(tmp_path)
    assert heard.messages[-1].startswith("Could not resolve file 'one.a.bit': file://")
    assert not (tmp_path / "one.bit.d").exists()
    with pytest.raises(OverlayNotFoundError, match=r"^Could not resolve file 'one.a.bit': file://"):
        download_overlays(tmp_path, fail_at_lookup=True)
    monkeypatch.setenv("BOARD", "c")
    with pytest.raises(OverlayNotFoundError, match=r"one.bit.link names none for it$"):
        download_overlays(tmp_path, fail_at_lookup=True)
    (tmp_path / "one.bit.link").write_text("[]")
    with pytest.raises(ValueError, match=r"one.bit.link: expected an object with devices, or with 'url' and 'md5sum', not list$"):
        download_overlays(tmp_path, fail_at_lookup=True)


def test_no_device_is_known(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^No device found in the system. Is the BOARD environment variable set\?$"):
        detect_devices()
    with pytest.raises(RuntimeError, match="No device found"):
        download_overlays(tmp_path, fail_at_device_detection=True)
    download_overlays(tmp_path)


def test_build_py_fetches_into_what_was_built(tmp_path: Path, served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dist = pytest.importorskip("setuptools.dist")
    from pynq_widgets.as_pynq.utils import build_py

    source = tmp_path / "project" / "my_overlays"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    (source / "one.bit.link").write_text(json.dumps({"a": served("one a")}))
    monkeypatch.chdir(source.parent)
    monkeypatch.setenv("BOARD", "a")
    command = build_py(dist.Distribution({"packages": ["my_overlays"], "package_data": {"my_overlays": ["*.link"]}}))
    command.distribution.script_name = "setup.py"
    command.build_lib = str(tmp_path / "built")
    command.ensure_finalized()
    command.run()
    assert files(tmp_path / "built" / "my_overlays")["one.bit.d/one.a.bit"] == "one a"
