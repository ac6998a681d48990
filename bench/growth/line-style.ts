/** How a line is told from the others: by its colour, by its dashes and by the form of its points. */
export interface LineStyle {
  colour: string;
  /** As SVG's `stroke-dasharray`. */
  dashes: string;
  width: number;
  /** A point of the line. */
  mark: (x: number, y: number) => string;
}

/** In the order of a series' lines: the first is the strongest. All are dark, on a white page. */
export const lineStyles: readonly [LineStyle, ...LineStyle[]] = [
  {
    colour: "#0b3d91",
    dashes: "none",
    width: 2.6,
    mark: (x, y) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.8" fill="#0b3d91"/>`,
  },
  {
    colour: "#c2410c",
    dashes: "7 3",
    width: 1.8,
    mark: polygon("#c2410c", [-3.2, -3.2, 3.2, -3.2, 3.2, 3.2, -3.2, 3.2]),
  },
  { colour: "#15703a", dashes: "2 3", width: 1.8, mark: polygon("#15703a", [0, -4.4, 4.2, 3.2, -4.2, 3.2]) },
  { colour: "#7e22ce", dashes: "9 3 2 3", width: 1.8, mark: polygon("#7e22ce", [0, -4.6, 4.6, 0, 0, 4.6, -4.6, 0]) },
];

/** @param corners Around the point: x and y in turns. */
function polygon(colour: string, corners: readonly number[]): LineStyle["mark"] {
  return (x, y) => {
    const points = corners.map((offset, index) => ((index % 2 === 0 ? x : y) + offset).toFixed(1)).join(" ");
    return `<polygon points="${points}" fill="${colour}"/>`;
  };
}
