"""What holds for the repository as a whole: style, types, the order of the rooms, what is installed, and what the README promises."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGES = {"pynq_widgets": CHECKOUT / "pynq_widgets", "pynq_drivers": CHECKOUT / "drivers" / "pynq_drivers"}
SOURCES = sorted(path for root in PACKAGES.values() for path in root.rglob("*.py"))


def run(*command: str | Path, cwd: Path = CHECKOUT, **environment: str) -> str:
    """What the command printed. Fails the test with that if the command fails."""
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def script(name: str) -> str:
    """The console script of this environment, not of whatever comes first on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is in the test extra, but is not installed"
    return found


def tracked() -> list[Path]:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout")
    names = run("git", "ls-files", "-z").split("\0")
    return [CHECKOUT / name for name in names if name and (CHECKOUT / name).is_file()]


# Style, types, rooms.


def test_ruff_finds_nothing() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")


def test_ruff_would_format_nothing_otherwise() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_both_packages_are_strictly_typed() -> None:
    run(sys.executable, "-m", "mypy")


def test_each_room_imports_only_from_those_below() -> None:
    run(script("lint-imports"))


@pytest.mark.parametrize("version", [(3, 10)])
def test_the_syntax_is_that_of_the_oldest_python(version: tuple[int, int]) -> None:
    for path in SOURCES:
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=version)


def test_files_are_small() -> None:
    long = {str(path.relative_to(CHECKOUT)): lines for path in SOURCES if (lines := len(path.read_text("utf-8").splitlines())) > 600}
    assert long == {}


# Imports.


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    return set(run(sys.executable, "-W", "error", "-c", code, cwd=Path(sys.prefix)).splitlines())


def test_the_import_loads_no_widget_library_and_no_numpy() -> None:
    heavy = {"ipywidgets", "bqplot", "anywidget", "numpy", "IPython", "traitlets", "pandas", "asyncio"}
    assert loaded_by("import pynq_widgets") & heavy == set()


def test_a_script_that_shows_nothing_loads_no_widget_library() -> None:
    design = CHECKOUT / "notebooks" / "designs" / "demo.hwh"
    used = f"from pynq_widgets import Overlay; ol = Overlay({str(design)!r}); ol.leds.read(0); repr(ol.leds.register_map)"
    assert loaded_by(used) & {"ipywidgets", "bqplot", "anywidget", "IPython", "pandas"} == set()


def test_opening_an_overlay_loads_neither_numpy_nor_what_looks_for_packages() -> None:
    design = CHECKOUT / "notebooks" / "designs" / "demo.hwh"
    opened = f"from pynq_widgets import Overlay; ol = Overlay({str(design)!r}); dir(ol); ol.mem_dict; ol.interrupt_pins"
    assert loaded_by(opened) & {"numpy", "asyncio", "importlib.metadata", "email"} == set()


def test_a_public_name_is_itself_whatever_module_was_imported_before() -> None:
    # A module of the same name as a function of its package would hide it.
    code = "import pynq_widgets, pkgutil, importlib\n"
    code += "for m in pkgutil.walk_packages(pynq_widgets.__path__, 'pynq_widgets.'): importlib.import_module(m.name)\n"
    code += "from types import ModuleType\nimport sys\n"
    for package in ("pynq_widgets", "pynq_widgets.access", "pynq_widgets.device", "pynq_widgets.device.simulated", "pynq_widgets.overlay"):
        code += f"p = sys.modules[{package!r}]\n"
        code += "assert not [n for n in p.__all__ if isinstance(getattr(p, n), ModuleType)], p\n"
    run(sys.executable, "-c", code, cwd=Path(sys.prefix))


def test_only_the_widgets_and_the_panels_import_widget_libraries() -> None:
    for path in SOURCES:
        if "widgets" in path.relative_to(CHECKOUT).parts[1:-1] or path.name == "panel.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"ipywidgets", "bqplot", "anywidget"}, path


