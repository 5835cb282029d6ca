// The routes of a stream switch as a matrix: rows are what comes in, columns where it goes. The arrow keys move in it.

function draw(root, page) {
  const table = make("table", { class: "switch-matrix" });
  const said = make("span", { class: "pw-quiet" });
  const straight = make("button", { type: "button", title: "Connect 0 to 0, 1 to 1, and so on" }, "straight");
  const none = make("button", { type: "button", title: "Disable all master interfaces: nothing passes" }, "none");
  straight.addEventListener("click", () => page.ask("default"));
  none.addEventListener("click", () => page.ask("disable"));
  root.append(make("div", { class: "switch-head" }, said, make("span", { class: "pw-grow" }), straight, none), make("div", { class: "switch-room" }, table));
  let drawn = "";
  let keys = []; // by slave, then by master
  let routes = null;

  const label = (letter, at) => `${letter}${String(at).padStart(2, "0")}`;
  /** The names of blocks; where two are alike with their hierarchy (video/resize, mipi/resize), or else with their interface. */
  function shorten(ends) {
    const parts = ends.map((end) => end.split("/"));
    const named = parts.map((each) => each.slice(-2, -1)[0] ?? each[0]);
    const within = parts.map((each) => each.slice(-3, -1).join("/"));
    const alike = (names, at) => names.filter((name) => name === names[at]).length > 1;
    return named.map((name, at) => (!alike(named, at) ? name : !alike(within, at) ? within[at] : parts[at].slice(-2).join("/")));
  }

  function key(slave, master, all) {
    const node = make("button", { type: "button", class: "switch-key", tabindex: slave || master ? "-1" : "0" });
    const words = `${label("S", slave)}${all.sources[slave] ? ` ${all.sources[slave]}` : ""} to ${label("M", master)}${all.sinks[master] ? ` ${all.sinks[master]}` : ""}`;
    node.setAttribute("aria-label", words);
    node.title = words;
    node.addEventListener("click", () => {
      if (routes !== null && routes[master] === slave) page.ask("disconnect", { master });
      else page.ask("connect", { slave, master });
    });
    node.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const next = step && keys[slave + step[0]]?.[master + step[1]];
      if (!next) return;
      event.preventDefault();
      keys.flat().forEach((each) => (each.tabIndex = -1));
      next.tabIndex = 0;
      next.focus();
    });
    return node;
  }

  function build(all) {
    keys = all.sources.map((_, slave) => all.sinks.map((_, master) => key(slave, master, all)));
    const short = { S: shorten(all.sources), M: shorten(all.sinks) };
    const end = (letter, at, text) => [make("span", { class: "switch-number pw-mono" }, label(letter, at)), text ? make("span", { class: "switch-end", title: text }, short[letter][at]) : make("span", { class: "switch-end pw-quiet" }, "not connected")];
    const head = make("tr", {}, make("th", { class: "switch-corner pw-quiet" }, "from \\ to"), ...all.sinks.map((text, at) => make("th", { scope: "col" }, make("span", { class: "switch-up" }, ...end("M", at, text)))));
    const rows = keys.map((row, slave) => make("tr", {}, make("th", { scope: "row" }, ...end("S", slave, all.sources[slave])), ...row.map((node) => make("td", {}, node))));
    table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  }

  page.on((all) => {
    const names = JSON.stringify([all.sources, all.sinks]);
    if (names !== drawn) {
      drawn = names;
      build(all);
    }
    routes = all.routes;
    const used = routes === null ? 0 : routes.filter((slave) => slave !== null).length;
    setText(said, routes === null ? "not read" : used === 0 ? "Nothing passes" : `${used} of ${routes.length} master interfaces are fed`);
    keys.forEach((row, slave) => row.forEach((node, master) => node.setAttribute("aria-pressed", routes === null ? "mixed" : String(routes[master] === slave))));
  });
}
