// From values to pixels and back.
class Scale {
  constructor(low, high, from, to, log) {
    Object.assign(this, { low, high, from, to, log });
    this.map = log ? Math.log10 : (value) => value;
    [this.start, this.span] = [this.map(low), this.map(high) - this.map(low) || 1];
  }

  at(value) { return this.from + (this.map(value) - this.start) / this.span * (this.to - this.from); }

  back(pixel) {
    const value = this.start + (pixel - this.from) / (this.to - this.from) * this.span;
    return this.log ? 10 ** value : value;
  }

  /** Round numbers, about so many. */
  ticks(wanted) {
    return this.log && this.span > 0.7 ? this.decades(wanted) : this.steps(wanted);
  }

  steps(wanted) {
    const range = this.high - this.low || Math.abs(this.high) || 1;
    const size = 10 ** Math.floor(Math.log10(range / wanted));
    const step = size * [1, 2, 5, 10].find((factor) => range / (size * factor) <= wanted);
    const first = Math.ceil(this.low / step - 1e-9), count = Math.floor(this.high / step + 1e-9) - first;
    return Array.from({ length: count + 1 }, (_, number) => Number(((first + number) * step).toPrecision(12)));
  }

  decades(wanted) {
    const within = (digits) => {
      const found = [];
      for (let power = Math.floor(this.start); power <= this.start + this.span; power++) {
        for (const digit of digits) found.push(Number((digit * 10 ** power).toPrecision(3)));
      }
      return found.filter((value) => value >= this.low * 0.999 && value <= this.high * 1.001);
    };
    const sets = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]].map(within);
    return sets.find((set) => set.length <= wanted) ?? sets.at(-1);
  }
}

/** The ends of what is there, with some room; on a logarithmic axis if all of it is above zero. */
function extent(values, log, room) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known), high = Math.max(...known);
  if (log && low > 0) {
    const factor = (high / low) ** room * 1.02;
    return [low / factor, high * factor];
  }
  const more = (high - low) * room || Math.abs(high) * 0.1 || 1;
  return [low - more, high + more];
}

function tickText(value) {
  return Math.abs(value) >= 1e6 || (value && Math.abs(value) < 1e-4) ? value.toExponential() : value.toLocaleString("en");
}
