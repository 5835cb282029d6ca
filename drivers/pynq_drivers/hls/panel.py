"""The form in which a core is called: a field an argument, Start, where it is, and what came of it.

Every button makes the calls that the line below it says. The control register is read when somebody waits or asks, and never to be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_drivers.hls.control import in_words
from pynq_drivers.hls.typed import Typed, buffers_of, shown, value_of
from pynq_widgets.widgets.panel import Panel
from pynq_widgets.widgets.table_python import expression_of, variables

_PROTOCOLS = {True: "ap_ctrl_chain", False: "ap_ctrl_hs", None: "ap_ctrl_none: works all the time"}


class HlsPanel(Panel):
    """The form of one core."""

    module = "panel.js"
    stylesheet = "panel.css"
    reads = ()
    rate = 0.0

    def __init__(self, ip: Any, **options: Any) -> None:
        self._line = ""
        super().__init__(ip, **options)

    def look(self) -> Mapping[str, Any]:
        ip = self.ip
        control = ip._control
        given = ip.last_run.outputs if ip.last_run is not None else ip.__dict__.get("_followed", {})
        return {
            "protocol": _PROTOCOLS[None if control is None else control.chain],
            "starts": control is not None,
            "arguments": [self._facts_of(argument) for argument in ip.arguments.values() if argument.is_input],
            "stand": {argument.name: self._stands(argument) for argument in ip.arguments.values() if argument.is_input},
            "buffers": [
                {"name": name, "what": f"{'×'.join(map(str, buffer.shape)) or '1'} {buffer.dtype}, {buffer.nbytes} bytes"}
                for name, buffer in sorted(buffers_of(variables(), ip.device).items())
            ],
            "state": self._state(),
            "outputs": [
                {"name": a.name, "type": a.describe(), "value": shown(given[a.name]) if a.name in given else ""}
                for a in ip.arguments.outputs
            ],
            "still": str(ip.no_behaviour),
            "line": self._line,
        }

    @staticmethod
    def _facts_of(argument: Any) -> dict[str, Any]:
        kind = "array" if argument.is_array else "buffer" if argument.is_pointer else "bool" if argument.describe() == "bool" else "number"
        said = argument.ctype is not None
        return {"name": argument.name, "kind": kind, "type": argument.describe(), "said": said, "python": argument.signature_name}

    def _stands(self, argument: Any) -> str:
        """What the argument has, as far as is known: what stands there where nothing is typed."""
        if argument.is_array:
            return ""
        buffer, address = self.ip.__dict__.get("_buffers", {}).get(argument.name, (None, None))
        known = argument.known()
        if known is None:
            return ""
        if buffer is not None and known == address:
            return next((name for name, value in buffers_of(variables(), self.ip.device).items() if value is buffer()), f"{known:#x}")
        return f"{known:#x}" if argument.is_pointer else shown(argument.decode(known)).partition(" (")[0]

    def _state(self) -> dict[str, Any]:
        ip = self.ip
        run = ip.last_run
        if ip._control is None:
            return {"now": "free", "text": "follows its arguments", "ended": 0, "repeats": False}
        if run is None:
            known = ip._control.known
            return {"now": "idle", "text": "not started yet" if known is None else in_words(known), "ended": 0, "repeats": False}
        text = {"running": "running", "done": "done", "failed": f"failed: {run.error}"}[run.state]
        return {"now": run.state, "text": text, "ended": ip._runs.ended, "repeats": run.repeats and not run.over}

    def facts(self) -> Iterable[tuple[str, str]]:
        told = self.look()
        yield "called as", f"{self.path.rpartition('/')[2] or 'core'}.call{self.ip.signature}"
        yield "state", told["state"]["text"]
        for output in told["outputs"]:
            yield f"{output['name']} ({output['type']})", output["value"] or "not known"

    # What the page may ask.

    def do_start(self, *, values: Mapping[str, Any], repeats: bool = False) -> None:
        """Starts the core with what is typed; one that works all the time is called."""
        ip = self.ip
        given = self._values(values)
        names = {argument.name: argument.signature_name for argument in ip.arguments.values()}
        parts = [f"{names[name]}={typed.python}" for name, typed in given.items()]
        call = "call" if ip._control is None else "start"
        line = f"{expression_of(ip)}.{call}({', '.join([*parts, *(['auto_restart=True'] if repeats else [])])})"
        arguments = {name: typed.value for name, typed in given.items()}
        if ip._control is None:
            ip.call(timeout=1.0, **arguments)
        else:
            ip.start(auto_restart=bool(repeats), **arguments)
        self._line = line

    async def do_wait(self) -> None:
        """Waits for the end of what was started, as ``await core.done()`` does; of a core that repeats, for that of a round."""
        run = self.ip._runs.newest()
        self.changed()
        await run.wait_async()
        self.changed()

    def do_look(self) -> None:
        """Asks the core once whether it is done."""
        self.ip._runs.look(self.ip._runs.newest())
        self._line = f"{expression_of(self.ip)}.last_run.done"

    def do_stop(self) -> None:
        """Lets it not start again by itself."""
        self.ip.stop()
        self._line = f"{expression_of(self.ip)}.stop()"

    def do_say(self, *, name: str, type: str) -> None:
        """Says the C type of an argument."""
        argument = self.ip.arguments[name]
        self.ip.types(**{argument.signature_name: type})
        self._line = f"{expression_of(self.ip)}.types({argument.signature_name}={type!r})"

    def _values(self, values: Mapping[str, Any]) -> dict[str, Typed]:
        if not isinstance(values, Mapping):
            raise ValueError(f"expected the values by name, not {values!r}")
        known = variables()
        buffers = buffers_of(known, self.ip.device)
        found: dict[str, Typed] = {}
        for name, text in values.items():
            argument = self.ip.arguments[name]
            typed = value_of(argument, text, known, buffers)
            if typed is not None:
                found[argument.name] = typed
        return found
