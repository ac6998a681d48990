/** Sampled Shapley attributions (arXiv:1306.4265): what each player adds, on average over random orders of joining. */

/** Which players take part. */
export type Coalition = readonly boolean[];

/** One value of the game, such as an output of a model. */
export interface ShapleyValue {
  /** With no player. */
  none: number;
  /** What each player adds. */
  attributions: number[];
  /** How uncertain that is: 0 for not at all; undefined when one path can't tell. */
  error: number | undefined;
}

/**
 * @param players How many there are.
 * @param paths How many random orders are looked at.
 * @param evaluate The values of each of the coalitions; called once, each coalition once in it.
 */
export async function sampledShapley(
  players: number,
  paths: number,
  evaluate: (coalitions: readonly Coalition[]) => Promise<number[][]>,
): Promise<ShapleyValue[]> {
  const orders = Array.from({ length: paths }, () => shuffled(players));
  const none = Array.from({ length: players }, () => false);
  const chains = orders.map((order) => {
    const chain: Coalition[] = [none];
    for (const player of order) chain.push(chain.at(-1)!.with(player, true));
    return chain;
  });
  const distinct = new Map(chains.flat().map((coalition) => [keyOf(coalition), coalition]));
  const results = await evaluate([...distinct.values()]);
  const byKey = new Map([...distinct.keys()].map((key, index) => [key, results[index] ?? []]));
  const valueOf = (coalition: Coalition, output: number) => byKey.get(keyOf(coalition))?.[output] ?? Number.NaN;
  const outputs = results[0]?.length ?? 0;
  return Array.from({ length: outputs }, (_, output) => {
    const gains: number[][] = Array.from({ length: players }, () => []);
    chains.forEach((chain, path) => {
      orders[path]!.forEach((player, position) => {
        gains[player]!.push(valueOf(chain[position + 1]!, output) - valueOf(chain[position]!, output));
      });
    });
    const attributions = gains.map(mean);
    return { none: valueOf(none, output), attributions, error: relativeError(gains, attributions) };
  });
}

/** The standard errors of the attributions, against their size. One path says nothing about it. */
function relativeError(gains: readonly number[][], attributions: readonly number[]): number | undefined {
  const paths = gains[0]?.length ?? 0;
  if (paths < 2) return undefined;
  const errors = gains.map((each, player) => {
    const variance = each.reduce((sum, gain) => sum + (gain - attributions[player]!) ** 2, 0) / (paths - 1);
    return Math.sqrt(variance / paths);
  });
  const size = attributions.reduce((sum, each) => sum + Math.abs(each), 0);
  const error = errors.reduce((sum, each) => sum + each, 0);
  return size === 0 ? error : error / size;
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

function keyOf(coalition: Coalition): string {
  return coalition.map((each) => (each ? "1" : "0")).join("");
}

/** 0 to `count` - 1 in an order of chance (Fisher and Yates). */
function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
