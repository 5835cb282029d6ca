"""JupyterLab in headless Chromium, for tests that click on the real thing and read what stands on the page.

One server and one page serve the whole session; each test has notebooks (and so kernels) of its own. ``lab.run([cells])`` opens a new
notebook, runs it and gives a :class:`Notebook`; from there a test goes both ways: ``notebook.execute(code)`` runs code in its kernel
(Python to screen), ``notebook.page`` is the Playwright page (mouse to hardware). Whatever fails leaves a picture: in the folder that
``PYNQ_WIDGETS_SCREENSHOTS`` names, else among pytest's temporary folders.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
STARTUP_SECONDS = 90  # two shared cores in CI; locally this takes three
STEP_MS = 30_000
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

# The current notebook's widget in JupyterLab; the scripts below begin with it.
_PANEL = """
const panelOf = path => [...window.jupyterapp.shell.widgets('main')].find(w => w.context?.path === path);
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's event loop stays on this thread, where it would forbid ``asyncio.run`` to other tests."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and lab is not None:
        path = lab.screenshot(f"failed-{item.name}")
        report.sections.append(("browser", f"picture: {path}\nconsole:\n" + "\n".join(lab.console[-20:])))
    return report


class LabServer:
    """A JupyterLab server in folders of its own, that asks nothing of the network."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "notebooks"
        self.root.mkdir()
        config = folder / "config" / "labconfig"
        config.mkdir(parents=True)
        page = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}, "buildCheck": False, "buildAvailable": False}
        (config / "page_config.json").write_text(json.dumps(page))
        private = {"HOME": folder, "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data"}
        private |= {"JUPYTER_RUNTIME_DIR": folder / "run", "IPYTHONDIR": folder / "ipython"}
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._log = folder / "server.log"
        flags = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.url.rsplit(':')[-1]}", "--ServerApp.port_retries=0"]
        flags += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={self.root}"]
        flags += ["--LabApp.expose_app_in_browser=True", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *flags],
                env=os.environ | {name: str(path) for name, path in private.items()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab does not answer at {self.url}:\n{self._log.read_text()[-3000:]}")
            try:
                self.ask("GET", "/api/status")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                # The server cannot tell when it listens; a refused connection is the only sign there is.
                time.sleep(0.05)

    def ask(self, method: str, path: str) -> Any:
        """The server's own REST interface."""
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method), timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def end_kernels(self) -> None:
        for session in self.ask("GET", "/api/sessions"):
            self.ask("DELETE", f"/api/sessions/{session['id']}")

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)


