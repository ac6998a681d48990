import { labelled, logarithmic, powersAround, type Scale, shortNumber, shortQuantity } from "./axis.js";
import { type LineStyle, lineStyles } from "./line-style.js";
import type { Line, Series } from "./series.js";

const panel = { width: 490, height: 290, left: 72, right: 172, top: 44, bottom: 54 };
const columns = 2;
const ink = "#24292f";
/** Between two names, so that they can be read. */
const lineHeight = 16;

/** The series as panels of one picture, with both axes logarithmic; white, so that it can be seen on any page. */
export function plotOf(series: readonly Series[]): string {
  const width = columns * panel.width;
  const height = Math.ceil(series.length / columns) * panel.height;
  const panels = series.map((each, index) => {
    const x = (index % columns) * panel.width;
    const y = Math.floor(index / columns) * panel.height;
    return `<g transform="translate(${x},${y})">${panelOf(each)}</g>`;
  });
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const font = `font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="${ink}"`;
  const page = `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`;
  return [`<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>`, page, ...panels, "</svg>\n"].join("\n");
}

function panelOf({ title, of, sizes, unit, lines }: Series): string {
  const [left, right, bottom] = [panel.left, panel.width - panel.right, panel.height - panel.bottom];
  const powers = powersAround(lines.flatMap(({ values }) => values.filter(isDrawn)));
  const x = logarithmic([Math.min(...sizes), Math.max(...sizes)], [left, right]);
  const y = logarithmic([powers[0] ?? NaN, powers.at(-1) ?? NaN], [bottom, panel.top]);
  const rows = powers.map(
    (value) =>
      stroke(left, y(value), right, y(value), 0.2) + text(left - 10, y(value) + 4, shortQuantity(value, unit), "end"),
  );
  const marks = sizes.map((size) => stroke(x(size), bottom, x(size), bottom + 4, 1));
  const ticks = labelled(sizes, x).map((size) => text(x(size), bottom + 18, shortNumber(size), "middle"));
  const heading = `<text x="${left}" y="24" font-size="14" font-weight="600">${escaped(title)}</text>`;
  const axis = stroke(left, bottom, right, bottom, 1);
  const what = text((left + right) / 2, bottom + 40, `by ${of}`, "middle");
  // the first line is the one that the others are compared with, and so on top
  const drawn = lines.map((line, index) => lineOf(line, sizes, x, y, styleOf(index))).toReversed();
  return [heading, ...rows, axis, ...marks, ...ticks, what, ...drawn, ...namesOf(lines, y, right + 18)].join("");
}

function isDrawn(value: number | null): value is number {
  return value !== null && value > 0;
}

function styleOf(index: number): LineStyle {
  return lineStyles[index % lineStyles.length] ?? lineStyles[0];
}

function lineOf({ values }: Line, sizes: readonly number[], x: Scale, y: Scale, style: LineStyle): string {
  const points = values.flatMap((value, index) => {
    const size = sizes[index];
    return isDrawn(value) && size !== undefined ? [[x(size), y(value)] as const] : [];
  });
  const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
  const look = `stroke="${style.colour}" stroke-width="${style.width}" stroke-dasharray="${style.dashes}"`;
  return `<polyline points="${path}" fill="none" ${look}/>${points.map(([px, py]) => style.mark(px, py)).join("")}`;
}

/** Names beside the lines' ends with the form of their points, apart from each other and within the panel. */
function namesOf(lines: readonly Line[], y: Scale, at: number): string[] {
  const ends = lines.flatMap(({ name, values }, index) => {
    const last = values.findLast(isDrawn);
    return last === undefined ? [] : [{ name, style: styleOf(index), y: y(last) }];
  });
  ends.sort((a, b) => a.y - b.y);
  let lowest = panel.height - panel.bottom;
  let highest = panel.top;
  for (const end of ends) {
    end.y = Math.max(end.y, highest);
    highest = end.y + lineHeight;
  }
  for (const end of ends.toReversed()) {
    end.y = Math.min(end.y, lowest);
    lowest = end.y - lineHeight;
  }
  return ends.map(
    ({ name, style, y: height }) =>
      style.mark(at, height) +
      `<text x="${at + 9}" y="${(height + 4).toFixed(1)}" fill="${style.colour}">${escaped(name)}</text>`,
  );
}

function stroke(x1: number, y1: number, x2: number, y2: number, opacity: number): string {
  const [from, to] = [`x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}"`, `x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`];
  return `<line ${from} ${to} stroke="${ink}" stroke-opacity="${opacity}"/>`;
}

function text(x: number, y: number, content: string, anchor: "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
