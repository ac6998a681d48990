/** An iris of each species: length and width of its sepals, length and width of its petals, in centimetres. */
export const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.0, 2.9, 4.5, 1.5],
  [6.3, 3.3, 6.0, 2.5],
];