class Lab:
    """One JupyterLab page: opens notebooks, changes the theme, and remembers what went wrong in the browser."""

    def __init__(self, server: LabServer, browser: Any, pictures: Path) -> None:
        self.server = server
        self.pictures = pictures
        self.root = server.root  # the folder that the notebooks (and files beside them) are read from
        self.console: list[str] = []
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._notebooks: list[Notebook] = []
        self._count = 0
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(STEP_MS)
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack or ''}"))
        self.page.on("request", self._requested)
        self.page.goto(f"{server.url}/lab?reset")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell && document.querySelector('.jp-Launcher')", timeout=STARTUP_SECONDS * 1000
        )
        self.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(request.url)

    def run(self, cells: Iterable[str], allow_errors: bool = False) -> Notebook:
        """Write a notebook of these code cells, open it, wait for its kernel and run it all."""
        import nbformat.v4 as v4

        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        document = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec})
        self._count += 1
        name = f"test{self._count}.ipynb"
        (self.root / name).write_text(json.dumps(document))
        notebook = self.open(name)
        notebook.run_all(allow_errors)
        return notebook

    def open(self, path: str) -> Notebook:
        """Open a notebook that stands in :attr:`root` (`path` is relative to it) and wait until its kernel is idle; nothing is run."""
        notebook = Notebook(self, path)
        self._notebooks.append(notebook)
        self.page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'}); }", path)
        self.page.wait_for_function(
            "path => {" + _PANEL + "const w = panelOf(path);"
            "return w?.content?.widgets?.length && w.sessionContext?.session?.kernel?.status === 'idle'; }",
            arg=path,
            timeout=STARTUP_SECONDS * 1000,
        )
        return notebook

    def theme(self, name: str) -> None:
        """Change the theme (:data:`LIGHT`, :data:`DARK`, or any other that is installed) and wait until it is worn."""
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
        self.page.wait_for_function(
            "theme => document.body.dataset.jpThemeName === theme && !document.querySelector('#jupyterlab-splash')", arg=name
        )

    def screenshot(self, name: str, locator: Any = None) -> Path:
        """A picture of `locator`, or of the page, for a person to look at."""
        path = self.pictures / f"{name}.png"
        (locator or self.page).screenshot(path=path)
        return path

    def end_test(self) -> None:
        """Close this test's notebooks and kernels, and judge what the browser said meanwhile."""
        for notebook in self._notebooks:
            self.page.evaluate(
                "path => {" + _PANEL + "const w = panelOf(path); w?.context.save().then(() => w.dispose()); }", notebook.path
            )
            self.page.wait_for_function("path => {" + _PANEL + "return !panelOf(path); }", arg=notebook.path)
        self._notebooks.clear()
        if self.page.evaluate("() => document.body.dataset.jpThemeName") != LIGHT:
            self.theme(LIGHT)
        self.server.end_kernels()
        errors, foreign = self.errors[:], self.foreign[:]
        for memory in (self.errors, self.foreign, self.console):
            memory.clear()
        assert not errors, "errors on the page:\n" + "\n".join(errors)
        assert not foreign, f"asked of another host: {foreign}"