# What is installed.


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An sdist, and the wheel that is built from it, without touching the network or the checkout."""
    out = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.cfg", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(CHECKOUT / name, source)
    for name in ("pynq_widgets", "drivers", "tools"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=source)
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def packaged_files() -> set[str]:
    wanted = set()
    for package, root in PACKAGES.items():
        for path in root.rglob("*"):
            relative = path.relative_to(root).parts
            code = path.suffix in (".py", ".js", ".css") or path.name == "py.typed"
            if code and not {"tests", "__pycache__"} & set(relative):
                wanted.add("/".join((package, *relative)))
    return wanted


def test_the_wheel_holds_both_packages_whole(distributions: tuple[Path, Path]) -> None:
    names = {name for name in zipfile.ZipFile(distributions[1]).namelist() if ".dist-info/" not in name}
    assert names == packaged_files()
    assert {"pynq_widgets/py.typed", "pynq_drivers/py.typed"} <= names
    assert any(name.startswith("pynq_widgets/widgets/frontend/") and name.endswith(".js") for name in names)
    assert any(name.startswith("pynq_widgets/widgets/frontend/") and name.endswith(".css") for name in names)


def test_the_wheel_holds_the_entry_points_and_they_lead_somewhere(distributions: tuple[Path, Path]) -> None:
    archive = zipfile.ZipFile(distributions[1])
    text = archive.read(next(name for name in archive.namelist() if name.endswith("entry_points.txt"))).decode()
    found: dict[str, dict[str, str]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            group = found.setdefault(line.strip("[]"), {})
        else:
            name, _, value = line.partition(" = ")
            group[name] = value
    assert found["pynq_widgets.drivers"].keys() >= {"xilinx.com:ip:axi_gpio", "xilinx.com:ip:axi_dma", "pynq-widgets:hls:fir"}
    assert found["pynq_widgets.models"].keys() >= {"xilinx.com:ip:axi_gpio", "xilinx.com:ip:axi_dma", "pynq-widgets:hls:fir"}
    for group_name, points in found.items():
        for name, value in points.items():
            assert importlib.metadata.EntryPoint(name, value, group_name).load() is not None


def test_the_sdist_can_build_itself(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tools/build_backend.py", "pyproject.toml", "setup.cfg", "CHANGELOG.md", "LICENSE"} <= names


def test_the_wheel_is_pure_python(distributions: tuple[Path, Path]) -> None:
    assert distributions[1].name.endswith("-py3-none-any.whl")


def test_a_type_checker_outside_the_checkout_sees_the_types(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "import pynq_drivers.fir.arithmetic\nimport pynq_widgets\n\n"
        "version: str = pynq_widgets.__version__\nwords: list[int] = pynq_drivers.fir.arithmetic.packed('no array')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "user.py"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
    )
    assert "import-untyped" not in done.stdout, "the installed package has no types: install again with pip install -e '.[test]'"
    assert 'user.py:5: error: Argument 1 to "packed" has incompatible type "str"' in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Found 1 error in 1 file (checked 1 source file)"


# What is told.


def readme_command(marker: str) -> str:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.+?)\n```", text)
    assert found, f"README.md has no command under <!-- {marker} -->"
    return found[1]


def test_the_readme_opens_the_tour_and_runs_the_tests() -> None:
    tour, tests = readme_command("tour command"), readme_command("test command")
    assert tour.endswith("jupyter lab --allow-root notebooks/tour.ipynb")
    assert "'.[lab]'" in tour
    assert tests.endswith("/pytest")
    assert "'.[test]'" in tests


def test_ci_runs_the_command_of_the_readme() -> None:
    text = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    program = re.search(r"command=\$\((awk '.+?') README\.md\)", text)
    assert program, ".ci/run takes its command from README.md"
    assert run("sh", "-c", f"{program[1]} README.md").strip() == readme_command("test command")
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)


def test_links_between_documents_lead_somewhere() -> None:
    pages = [CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("benchmarks/*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_changelog_tells_of_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    assert re.search(rf"^## {re.escape(version[1])}\b", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert f'__version__ = "{version[1]}"' in (CHECKOUT / "pynq_widgets" / "__init__.py").read_text(encoding="utf-8")


def test_every_dependency_says_why_it_is_there() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.findall(r'^  "(?!pynq-widgets)[a-z0-9-]+(?:\[[a-z]+\])?(?:>=|<)[^"]*",(.*)$', text, re.MULTILINE)
    assert len(listed) >= 10
    assert [comment for comment in listed if not re.match(r"\s+# \w", comment)] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    place = re.compile(rb"(?<![\w/.~-])/(?:home|root|Users|work|opt)/[\w.-]+")
    allowed = {b"/home/xilinx", b"/opt/xilinx"}  # every PYNQ board has them
    found = [
        f"{path.relative_to(CHECKOUT)}: {match.decode(errors='replace')}"
        for path in tracked()
        if path.suffix != ".png" and path.name != Path(__file__).name
        for match in place.findall(path.read_bytes())
        if match not in allowed
    ]
    assert found == []


def test_no_large_or_compiled_files_are_tracked() -> None:
    pictures = [path for path in tracked() if path.suffix == ".png"]
    assert all(path.stat().st_size < 200_000 and path.parent == CHECKOUT / "docs" / "images" for path in pictures)
    binary = [path.name for path in tracked() if path not in pictures and b"\0" in path.read_bytes()[:8192]]
    assert binary == []
