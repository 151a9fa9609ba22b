// All objectives side by side: a line is a design, up is better, and what one drags along an axis is a filter.
const SIDES = { left: 70, right: 60, top: 40, bottom: 22 };

class Parallel {
  constructor(box, state) {
    Object.assign(this, { box, state });
    this.canvas = box.querySelector(".plot canvas");
    this.svg = box.querySelector(".plot svg");
  }

  redraw() {
    const { pen, width, height } = fresh(this.canvas), rows = this.state.here();
    Object.assign(this, { pen, width, height });
    const step = (width - SIDES.left - SIDES.right) / (data.objectives.length - 1);
    this.axes = data.objectives.map((objective, which) => this.axis(objective, SIDES.left + which * step, rows));
    pen.beginPath();
    pen.rect(0, SIDES.top - 3, width, height - SIDES.top - SIDES.bottom + 6);
    pen.clip();
    const kept = new Set(this.state.kept());
    const shown = rows.filter((row) => this.state.statuses[data.status[row]]);
    const order = shown.sort((a, b) => kept.has(a) - kept.has(b) || data.status[b] - data.status[a]);
    // Of many lines each is fainter, so that one still sees where most of them go.
    this.alphas = [0.85, 0.4, 0.13].map((most, status) => {
      const number = order.filter((row) => data.status[row] === status && kept.has(row)).length;
      return Math.max(most / 10, Math.min(most, most * 150 / number));
    });
    for (const row of order) this.line(row, kept.has(row));
    if (this.state.chosen !== null && rows.includes(this.state.chosen)) this.line(this.state.chosen, true, true);
    this.frame();
  }

  /** What the axes span, as in the plot above: the surroundings of the frontier, or all. */
  meant(rows) {
    const near = rows.filter((row) => data.status[row] < 2);
    return this.state.around && near.length ? near : rows;
  }

  axis(objective, x, rows) {
    const values = this.meant(rows).map((row) => objective.values[row]), known = values.some((value) => value !== null);
    const [low, high] = known ? extent(values, objective.log, 0.02) : [0, 1];
    const [bottom, top] = [this.height - SIDES.bottom, SIDES.top];
    const up = objective.better === "more";
    return { x, scale: new Scale(low, high, up ? bottom : top, up ? top : bottom, objective.log && low > 0) };
  }

  /** A line that has gaps where nothing is known. */
  line(row, kept, chosen = false) {
    const pen = this.pen, status = data.status[row];
    pen.globalAlpha = chosen ? 1 : kept ? this.alphas[status] : 0.03;
    pen.strokeStyle = chosen ? "#b3123f" : COLOURS[status];
    pen.lineWidth = chosen ? 2.5 : status === 0 ? 1.5 : 1;
    pen.beginPath();
    let gap = true;
    this.axes.forEach(({ x, scale }, which) => {
      const value = data.objectives[which].values[row];
      if (value === null) { gap = true; return; }
      if (gap) pen.moveTo(x, scale.at(value)); else pen.lineTo(x, scale.at(value));
      gap = false;
    });
    pen.stroke();
  }

  frame() {
    const parts = [];
    this.axes.forEach(({ x, scale }, which) => {
      const objective = data.objectives[which];
      parts.push(draw("line", { class: "axis", x1: x, x2: x, y1: SIDES.top, y2: this.height - SIDES.bottom }));
      parts.push(draw("text", { x, y: SIDES.top - 20, "text-anchor": "middle", class: "title" }, objective.title));
        parts.push(draw("text", { x, y: SIDES.top - 7, "text-anchor": "middle", class: "tick" }, objective.unit));
      for (const value of scale.ticks(5)) {
        parts.push(draw("text", { x: x - 6, y: scale.at(value) + 4, "text-anchor": "end", class: "tick" }, tickText(value)));
      }
      const range = this.state.ranges.get(which);
      if (range) parts.push(this.brush(x, ...range.map((end) => scale.at(end))));
      parts.push(this.grip(which, x));
    });
    this.svg.replaceChildren(...parts);
  }

  brush(x, from, to) {
    return draw("rect", { class: "brush", x: x - 7, width: 14, y: Math.min(from, to), height: Math.abs(to - from) });
  }

  /** What one takes hold of an axis by. */
  grip(which, x) {
    const grip = draw("rect", {
      class: "grip", "data-axis": which, x: x - 22, width: 44, y: SIDES.top, height: this.height - SIDES.top - SIDES.bottom });
    const { scale } = this.axes[which];
    const [top, bottom] = [SIDES.top, this.height - SIDES.bottom];
    const y = (event) => Math.max(top, Math.min(bottom, event.clientY - this.svg.getBoundingClientRect().top));
    let from = null, drawn = null;
    grip.addEventListener("pointerdown", (event) => { from = y(event); grip.setPointerCapture(event.pointerId); });
    grip.addEventListener("pointermove", (event) => {
      if (from === null) return;
      drawn?.remove();
      drawn = this.svg.insertBefore(this.brush(x, from, y(event)), grip);
    });
    grip.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const to = y(event), ends = [scale.back(from), scale.back(to)].sort((a, b) => a - b);
      if (Math.abs(to - from) < 4) this.state.ranges.delete(which); else this.state.ranges.set(which, ends);
      from = null;
      this.state.changed();
    });
    return grip;
  }
}
