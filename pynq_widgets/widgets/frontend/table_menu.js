// Menus and other boxes that stand above the page: opened by mouse or key, left by Escape, focus goes back where it came from.

/** A box in the browser's top layer, so that a small table does not cut it; `close()` takes it away. */
function openBox(t, box, anchor, onClose) {
  t.box?.close();
  const back = t.root.contains(document.activeElement) ? document.activeElement : t.grid;
  t.root.append(box);
  if (box.showPopover) {
    box.setAttribute("popover", "manual");
    box.showPopover();
  }
  const at = anchor ?? t.root.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const left = anchor ? at.left : at.left + (at.width - size.width) / 2;
  const below = anchor ? at.bottom + 2 : at.top + 30;
  const top = anchor && below + size.height > innerHeight && at.top - size.height > 4 ? at.top - size.height - 2 : below;
  box.style.left = `${Math.max(4, Math.min(left, innerWidth - size.width - 4))}px`;
  box.style.top = `${Math.max(4, Math.min(top, innerHeight - size.height - 4))}px`;
  const outside = (event) => !box.contains(event.target) && close(false);
  const close = (refocus = true) => {
    if (t.box?.node !== box) return;
    t.box = null;
    document.removeEventListener("pointerdown", outside, true);
    box.remove();
    onClose?.();
    if (refocus) back.focus({ preventScroll: true });
  };
  document.addEventListener("pointerdown", outside, true);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  });
  t.box = { node: box, close };
  return t.box;
}

/**
 * A menu at `anchor` (a rectangle). `items()` gives its entries: { heading }, or { label, hint, run, checked, radio, stay }; an entry
 * that stays leaves the menu open and is drawn anew.
 */
function openMenu(t, label, anchor, items, opener = null) {
  const list = make("div", { class: "pw-menu", role: "menu", "aria-label": label });
  opener?.setAttribute("aria-expanded", "true");
  const box = openBox(t, list, anchor, () => opener?.setAttribute("aria-expanded", "false"));
  const draw = (index) => {
    list.replaceChildren();
    for (const item of items()) {
      if (item.heading) {
        list.append(make("div", { class: "pw-menu-heading", role: "presentation" }, item.heading));
        continue;
      }
      const role = item.radio ? "menuitemradio" : item.checked === undefined ? "menuitem" : "menuitemcheckbox";
      const tick = make("span", { class: "pw-menu-tick", "aria-hidden": "true" }, item.checked ? (item.radio ? "●" : "✓") : "");
      const entry = make("div", { class: "pw-menu-item", role, tabindex: "-1", "aria-checked": item.checked === undefined ? null : String(item.checked) }, tick, make("span", {}, item.label), item.hint ? make("kbd", {}, item.hint) : null);
      entry.addEventListener("click", () => {
        const here = entries().indexOf(entry);
        if (!item.stay) box.close();
        item.run();
        if (item.stay && t.box === box) draw(here);
      });
      list.append(entry);
    }
    // A menu that is one choice opens at what is chosen now; any other at its first entry.
    const choice = entries().every((entry) => entry.getAttribute("role") === "menuitemradio");
    const chosen = choice ? entries().find((entry) => entry.getAttribute("aria-checked") === "true") : null;
    (entries()[index] ?? chosen ?? entries()[0])?.focus();
  };
  const entries = () => [...list.querySelectorAll(".pw-menu-item")];
  list.addEventListener("keydown", (event) => {
    const all = entries();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[to]?.focus();
    else if (event.key === "Enter" || event.key === " ") all[at]?.click();
    else if (event.key === "Tab") box.close();
    else return;
    event.preventDefault();
  });
  draw(-1);
}

/** A button that opens a menu. */
function menuButton(t, text, label, items) {
  const button = make("button", { type: "button", class: "pw-menu-button", "aria-haspopup": "menu", "aria-expanded": "false", title: label }, make("span", { class: "pw-menu-text" }, text));
  button.addEventListener("click", () => (t.box ? t.box.close() : openMenu(t, label, button.getBoundingClientRect(), items, button)));
  button.say = (words) => setText(button.firstChild, words);
  return button;
}

/** Put `text` on the clipboard; where the page may not, show it selected. */
async function copyText(t, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    t.say(`Copied: ${what ?? text}`);
  } catch {
    // No clipboard (a page without https) or no permission: the person's own Ctrl+C still works.
    const field = make("textarea", { readonly: true, rows: Math.min(6, text.split("\n").length), cols: "60", "aria-label": "Text to copy" });
    field.value = text;
    const box = make("div", { class: "pw-menu pw-copy", role: "dialog", "aria-label": "Copy this text" }, make("div", { class: "pw-menu-heading" }, "Ctrl+C copies, Escape closes"), field);
    openBox(t, box, t.anchor());
    field.focus();
    field.select();
  }
}
