/** What one round of one contender gave, by metric, such as `{ requestsPerSecond: 812, p50: 9.1 }`. */
export type Numbers = Record<string, number>;

/** What a measurement is told. */
export interface Surroundings {
  /** The interpreter with MLflow and scikit-learn, for this package's server and MLflow's own. */
  python: string;
  /** The interpreter with MLServer and Google's SDK. Images of this package have nothing of them. */
  peersPython: string;
  /** An empty directory of this measurement alone, removed after it. */
  directory: string;
  /** How long a round loads a server, in seconds. */
  seconds: number;
  /** The size of the large model, in megabytes. */
  megabytes: number;
  /** What the network to both stores of `large` carries each way, in megabytes a second. */
  link: number;
  signal: AbortSignal;
  /** Says what is going on. */
  say: (detail: string) => void;
  /** Has something done when the measurement is over, or has failed; the last comes first. */
  afterwards: (end: () => unknown) => void;
}

/** Who is measured, by name; each call is one round. `ours` is this package, and a peer has the name that the rows say. */
export type Contenders = Record<string, () => Promise<Numbers>>;

/** Something that is measured of this package and its peers, side by side. */
export interface Measurement {
  /** What chooses it on the command line. */
  name: string;
  /** Starts what is needed, and checks that all contenders give the same answers. */
  setUp(surroundings: Surroundings): Promise<Contenders>;
  /** Rounds, where each gives the same numbers, as a count of requests does. Default: what the command line says. */
  rounds?: number;
}

/** A line of the table: one metric of this package against one peer. */
export interface Row {
  /** The measurement's name. */
  measurement: string;
  what: string;
  metric: string;
  /** What a number of the metric is in. */
  unit: string;
  /** The peer's name, or null for a number that stands alone. */
  peer: string | null;
  /** Which of two numbers is the better one. */
  better: "higher" | "lower";
  /**
   * With a peer: how many times better this package has to be. Alone: the most that the number may be. Null where nothing is
   * asked for, and the row says how near the limit another one is, or how exact it is.
   */
  bar: number | null;
}
