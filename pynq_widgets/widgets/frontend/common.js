// What the views share. The kernel joins this file before a view's own (see assets.py), so that each is still one ES module.

/** An element with attributes and children; data reaches the page only as text nodes and attributes, never as markup. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Write text only where it differs: a live view touches the page as little as it can. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A send that does not throw when the kernel has gone: the view says so by itself. */
function post(model, content) {
  try {
    const sent = model.send(content);
    if (sent && typeof sent.catch === "function") sent.catch(() => {});
    return true;
  } catch {
    return false;
  }
}

/**
 * Tell the kernel once a second that this view lives and whether anybody can see it; hardware is read only for eyes.
 * `extra()` is added to each beat. Returns the key of this view, `beat()` to tell at once, and `stop()`.
 */
function heartbeat(model, el, extra = () => ({})) {
  const view = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
  let onScreen = false;
  let stopped = false;
  const visible = () => onScreen && !document.hidden;
  const beat = () => {
    if (!stopped) post(model, { kind: "beat", view, visible: visible(), ...extra() });
  };
  const observer = new IntersectionObserver((entries) => {
    const now = entries[entries.length - 1].isIntersecting;
    if (now !== onScreen) {
      onScreen = now;
      beat();
    }
  });
  observer.observe(el);
  document.addEventListener("visibilitychange", beat);
  const timer = setInterval(beat, 1000);
  return {
    view,
    beat,
    visible,
    stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      observer.disconnect();
      document.removeEventListener("visibilitychange", beat);
      post(model, { kind: "bye", view });
    },
  };
}

/** Keys pressed in a view are the view's: `d d` in a table must not delete the notebook's cell. */
function keepKeys(root) {
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
}
