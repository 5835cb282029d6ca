// The picture of a buffer of two dimensions: a canvas with the last picture the kernel sent, moved by wheel, drag and keys. The kernel sends
// the visible part (and some more around it) as fine as the screen can show it.

const SETTLE_MS = 50;
const MARGIN = 0.25; // of the visible part, beyond each edge
const LEAST = 4; // elements
const DECODED_AT_ONCE = 2;

/** `shape` is [rows, columns]; `move(region)` asks the kernel for a part, `look([row, column])` for a value. */
function pictureCanvas(shape, move, look) {
  const [rows, columns] = shape;
  const canvas = make("canvas", { class: "pw-buf-canvas", tabindex: 0, role: "img", "aria-label": "Picture of the buffer. Arrow keys move it, + and - zoom, 0 shows it all." });
  const pen = canvas.getContext("2d");
  let seen = { top: 0, bottom: rows, left: 0, right: columns };
  let bitmap = null;
  let region = null;
  let serial = 0; // of the last picture that came
  let shown = 0; // of the one on the canvas
  let waiting = null; // the newest that is not being decoded yet
  let decoding = 0;
  let painting = null;
  let settling = null;
  let drag = null;
  let marks = [];
  // Pixels are square, unless that would make a thread of the picture.
  const stretched = rows / columns > 6 || columns / rows > 12;

  function place() {
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const scale = Math.min(width / columns, height / rows);
    const w = stretched ? width : columns * scale;
    const h = stretched ? height : rows * scale;
    return { x: Math.max(0, (width - w) / 2), y: Math.max(0, (height - h) / 2), w, h };
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (!bitmap) return;
    const box = place();
    const sx = box.w / (seen.right - seen.left);
    const sy = box.h / (seen.bottom - seen.top);
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.w, box.h);
    pen.clip();
    // What is no number is transparent: this is seen through it.
    pen.fillStyle = getComputedStyle(canvas).color;
    pen.fillRect(box.x, box.y, box.w, box.h);
    // An element is a square with sharp edges; only what is made smaller is smoothed.
    pen.imageSmoothingEnabled = ((region[3] - region[2]) * sx) / bitmap.width < 1;
    pen.drawImage(bitmap, box.x + (region[2] - seen.left) * sx, box.y + (region[0] - seen.top) * sy, (region[3] - region[2]) * sx, (region[1] - region[0]) * sy);
    const style = getComputedStyle(canvas);
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--pw-buf-mark") || "#c2410c";
    pen.font = "11px sans-serif";
    pen.lineWidth = 1.5;
    for (const [row, name] of marks) {
      const y = box.y + (row - seen.top) * sy;
      pen.beginPath();
      pen.moveTo(box.x, y);
      pen.lineTo(box.x + box.w, y);
      pen.stroke();
      pen.fillText(name, box.x + 4, y - 3);
    }
    pen.restore();
  }

  // Two at a time: while one is decoded beside this thread, the next is on its way. Of those that wait for it only the newest counts; one
  // that is decoded is shown even if a newer one has come meanwhile, or a slow page would never see any.
  async function decode() {
    if (!waiting || decoding >= DECODED_AT_ONCE) return;
    const { serial: mine, data, mime, part, done } = waiting;
    waiting = null;
    decoding++;
    try {
      const fresh = await createImageBitmap(new Blob([data], { type: mime }));
      if (mine < shown) fresh.close();
      else {
        bitmap?.close();
        bitmap = fresh;
        region = part;
        shown = mine;
        canvas.dataset.serial = mine;
        painting ??= requestAnimationFrame(() => {
          painting = null;
          canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1;
          draw();
        });
      }
    } catch {
      // Bytes that are no picture: the last one stays.
    } finally {
      decoding--;
      done();
      decode();
    }
  }

  function moved() {
    draw();
    clearTimeout(settling);
    settling = setTimeout(() => {
      const [mr, mc] = [(seen.bottom - seen.top) * MARGIN, (seen.right - seen.left) * MARGIN];
      move([Math.floor(seen.top - mr), Math.ceil(seen.bottom + mr), Math.floor(seen.left - mc), Math.ceil(seen.right + mc)]);
    }, SETTLE_MS);
  }

  /** Keep the visible part inside the picture. */
  function show(top, left, height, width) {
    height = Math.min(Math.max(height, Math.min(LEAST, rows)), rows);
    width = Math.min(Math.max(width, Math.min(LEAST, columns)), columns);
    top = Math.min(Math.max(top, 0), rows - height);
    left = Math.min(Math.max(left, 0), columns - width);
    seen = { top, left, bottom: top + height, right: left + width };
    moved();
  }

  function zoom(factor, row, column) {
    const height = seen.bottom - seen.top;
    const width = seen.right - seen.left;
    const tightest = Math.max(Math.min(LEAST, rows) / height, Math.min(LEAST, columns) / width);
    const loosest = Math.max(rows / height, columns / width);
    const by = Math.min(Math.max(factor, Math.min(tightest, 1)), loosest);
    show(row - (row - seen.top) * by, column - (column - seen.left) * by, height * by, width * by);
  }

  function under(event) {
    const bounds = canvas.getBoundingClientRect();
    const box = place();
    const across = (event.clientX - bounds.left - box.x) / box.w;
    const down = (event.clientY - bounds.top - box.y) / box.h;
    const inside = across >= 0 && across < 1 && down >= 0 && down < 1;
    return { inside, row: seen.top + down * (seen.bottom - seen.top), column: seen.left + across * (seen.right - seen.left), box };
  }

  canvas.addEventListener("wheel", (event) => {
    const at = under(event);
    if (!at.inside || event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, at.row, at.column);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !under(event).inside) return;
    drag = { x: event.clientX, y: event.clientY, seen };
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("pw-buf-drag");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      const box = place();
      const height = drag.seen.bottom - drag.seen.top;
      const width = drag.seen.right - drag.seen.left;
      show(drag.seen.top - ((event.clientY - drag.y) / box.h) * height, drag.seen.left - ((event.clientX - drag.x) / box.w) * width, height, width);
      return;
    }
    const at = under(event);
    look(at.inside ? [Math.floor(at.row), Math.floor(at.column)] : null);
  });
  const drop = () => {
    drag = null;
    canvas.classList.remove("pw-buf-drag");
  };
  canvas.addEventListener("pointerup", drop);
  canvas.addEventListener("pointercancel", drop);
  canvas.addEventListener("pointerleave", () => look(null));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const height = seen.bottom - seen.top;
    const width = seen.right - seen.left;
    const middle = [(seen.top + seen.bottom) / 2, (seen.left + seen.right) / 2];
    const acts = {
      ArrowUp: () => show(seen.top - height / 8, seen.left, height, width),
      ArrowDown: () => show(seen.top + height / 8, seen.left, height, width),
      ArrowLeft: () => show(seen.top, seen.left - width / 8, height, width),
      ArrowRight: () => show(seen.top, seen.left + width / 8, height, width),
      "+": () => zoom(0.8, ...middle),
      "-": () => zoom(1.25, ...middle),
      0: () => show(0, 0, rows, columns),
    };
    if (!acts[event.key]) return;
    acts[event.key]();
    event.preventDefault();
  });
  const resized = new ResizeObserver(() => {
    // As high as the picture wants to be at this width, within reason.
    const wanted = stretched ? 260 : Math.min(Math.max((canvas.clientWidth * rows) / columns, 120), 400);
    canvas.style.height = `${Math.round(wanted)}px`;
    draw();
  });
  resized.observe(canvas);

  return {
    el: canvas,
    /** Rows and columns of the screen that the picture gets. */
    pixels() {
      const box = place();
      const ratio = window.devicePixelRatio || 1;
      return box.w > 1 && box.h > 1 ? [Math.round(box.h * ratio), Math.round(box.w * ratio)] : undefined;
    },
    /** Whether all of it is seen. */
    whole: () => seen.bottom - seen.top >= rows && seen.right - seen.left >= columns,
    all: () => show(0, 0, rows, columns),
    /** Python shows another part. */
    jump([top, bottom, left, right]) {
      clearTimeout(settling);
      seen = { top, bottom, left, right };
      draw();
    },
    /** Where transfers are: a row and a name each. */
    rows(found) {
      if (JSON.stringify(found) === JSON.stringify(marks)) return;
      marks = found;
      draw();
    },
    /** A new picture of `part`, [first row, row after the last, first column, column after the last]. Resolves when it has been shown, or
     * a later one in its stead. */
    take(data, mime, part) {
      const picture = { serial: ++serial, data, mime, part };
      const before = waiting?.done;
      const done = new Promise((resolve) => {
        picture.done = () => {
          before?.();
          resolve();
        };
      });
      waiting = picture;
      decode();
      return done;
    },
    stop() {
      shown = Infinity;
      waiting?.done();
      waiting = null;
      cancelAnimationFrame(painting);
      clearTimeout(settling);
      resized.disconnect();
      bitmap?.close();
      bitmap = null;
    },
  };
}
