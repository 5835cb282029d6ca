// Reconfigurable regions: what stands in each, what could, and whether it is decoupled.

function draw(root, page) {
  const list = make("div", { class: "region-list" });
  const again = make("button", { type: "button", title: "Look again what files stand beside the overlay's" }, "look again");
  again.addEventListener("click", () => page.ask("search"));
  root.append(list, make("div", { class: "region-foot" }, again));
  let drawn = "";
  let rows = [];

  /** Files of one region begin and end alike: what is left is what tells them apart, if it does. */
  function shorten(files, path) {
    const mark = `${path.split("/").pop()}_`;
    const short = files.map((each) => {
      const stem = each.replace(/\.[^.]*$/, "").replace(/_partial$/, "");
      const at = stem.lastIndexOf(mark);
      return at < 0 ? each : stem.slice(at + mark.length);
    });
    return short.every((each, at) => each && short.indexOf(each) === at) ? short : files;
  }

  function row(region) {
    const names = shorten(region.files, region.path);
    const name = make("div", { class: "region-module" });
    const file = make("div", { class: "pw-quiet region-file" });
    const pick = make("select", { "aria-label": `Module for ${region.path}` }, ...region.files.map((each, at) => make("option", { value: each, title: each }, names[at])));
    const load = make("button", { type: "button" }, "load");
    load.addEventListener("click", () => page.ask("load", { region: region.path, file: pick.value }));
    const apart = make("button", { type: "button", class: "region-apart" });
    apart.addEventListener("click", () => page.ask("decouple", { region: region.path, apart: apart.getAttribute("aria-pressed") !== "true" }));
    const none = make("span", { class: "pw-quiet" }, "no file beside the overlay's fits");
    const node = make("section", { class: "region", "aria-label": region.path }, make("div", { class: "region-path pw-mono" }, region.path), name, file, make("div", { class: "region-do" }, ...(region.files.length ? [pick, load] : [none]), apart));
    return { node, name, file, pick, apart };
  }

  page.on((all) => {
    const shape = JSON.stringify(all.regions.map((region) => [region.path, region.files]));
    if (shape !== drawn) {
      drawn = shape;
      rows = all.regions.map(row);
      list.replaceChildren(...rows.map((each) => each.node));
    }
    all.regions.forEach((region, at) => {
      const { node, name, file, pick, apart } = rows[at];
      setText(name, region.module || "–");
      setText(file, region.file || region.note);
      node.dataset.state = region.module ? "module" : region.note.startsWith("a download failed") ? "unknown" : "whole";
      if (region.files.includes(region.file) && node.dataset.file !== region.file) pick.value = region.file;
      node.dataset.file = region.file;
      apart.hidden = region.apart === null;
      apart.setAttribute("aria-pressed", String(region.apart === true));
      setText(apart, region.apart ? "decoupled" : "coupled");
      apart.title = region.apart ? "Let the region's signals through" : "Hold the region's signals at safe values";
    });
  });
}
