// Two objectives against each other.
const EDGES = { left: 76, right: 16, top: 10, bottom: 50 };
const REACH = 14; // pixels from a mark at which it is still meant

/** A mark for each status, which differ without colour: circle, diamond, dot. Filled is measured. */
function mark(pen, status, x, y, filled, faint) {
  const size = [5.5, 5, 2.4][status];
  pen.beginPath();
  if (status === 1) {
    pen.moveTo(x, y - size); pen.lineTo(x + size, y); pen.lineTo(x, y + size); pen.lineTo(x - size, y);
    pen.closePath();
  } else {
    pen.arc(x, y, size, 0, 2 * Math.PI);
  }
  pen.globalAlpha = faint ? 0.12 : status === 2 ? 0.7 : 1;
  pen.fillStyle = filled ? COLOURS[status] : "#fff";
  pen.strokeStyle = COLOURS[status];
  pen.lineWidth = status === 2 ? 1 : 1.6;
  pen.fill();
  pen.stroke();
}

class Scatter {
  constructor(box, state, onChoose) {
    Object.assign(this, { box, state, view: null });
    this.canvas = box.querySelector(".plot canvas");
    this.svg = box.querySelector(".plot svg");
    this.watch(onChoose);
  }

  get axes() { return [data.objectives[this.state.x], data.objectives[this.state.y]]; }
  get line() { return data.lines[`${this.state.x},${this.state.y}`][this.state.place].map(([row]) => row); }

  /** Rows that may be drawn here: of the device, with values of both objectives. */
  rows() {
    const [x, y] = this.axes;
    return this.state.here().filter((row) => x.values[row] !== null && y.values[row] !== null);
  }

  /** What the axes span: where one zoomed, else the surroundings of the frontier, or all. */
  ends(rows) {
    if (this.view) return this.view;
    const near = this.state.around ? rows.filter((row) => data.status[row] < 2) : rows;
    const meant = near.length > 1 ? near : rows;
    return this.axes.map((axis, which) => extent(
      meant.flatMap((row) => data.status[row] < 2 ? [axis.low[row], axis.high[row]] : [axis.values[row]]),
      this.state.log[which], 0.06));
  }

  redraw() {
    const { pen, width, height } = fresh(this.canvas), rows = this.rows();
    Object.assign(this, { pen, width, height });
    const inner = { right: width - EDGES.right, bottom: height - EDGES.bottom };
    this.scales = this.ends(rows).map(([low, high], which) => new Scale(
      low, high, which ? inner.bottom : EDGES.left, which ? EDGES.top : inner.right, this.state.log[which] && low > 0));
    this.frame(inner);
    pen.save();
    pen.beginPath();
    pen.rect(EDGES.left, EDGES.top, inner.right - EDGES.left, inner.bottom - EDGES.top);
    pen.clip();
    const kept = new Set(this.state.kept()), order = [...rows].sort((a, b) => data.status[b] - data.status[a]);
    const drawn = order.filter((row) => this.state.statuses[data.status[row]]);
    for (const row of drawn) if (kept.has(row) && data.status[row] < 2) this.bars(row);
    this.stairs();
    for (const row of drawn) mark(pen, data.status[row], ...this.at(row), this.measured(row), !kept.has(row));
    pen.restore();
    this.visible = drawn.filter((row) => kept.has(row) && this.within(row, inner));
    this.outside = drawn.filter((row) => kept.has(row)).length - this.visible.length;
    this.ring();
  }

  measured(row) { return this.axes.every((axis) => axis.measured[row]); }

  at(row) { return this.axes.map((axis, which) => this.scales[which].at(axis.values[row])); }

  within(row, inner) {
    const [x, y] = this.at(row);
    return x >= EDGES.left - 1 && x <= inner.right + 1 && y >= EDGES.top - 1 && y <= inner.bottom + 1;
  }

  bars(row) {
    const [x, y] = this.at(row), pen = this.pen;
    const ends = this.axes.map((axis, which) => [axis.low[row], axis.high[row]].map((end) => {
      const pixel = this.scales[which].at(end);
      return Number.isFinite(pixel) ? pixel : this.scales[which].from;
    }));
    pen.globalAlpha = 0.45;
    pen.strokeStyle = COLOURS[data.status[row]];
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(ends[0][0], y); pen.lineTo(ends[0][1], y);
    pen.moveTo(x, ends[1][0]); pen.lineTo(x, ends[1][1]);
    pen.stroke();
  }

