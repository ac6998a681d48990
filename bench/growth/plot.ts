import type { Line, Series } from "./series.js";

const panel = { width: 420, height: 270, left: 62, right: 92, top: 40, bottom: 46 };
const columns = 2;
/** Of light and of dark pages alike. */
const colours = ["#1f77b4", "#d95f02", "#7f7f7f"];
const ink = "#808080";

/** The series as panels of one picture, with both axes logarithmic. */
export function plotOf(series: readonly Series[]): string {
  const width = columns * panel.width;
  const height = Math.ceil(series.length / columns) * panel.height;
  const panels = series.map((each, index) => {
    const x = (index % columns) * panel.width;
    const y = Math.floor(index / columns) * panel.height;
    return `<g transform="translate(${x},${y})">${panelOf(each)}</g>`;
  });
  const style = `font-family="system-ui, sans-serif" font-size="11" fill="${ink}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${style}>\n${panels.join("\n")}\n</svg>\n`;
}

function panelOf(series: Series): string {
  const { title, of, sizes, unit, lines } = series;
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null && value > 0)) as number[];
  const x = scale([Math.min(...sizes), Math.max(...sizes)], [panel.left, panel.width - panel.right]);
  const y = scale(wholePowers(values), [panel.height - panel.bottom, panel.top]);
  const [left, right, bottom] = [panel.left, panel.width - panel.right, panel.height - panel.bottom];
  const rows = powersOf(wholePowers(values)).map(
    (value) =>
      `<line x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="${ink}" stroke-opacity="0.25"/>` +
      text(left - 6, y(value) + 4, `${short(value)} ${unit}`.trim(), "end"),
  );
  const ticks = sizes.map((size) => text(x(size), bottom + 16, short(size), "middle"));
  const drawn = lines.map((line, index) => lineOf(line, sizes, x, y, colours[index % colours.length] ?? ink));
  const labels = labelsOf(lines, y, right + 6);
  const axis = `<line x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="${ink}"/>`;
  const heading = `<text x="${left}" y="22" font-size="13" font-weight="600">${escaped(title)}</text>`;
  return [
    heading,
    ...rows,
    axis,
    ...ticks,
    text((left + right) / 2, bottom + 34, of, "middle"),
    ...drawn,
    ...labels,
  ].join("");
}

function lineOf(
  { values }: Line,
  sizes: readonly number[],
  x: (value: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  const points = values.flatMap((value, index) => {
    const size = sizes[index];
    return value === null || value <= 0 || size === undefined ? [] : [[x(size), y(value)] as const];
  });
  const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
  const dots = points.map(
    ([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="2.5" fill="${colour}"/>`,
  );
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.8"/>${dots.join("")}`;
}

/** Names at the lines' ends, apart from each other. */
function labelsOf(lines: readonly Line[], y: (value: number) => number, at: number): string[] {
  const ends = lines.flatMap(({ name, values }, index) => {
    const last = values.findLast((value) => value !== null && value > 0);
    return last === undefined || last === null ? [] : [{ name, index, y: y(last) + 4 }];
  });
  ends.sort((a, b) => a.y - b.y);
  for (const [position, end] of ends.entries()) {
    const above = ends[position - 1];
    if (above && end.y - above.y < 13) end.y = above.y + 13;
  }
  return ends.map(
    (end) =>
      `<text x="${at}" y="${end.y.toFixed(1)}" fill="${colours[end.index % colours.length]}">${escaped(end.name)}</text>`,
  );
}

function scale([low, high]: readonly [number, number], [start, end]: readonly [number, number]) {
  const span = Math.log10(high) - Math.log10(low) || 1;
  return (value: number): number => start + ((Math.log10(value) - Math.log10(low)) / span) * (end - start);
}

function wholePowers(values: readonly number[]): [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  return [low, high === low ? low * 10 : high];
}

function powersOf([low, high]: readonly [number, number]): number[] {
  const powers = Math.round(Math.log10(high / low));
  return Array.from({ length: powers + 1 }, (_, index) => low * 10 ** index);
}

function text(x: number, y: number, content: string, anchor: "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}
