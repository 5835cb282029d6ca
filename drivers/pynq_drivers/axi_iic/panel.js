// A map of an I2C bus: sixteen addresses a row; who answers can be chosen, and its registers read and written.

const hex2 = (value) => value.toString(16).padStart(2, "0");

function draw(root, page) {
  const scan = make("button", { type: "button", title: "Read a byte from each address that is not reserved" }, "scan");
  const speed = make("span", { class: "pw-quiet" });
  const state = make("span", { role: "status" });
  const grid = make("div", { class: "iic-map pw-mono", role: "group", "aria-label": "Addresses of the bus" });
  root.append(make("div", { class: "iic-head" }, scan, state, make("span", { class: "pw-grow" }), speed), grid);

  let chosen = null;
  const cells = new Map();
  grid.append(make("span", {}), ...Array.from({ length: 16 }, (_, low) => make("span", { class: "iic-axis pw-quiet", "aria-hidden": "true" }, low.toString(16))));
  for (let high = 0; high < 8; high += 1) {
    grid.append(make("span", { class: "iic-axis pw-quiet", "aria-hidden": "true" }, `${high}0`));
    for (let low = 0; low < 16; low += 1) {
      const address = high * 16 + low;
      const cell = make("button", { type: "button", class: "iic-cell" });
      cell.dataset.state = address < 0x08 || address > 0x77 ? "reserved" : "";
      cell.disabled = true;
      cell.addEventListener("click", () => choose(address));
      cells.set(address, cell);
      grid.append(cell);
    }
  }

  const name = make("span", { class: "iic-name" });
  const register = make("input", { type: "text", class: "iic-field pw-mono", value: "00", size: "4", "aria-label": "Register (hexadecimal)" });
  const count = make("input", { type: "number", class: "iic-count", value: "2", min: "1", max: "32", "aria-label": "Bytes to read" });
  const read = make("button", { type: "submit" }, "read");
  const value = make("input", { type: "text", class: "iic-field pw-mono", value: "", size: "4", placeholder: "00", "aria-label": "Byte to write (hexadecimal)" });
  const write = make("button", { type: "button", title: "Write one byte to the register" }, "write");
  const answer = make("output", { class: "iic-answer pw-mono" });
  const form = make("form", { class: "iic-form", hidden: true },
    name, make("label", {}, "register ", register), make("label", {}, "bytes ", count), read, make("label", {}, "byte ", value), write, answer);
  root.append(form);

  const number = (field) => {
    const text = field.value.trim().replace(/^0x/i, "");
    const ok = /^[0-9a-f]{1,2}$/i.test(text);
    field.setAttribute("aria-invalid", String(!ok));
    if (!ok) field.focus();
    return ok ? parseInt(text, 16) : null;
  };
  function choose(address) {
    chosen = address;
    paint(page.state);
    register.focus();
  }
  scan.addEventListener("click", async () => {
    scan.disabled = true;
    await page.ask("scan");
    scan.disabled = false;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const at = number(register);
    if (at !== null) page.ask("read", { address: chosen, register: at, count: Number(count.value) });
  });
  write.addEventListener("click", () => {
    const at = number(register);
    const byte = at === null ? null : number(value);
    if (byte !== null) page.ask("write", { address: chosen, register: at, value: byte });
  });

  function paint(all) {
    setText(speed, all.speed);
    const found = all.found;
    setText(state, found === null ? "Not scanned yet" : found.length === 1 ? "One chip answers" : found.length ? `${found.length} chips answer` : "Nobody answers");
    if (chosen !== null && !(found ?? []).includes(chosen)) chosen = null;
    for (const [address, cell] of cells) {
      const there = (found ?? []).includes(address);
      const reserved = cell.dataset.state === "reserved";
      if (!reserved) cell.dataset.state = found === null ? "" : there ? "there" : "none";
      cell.disabled = !there;
      cell.setAttribute("aria-pressed", String(address === chosen));
      setText(cell, there ? hex2(address) : reserved ? "" : found === null ? "·" : "–");
      const known = all.names[address];
      cell.title = `0x${hex2(address)}: ${reserved ? "reserved" : found === null ? "not asked" : there ? known ?? "answers" : "no answer"}`;
      cell.setAttribute("aria-label", cell.title);
    }
    form.hidden = chosen === null;
    if (chosen !== null) {
      setText(name, `0x${hex2(chosen)}${all.names[chosen] ? ` ${all.names[chosen]}` : ""}`);
      const said = all.answer && all.answer.address === chosen ? all.answer : null;
      setText(answer, said ? `${hex2(said.register)}: ${said.data.map(hex2).join(" ")}${said.written ? " written" : ""}` : "");
    }
  }
  return page.on(paint);
}