class Notebook:
    """One open notebook with its kernel."""

    def __init__(self, lab: Lab, path: str) -> None:
        self.lab = lab
        self.page = lab.page
        self.path = path

    def run_all(self, allow_errors: bool = False) -> None:
        """Run every cell, wait until the last has ended; a cell's exception fails the test unless `allow_errors`."""
        self._script("async w => { w.content.activate(); await app.commands.execute('notebook:run-all-cells'); }")
        if not allow_errors:
            assert not (errors := self.cell_errors()), "\n".join(errors)

    def run_cell(self, code: str) -> int:
        """Append a cell, run it, wait for its end, and give its index: what it displays stands in :meth:`output`."""
        index: int = self._script(
            """async (w, code) => {
                const shared = w.content.model.sharedModel;
                shared.insertCell(shared.cells.length, {cell_type: 'code', source: code});
                w.content.activeCellIndex = shared.cells.length - 1;
                await app.commands.execute('notebook:run-cell');
                return shared.cells.length - 1; }""",
            code,
        )
        assert not (errors := self.cell_errors()), "\n".join(errors)
        return index

    def rerun(self, index: int) -> None:
        """Run one cell again, as a person does who presses Ctrl-Enter in it."""
        self._script("async (w, index) => { w.content.activeCellIndex = index; await app.commands.execute('notebook:run-cell'); }", index)
        assert not (errors := self.cell_errors()), "\n".join(errors)

    def execute(self, code: str) -> str:
        """Run `code` in the kernel without touching the notebook; what it prints, and the text of its last expression, come back."""
        error, text = self._script(
            """async (w, code) => {
                let error = '', text = '';
                const future = w.sessionContext.session.kernel.requestExecute({code, store_history: false});
                future.onIOPub = ({header, content}) => {
                    if (header.msg_type === 'stream') text += content.text;
                    if (header.msg_type === 'execute_result') text += content.data['text/plain'];
                    if (header.msg_type === 'error') error = content.traceback.join('\\n');
                };
                await future.done;
                return [error, text]; }""",
            code,
        )
        assert not error, error
        return str(text).rstrip("\n")

    def cell(self, index: int) -> Any:
        """Locator of a cell, by its index."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Any:
        """Locator of a cell's output."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def cell_errors(self) -> list[str]:
        """The tracebacks that stand in the notebook."""
        found: list[str] = self._script(
            "w => w.content.model.sharedModel.cells.flatMap(c => c.getOutputs?.() ?? [])"
            ".filter(o => o.output_type === 'error').map(o => o.traceback.join('\\n'))"
        )
        return found

    def wait_until(self, code: str, expected: str) -> None:
        """Ask the kernel for `code` until the answer is `expected`: for what a click changes behind the screen."""
        deadline = time.monotonic() + STEP_MS / 1000
        while (answer := self.execute(code)) != expected:
            assert time.monotonic() < deadline, f"{code}: expected {expected}, still {answer}"

    def screenshot(self, name: str, locator: Any = None) -> Path:
        return self.lab.screenshot(name, locator)

    def theme(self, name: str) -> None:
        self.lab.theme(name)

    def _script(self, function: str, argument: Any = None) -> Any:
        """Call a JavaScript function with this notebook's widget and `argument`."""
        script = (
            "async ([path, argument]) => {"
            + _PANEL
            + f"const app = window.jupyterapp; return await ({function})(panelOf(path), argument); }}"
        )
        return self.page.evaluate(script, [self.path, argument])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unavailable(reason: str) -> None:
    """In CI what is missing is a failure; elsewhere the test is skipped and says why."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (in CI this must be there)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    try:
        import jupyterlab  # noqa: F401
        import playwright  # noqa: F401
    except ImportError as error:
        _unavailable(f"{error.name} is not installed: pip install 'pynq-widgets[test]'")
    if not any(map(shutil.which, BROWSERS)):
        _unavailable(f"no browser found (looked for {', '.join(BROWSERS)}): apt-get install chromium")
    server = LabServer(tmp_path_factory.mktemp("lab"))
    try:
        server.wait_until_up()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that screenshots go to."""
    named = os.environ.get("PYNQ_WIDGETS_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium: one for all tests, since Playwright cannot be started twice on a thread."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        _unavailable(f"{error.name} is not installed: pip install 'pynq-widgets[test]'")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        _unavailable(f"no browser found (looked for {', '.join(BROWSERS)}): apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=flags)
        try:
            yield chromium
        finally:
            chromium.close()


@pytest.fixture(scope="session")
def lab_page(lab_server: LabServer, browser: Any, pictures: Path) -> Lab:
    return Lab(lab_server, browser, pictures)


@pytest.fixture
def lab(lab_page: Lab) -> Iterator[Lab]:
    """JupyterLab, shared by the session; the notebooks and kernels that a test opens end with it."""
    yield lab_page
    lab_page.end_test()


class Page:
    """Views on a plain page, each on its own real widget: what the module sends goes to the widget, and back, with no Jupyter between.

    ``widget.comm`` is replaced, so that state and messages arrive on the page. As fast as a unit test, and as true as the module.
    """

    def __init__(self, browser: Any, pictures: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1000, "height": 700})
        self.pictures = pictures
        self.errors: list[str] = []
        self.sent: list[tuple[int, dict[str, Any]]] = []  # (view, content) from the page to the kernel
        self._widgets: list[Any] = []
        self._deaf = False
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_content("<!doctype html><html><body style='margin:8px'></body></html>")
        self.page.expose_function("toKernel", self._to_kernel)
        self.page.evaluate(_HOST)

    def show(self, widget: Any, width: str = "100%") -> int:
        """Show `widget`; returns the number of its view."""
        view = len(self._widgets)
        self._widgets.append(widget)
        state = {name: getattr(widget, name) for name in widget.keys if name in widget.trait_names(sync=True) and not name.startswith("_")}
        plain = {name: value for name, value in state.items() if _is_plain(value)}
        page = self.page

        class Wire:
            comm_id = f"page-{view}"

            def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
                content = data.get("content") if data["method"] == "custom" else None
                known = {name: value for name, value in data.get("state", {}).items() if _is_plain(value)}
                binary = [list(bytes(buffer)) for buffer in buffers or ()]
                page.evaluate("a => window.fromKernel(...a)", [view, data["method"], content or known, binary])

            def close(self, *args: Any, **kwargs: Any) -> None:
                page.evaluate("view => window.unmount(view)", view)

            def on_msg(self, callback: Any) -> None: ...

        widget.comm = Wire()
        page.evaluate("a => window.mount(...a)", [view, plain, widget._esm, widget._css, width])
        return view

    def _to_kernel(self, view: int, method: str, content: Any) -> None:
        widget = self._widgets[view]
        if self._deaf:
            return
        if method == "custom":
            self.sent.append((view, content))
            widget._handle_custom_msg(content, [])
        else:
            widget.set_state(content)

    def unmount(self, view: int) -> None:
        """Take a view off the page, as a notebook does with a cleared output."""
        self.page.evaluate("view => window.unmount(view)", view)

    def silence(self) -> None:
        """From now on nothing reaches the kernel, as when it was killed."""
        self._deaf = True

    def screenshot(self, name: str) -> Path:
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


_HOST = """() => {
    const models = {};
    window.mount = async (view, state, esm, css, width) => {
        const handlers = {};
        const fire = (name, ...args) => [...(handlers[name] ?? [])].forEach(h => h(...args));
        let changed = {};
        const set = (name, value) => {
            if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
            state[name] = value;
            fire('change:' + name);
        };
        const model = {
            get: name => state[name],
            set: (name, value) => { changed[name] = value; set(name, value); },
            save_changes: () => { const now = changed; changed = {}; window.toKernel(view, 'update', now); },
            on: (name, h) => (handlers[name] ??= []).push(h),
            off: (name, h) => { handlers[name] = (handlers[name] ?? []).filter(x => x !== h); },
            send: content => { window.toKernel(view, 'custom', content); },
        };
        const style = document.createElement('style');
        style.textContent = css;
        const el = document.createElement('div');
        el.dataset.view = view;
        el.style.cssText = `width: ${width}; margin-bottom: 8px`;
        document.head.append(style);
        document.body.append(el);
        models[view] = {set, fire, el};
        const module = await import(URL.createObjectURL(new Blob([esm], {type: 'text/javascript'})));
        models[view].stop = await module.default.render({model, el});
    };
    window.fromKernel = (view, method, content, buffers) => {
        if (method === 'custom') models[view].fire('msg:custom', content, buffers.map(b => new DataView(new Uint8Array(b).buffer)));
        else for (const [name, value] of Object.entries(content)) models[view].set(name, value);
    };
    window.unmount = view => { models[view].stop?.(); models[view].stop = null; models[view].el.remove(); };
}"""


@pytest.fixture
def page(browser: Any, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """An empty page for views on real widgets; no error may have come up on it."""
    from pynq_widgets.widgets import outbox

    # The driver of the browser belongs to this thread alone, so what is sent leaves on it.
    monkeypatch.setattr(outbox, "_default", outbox.Outbox(threaded=False))
    shown = Page(browser, pictures)
    yield shown
    shown.page.close()
    assert not shown.errors, "errors on the page:\n" + "\n".join(shown.errors)


@pytest.fixture(scope="session")
def tables() -> Any:
    """The module ``table_bench.py`` beside this file: test modules do not import one another."""
    path = Path(__file__).with_name("table_bench.py")
    spec = importlib.util.spec_from_file_location("table_bench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bench(tables: Any, page: Page, bus_spy: Any) -> Iterator[Any]:
    """A register table on a plain page, over a device that writes down each transaction."""
    bench = tables.Bench(page, bus_spy)
    yield bench
    bench.table.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script: of a package that brings it, or the file that ``AXE_CORE`` names."""
    named = os.environ.get("AXE_CORE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    for package in ("axe_playwright_python", "axe_core_python"):
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in Path(folder).rglob("axe*.js"):
                return file.read_text(encoding="utf-8")
    reason = "axe-core is not there: pip install axe-playwright-python, or name axe.js by AXE_CORE"
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (in CI this must be there)")
    pytest.skip(reason)
