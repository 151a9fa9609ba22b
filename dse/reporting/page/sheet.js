// What is said of one design: beside the pointer, and on its sheet.
const hover = document.getElementById("hover");

function showHover(row, event) {
  hover.hidden = row === null;
  if (row === null) return;
  const lines = data.objectives.map((objective) => make("div", {},
    `${objective.title}: ${told(objective, row)} ${objective.unit}`));
  hover.replaceChildren(make("b", {}, data.spec[row]), make("div", { class: "dim" }, data.statuses[data.status[row]]), ...lines);
  const right = event.clientX + 18 + hover.offsetWidth > window.innerWidth;
  hover.style.left = `${right ? event.clientX - 14 - hover.offsetWidth : event.clientX + 18}px`;
  hover.style.top = `${Math.max(4, Math.min(event.clientY + 12, window.innerHeight - hover.offsetHeight - 4))}px`;
}

/** A design on the line that is as good in both objectives; null if there is none. */
function beater(row, state) {
  const [x, y] = [data.objectives[state.x], data.objectives[state.y]];
  const line = data.lines[`${state.x},${state.y}`][state.place];
  const found = line.find(([other]) => cost(x, other) <= cost(x, row) && cost(y, other) <= cost(y, row));
  return found ? found[0] : null;
}

function part(title, ...children) { return [make("h3", {}, title), ...children]; }

/** Why the design is where it is, for the two objectives that are shown. */
function standing(row, state, onChoose) {
  const [x, y] = [data.objectives[state.x], data.objectives[state.y]];
  const pair = `${y.title} against ${x.title}`;
  const reason = data.lines[`${state.x},${state.y}`][state.place].find(([other]) => other === row);
  if (reason) {
    return [...part(`Why it is on the frontier of ${pair}`, make("p", { id: "why" }, reason[1])),
      ...part(`Next better in ${y.title}`, make("p", { id: "further" }, reason[2]))];
  }
  if (x.values[row] === null || y.values[row] === null) {
    return part(pair, make("p", { id: "why" }, "One of the two is not known of it."));
  }
  const other = beater(row, state);
  const link = make("button", { type: "button" }, data.spec[other]);
  link.addEventListener("click", () => onChoose(other));
  const values = ` has ${x.title} ${told(x, other)} and ${y.title} ${told(y, other)}`;
  if ([x, y].every((objective) => objective.values[row] === objective.values[other])) {
    return part(`On the frontier of ${pair}, as another is`, make("p", { id: "why" }, link, `${values}: the same.`));
  }
  return part(`Not on the frontier of ${pair}`, make("p", { id: "why" }, link, `${values}: as good in both, and better in one.`));
}

/** A command, that a line may break only between its words. */
function words(command) {
  return command.split(" ").flatMap((word, number) => [...(number ? [" "] : []), make("span", {}, word)]);
}

/** All that the table has of a row, with where it comes from on the row's own title. */
function columns(row) {
  const lines = data.columns.filter((column) => column.values[row] !== null).map((column) => make("tr",
    { title: `${column.meaning} (${column.source})` },
    make("td", {}, column.title), make("td", {}, shown(column, column.values[row])), make("td", { class: "dim" }, column.unit)));
  return make("table", {}, make("tbody", {}, ...lines));
}

/** Which design to take where nothing more is asked. */
function taking(state, onChoose) {
  const { take, because } = data.places[state.place];
  if (take === null) return [];
  const link = make("button", { type: "button", id: "take" }, data.spec[take]);
  link.addEventListener("click", () => onChoose(take));
  return [make("p", {}, "Take ", link, ` if nothing more is asked: ${because}.`)];
}

function showSheet(box, state, onChoose) {
  const row = state.chosen;
  if (row === null) {
    box.replaceChildren(make("h2", {}, "A design's sheet"), ...taking(state, onChoose), make("p", { class: "dim" },
      "Click a mark, or a line of the table below: what the design is, why it is there, what binds it, what the next better one costs, and how to get its Verilog."));
    return;
  }
  const status = data.status[row];
  const lines = data.objectives.map((objective) => make("tr", { title: objective.meaning },
    make("td", {}, objective.title), make("td", {}, told(objective, row)),
    make("td", { class: "dim" }, objective.unit)));
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener("click", () => {
    // Where a page from disk may not write to the clipboard, what is to be copied is at least chosen.
    getSelection().selectAllChildren(byId("command"));
    navigator.clipboard?.writeText(data.commands[row]).catch(() => {});
  });
  box.replaceChildren(
    make("h2", {}, data.spec[row]),
    make("p", {}, make("span", { class: `badge s${status}`, title: `frontier of ${data.frontierOf}` }, data.statuses[status]), data.places[data.place[row]].name),
    make("table", {}, make("tbody", {}, ...lines)),
    ...standing(row, state, onChoose),
    ...(data.why[row] ? part("In the search", make("p", { id: "search-why" }, data.why[row])) : []),
    ...(data.binds[row] ? part("What binds it", make("p", { id: "binds" }, data.binds[row])) : []),
    ...part("Its Verilog", make("pre", { id: "command" }, ...words(data.commands[row])), copy),
    ...part("All columns", columns(row)));
  box.scrollTop = 0;
}
