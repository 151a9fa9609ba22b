// What the page was given, and how its values are shown.
const data = JSON.parse(document.getElementById("data").textContent);
const COLOURS = ["--frontier", "--band", "--dominated"].map(
  (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim());
const DASH = "–";

/** A column's value for people. */
function shown(column, value) {
  if (value === null) return DASH;
  if (typeof value === "string") return value;
  return column.places === null ? String(Number(value.toPrecision(4))) : value.toFixed(column.places);
}

/** An objective's value of a row: marked where it is estimated, with its interval where it has one. */
function told(objective, row) {
  const value = objective.values[row];
  if (value === null) return DASH;
  const [low, high] = [objective.low[row], objective.high[row]];
  const range = low === high ? "" : ` (${shown(objective, low)}..${shown(objective, high)})`;
  return (objective.measured[row] ? "" : data.about + " ") + shown(objective, value) + range;
}

/** A value so that less is better. */
const cost = (objective, row) => objective.better === "less" ? objective.values[row] : -objective.values[row];

/** An element with children, which are elements or texts: what a user named is never read as HTML. */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function draw(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** A canvas as large as its box, sharp on any screen, and empty. */
function fresh(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return { pen, width, height };
}
