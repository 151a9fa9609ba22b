// What is chosen, and who draws it.
const byId = (id) => document.getElementById(id);
const TABLE_ROWS = 200;

const state = {
  place: 0, x: 1, y: 0, log: [false, false], statuses: [true, true, true],
  ranges: new Map(), search: "", chosen: null, around: true,
  /** Rows of the device. */
  here() { return data.spec.map((_, row) => row).filter((row) => data.place[row] === this.place); },
  /** Those of them that no filter takes away. */
  kept() { return this.here().filter((row) => this.passes(row)); },
  passes(row) {
    if (this.search && !data.spec[row].toLowerCase().includes(this.search)) return false;
    for (const [which, [low, high]] of this.ranges) {
      const value = data.objectives[which].values[row];
      if (value === null || value < low || value > high) return false;
    }
    return true;
  },
  changed: redraw,
};
const scatter = new Scatter(byId("scatter"), state, choose);
const parallel = new Parallel(byId("parallel"), state);

function choose(row) {
  state.chosen = row;
  redraw();
}

function redraw() {
  scatter.redraw();
  parallel.redraw();
  showSheet(byId("sheet"), state, choose);
  summary();
  frontierTable();
}

const count = (number) => number.toLocaleString("en");

/** How many designs there are, how many of them are drawn, and how many are not. */
function summary() {
  const { name, rows, drawn } = data.places[state.place], total = rows.reduce((a, b) => a + b);
  const each = data.statuses.map((title, status) => `${count(rows[status])} ${title}`
    + (drawn[status] < rows[status] ? ` (${count(drawn[status])} drawn)` : ""));
  const sample = drawn.some((number, status) => number < rows[status]) ? " What is not on a frontier is drawn by chance." : "";
  const of = ` The frontier is that of ${data.frontierOf}.`;
  byId("summary").textContent = `${count(total)} designs on ${name}: ${each.join(", ")}.${of}${sample}`;
  const unknown = [...new Set([state.x, state.y])].map((which) => [data.objectives[which].title, data.places[state.place].unknown[which]])
    .filter(([, number]) => number).map(([title, number]) => `${count(number)} of all designs have no ${title} and are left out here.`);
  const filtered = state.here().length - state.kept().length;
  const notes = [...unknown, ...(filtered ? [`${count(filtered)} are filtered out.`] : []),
    ...(scatter.outside ? [`${count(scatter.outside)} lie outside.`] : [])];
  byId("note").textContent = notes.join(" ");
  byId("fit").textContent = scatter.view ? "Zoom out" : state.around ? "Show all" : "Show the frontier";
}

function frontierTable() {
  const kept = state.kept().filter((row) => data.status[row] === 0);
  const axis = data.objectives[state.x];
  const order = kept.sort((a, b) => (axis.values[a] === null) - (axis.values[b] === null) || cost(axis, a) - cost(axis, b));
  const rows = order.slice(0, TABLE_ROWS).map((row) => {
    const line = make("tr", { tabindex: 0, ...(row === state.chosen ? { class: "chosen" } : {}) },
      make("td", {}, data.spec[row]), ...data.objectives.map((objective) => make("td", {}, told(objective, row))));
    line.addEventListener("click", () => choose(row));
    line.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(row); });
    return line;
  });
  const heads = ["design", ...data.objectives.map((objective) => objective.head)].map((head) => make("th", {}, head));
  document.querySelector("#frontier thead").replaceChildren(make("tr", {}, ...heads));
  document.querySelector("#frontier tbody").replaceChildren(...rows);
  byId("frontier-note").textContent = `${count(rows.length)} of ${count(data.places[state.place].rows[0])}; ${data.about} is estimated, with the ends of its 90 %`;
}

function option(title, value) { return make("option", { value }, title); }

/** An axis's objective was changed: its scale is as the objective wants it, and nothing is zoomed. */
function setAxis(which, number) {
  const name = which ? "y" : "x", other = which ? "x" : "y";
  if (state[other] === number) { state[other] = state[name]; byId(other).value = state[other]; }
  state[name] = number;
  for (const [place, id] of ["x", "y"].entries()) {
    state.log[place] = data.objectives[state[id]].log;
    byId(`${id}-log`).checked = state.log[place];
  }
  scatter.view = null;
}

function legend() {
  byId("frontier-title").textContent = `Frontier of ${data.frontierOf}`;
  const entries = data.statuses.map((title, status) => {
    const box = make("input", { type: "checkbox", "data-status": status });
    box.checked = true;
    box.addEventListener("change", () => { state.statuses[status] = box.checked; redraw(); });
    return make("label", {}, box, icon(status), title);
  });
  const line = draw("svg");
  line.append(draw("path", { d: "M1 12H9V4H17", fill: "none", stroke: "#1d2530", "stroke-width": 1.6 }));
  const notes = [[line, "frontier of these two"], [icon(0, true), "measured"], [icon(0), `estimated (${data.about}), 90 % bars`]];
  byId("legend").replaceChildren(...entries, ...notes.map(([sign, text]) => make("span", {}, sign, text)));
}

function icon(status, filled = false) {
  const box = draw("svg"), fill = filled ? COLOURS[status] : "#fff";
  const look = { fill, stroke: COLOURS[status], "stroke-width": 1.6 };
  box.append(status === 1 ? draw("path", { d: "M9 3L14 8L9 13L4 8Z", ...look }) : draw("circle", { cx: 9, cy: 8, r: [5.5, 0, 2.4][status], ...look }));
  return box;
}

function start() {
  byId("device").replaceChildren(...data.places.map(({ name }, number) => option(name, number)));
  byId("device-label").hidden = data.places.length < 2;
  byId("device").addEventListener("change", (event) => {
    Object.assign(state, { place: Number(event.target.value), chosen: null });
    state.ranges.clear();
    scatter.view = null;
    redraw();
  });
  for (const [which, id] of ["x", "y"].entries()) {
    byId(id).replaceChildren(...data.objectives.map(({ head }, number) => option(head, number)));
    byId(id).value = state[id];
    byId(id).addEventListener("change", (event) => { setAxis(which, Number(event.target.value)); redraw(); });
    byId(`${id}-log`).addEventListener("change", (event) => { state.log[which] = event.target.checked; scatter.view = null; redraw(); });
    setAxis(which, state[id]);
  }
  byId("search").addEventListener("input", (event) => { state.search = event.target.value.trim().toLowerCase(); redraw(); });
  byId("clear").addEventListener("click", () => { state.ranges.clear(); state.search = byId("search").value = ""; redraw(); });
  byId("fit").addEventListener("click", () => {
    if (scatter.view) scatter.view = null; else state.around = !state.around;
    redraw();
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("resize", redraw);
  legend();
  redraw();
}

start();