  /** Between two designs of the frontier the better one in x is the best that one can have. */
  stairs() {
    const pen = this.pen;
    pen.globalAlpha = 1;
    pen.strokeStyle = "#1d2530";
    pen.lineWidth = 1.4;
    pen.beginPath();
    let before = null;
    for (const row of this.line) {
      const [x, y] = this.at(row);
      if (before !== null) { pen.lineTo(x, before); pen.lineTo(x, y); } else { pen.moveTo(x, y); }
      before = y;
    }
    pen.stroke();
  }

  frame(inner) {
    const parts = [], [x, y] = this.scales, [across, down] = this.axes;
    for (const value of x.ticks(8)) {
      parts.push(draw("line", { x1: x.at(value), x2: x.at(value), y1: EDGES.top, y2: inner.bottom }));
      parts.push(draw("text", { x: x.at(value), y: inner.bottom + 17, "text-anchor": "middle", class: "tick" }, tickText(value)));
    }
    for (const value of y.ticks(8)) {
      parts.push(draw("line", { x1: EDGES.left, x2: inner.right, y1: y.at(value), y2: y.at(value) }));
      parts.push(draw("text", { x: EDGES.left - 7, y: y.at(value) + 4, "text-anchor": "end", class: "tick" }, tickText(value)));
    }
    parts.push(draw("path", { class: "axis", fill: "none", d: `M${EDGES.left} ${EDGES.top}V${inner.bottom}H${inner.right}` }));
    const middle = [(EDGES.left + inner.right) / 2, (EDGES.top + inner.bottom) / 2];
    parts.push(draw("text", { x: middle[0], y: inner.bottom + 40, "text-anchor": "middle", class: "title", id: "x-title" }, this.headed(across, "→", "←")));
    parts.push(draw("text", { transform: `translate(16 ${middle[1]}) rotate(-90)`, "text-anchor": "middle", class: "title", id: "y-title" }, this.headed(down, "→", "←")));
    this.svg.replaceChildren(...parts);
  }

  headed(axis, more, less) { return `${axis.head}   (better ${axis.better === "more" ? more : less})`; }

  ring() {
    this.svg.querySelector(".chosen")?.remove();
    const row = this.state.chosen;
    if (row === null || !this.visible.includes(row)) return;
    const [x, y] = this.at(row);
    this.svg.append(draw("circle", { class: "chosen", cx: x, cy: y, r: 10 }));
  }

  /** The row whose mark is nearest; the better status where two are as near. */
  pick(x, y) {
    let found = null, least = REACH;
    for (const row of this.visible) {
      const [mx, my] = this.at(row);
      const far = Math.hypot(mx - x, my - y) + data.status[row];
      if (far < least) [found, least] = [row, far];
    }
    return found;
  }

  watch(onChoose) {
    let from = null, zoom = null;
    const place = (event) => {
      const edge = this.svg.getBoundingClientRect();
      return [event.clientX - edge.left, event.clientY - edge.top];
    };
    this.svg.addEventListener("pointerdown", (event) => {
      from = place(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      if (from === null) return showHover(this.pick(x, y), event);
      if (Math.hypot(x - from[0], y - from[1]) < 6 && !zoom) return;
      showHover(null, event);
      zoom ??= this.svg.appendChild(draw("rect", { class: "zoom" }));
      const box = { x: Math.min(x, from[0]), y: Math.min(y, from[1]), width: Math.abs(x - from[0]), height: Math.abs(y - from[1]) };
      for (const [key, value] of Object.entries(box)) zoom.setAttribute(key, value);
    });
    this.svg.addEventListener("pointerup", (event) => {
      const to = place(event), start = from;
      from = null;
      if (zoom) { zoom.remove(); zoom = null; this.zoomTo(start, to); } else if (start) { onChoose(this.pick(...to)); }
    });
    this.svg.addEventListener("pointerleave", (event) => { if (from === null) showHover(null, event); });
    this.svg.addEventListener("dblclick", () => { this.view = null; this.state.changed(); });
  }

  zoomTo(from, to) {
    if (Math.abs(to[0] - from[0]) < 8 || Math.abs(to[1] - from[1]) < 8) return;
    this.view = this.scales.map((scale, which) => [scale.back(from[which]), scale.back(to[which])].sort((a, b) => a - b));
    this.state.changed();
  }
}
