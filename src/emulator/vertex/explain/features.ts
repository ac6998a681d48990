/** The features of an instance, as `ExplanationMetadata.inputs` addresses them. */
import { invalidArgument, unimplemented } from "../../google-error.js";
import { isObject, type JsonObject } from "../../proto/parse.js";
import type { InputMetadata } from "./explanation-spec.js";
import type { Coalition } from "./sampled-shapley.js";

/** A scalar of a feature, with the value that it has in the baseline. */
interface Leaf {
  value: unknown;
  baseline: unknown;
  /** Which player of the game it belongs to. */
  player: number;
}

/** A feature's value with its scalars replaced. */
type Tree = Leaf | Tree[];

/** An instance that can be put between itself and a baseline. */
export class ExplainedInstance {
  readonly #instance: unknown;
  readonly #inputs: [string, InputMetadata][];
  readonly #trees = new Map<string, Tree>();
  readonly #groups = new Map<string, number>();
  #players = 0;

  /**
   * @param baseline Which of the inputs' baselines is meant, where they have several.
   * @throws GoogleError INVALID_ARGUMENT for an instance or a baseline that does not fit the metadata.
   */
  constructor(instance: unknown, inputs: Readonly<Record<string, InputMetadata>>, baseline: number) {
    this.#instance = instance;
    this.#inputs = Object.entries(inputs);
    for (const [name, input] of this.#inputs) {
      const baselines = input.inputBaselines ?? [];
      const given = baselines.length > 1 ? baselines[baseline] : baselines[0];
      this.#trees.set(name, this.#tree(this.#feature(name), given, name, input));
    }
  }

  /** How many scalars, or groups of them, are exchanged. */
  get players(): number {
    return this.#players;
  }

  /** The instance with the players of a coalition as they are, all others as in the baseline. */
  with(coalition: Coalition): unknown {
    const values = [...this.#trees].map(
      ([name, tree]) => [name, mapTree(tree, (leaf) => (coalition[leaf.player] ? leaf.value : leaf.baseline))] as const,
    );
    return isObject(this.#instance) ? { ...this.#instance, ...Object.fromEntries(values) } : values[0]![1];
  }

  /** `Attribution.featureAttributions`: in the features' own form, by group where they have one. */
  attributions(ofPlayers: readonly number[]): JsonObject {
    const named: JsonObject = {};
    for (const [name, { groupName, indexFeatureMapping }] of this.#inputs) {
      const tree = this.#trees.get(name)!;
      if (groupName !== undefined) named[groupName] = ofPlayers[this.#groups.get(groupName)!];
      else if (indexFeatureMapping && Array.isArray(tree)) {
        indexFeatureMapping.forEach((each, index) => (named[each] = valuesOf(tree[index]!, ofPlayers)));
      } else named[name] = valuesOf(tree, ofPlayers);
    }
    return named;
  }

  #feature(name: string): unknown {
    if (!isObject(this.#instance)) {
      if (this.#inputs.length === 1) return this.#instance;
      throw invalidArgument("An instance without keys can be explained only when the metadata have one input.");
    }
    if (Object.hasOwn(this.#instance, name)) return this.#instance[name];
    throw invalidArgument(`The instance has no "${name}", which is an input of the explanation metadata.`);
  }

  #tree(value: unknown, baseline: unknown, name: string, input: InputMetadata): Tree {
    const { groupName, indexFeatureMapping } = input;
    if (indexFeatureMapping && (!Array.isArray(value) || value.length !== indexFeatureMapping.length)) {
      throw invalidArgument(`The input "${name}" is not a list as long as its index_feature_mapping.`);
    }
    return this.#branch(value, baseline, name, groupName);
  }

  #branch(value: unknown, baseline: unknown, name: string, group: string | undefined): Tree {
    if (Array.isArray(value)) {
      if (Array.isArray(baseline) && baseline.length !== value.length) {
        throw invalidArgument(`A baseline of the input "${name}" does not have the shape of the instance.`);
      }
      return value.map((each, index) =>
        this.#branch(each, Array.isArray(baseline) ? baseline[index] : baseline, name, group),
      );
    }
    if (isObject(value)) throw unimplemented(`The emulator does not explain the input "${name}": it is an object.`);
    if (typeof baseline === "object" && baseline !== null) {
      throw invalidArgument(`A baseline of the input "${name}" does not have the shape of the instance.`);
    }
    if (baseline === undefined && typeof value !== "number") {
      throw unimplemented(
        `The emulator chooses a baseline for numbers alone: give input_baselines of the input "${name}".`,
      );
    }
    return { value, baseline: baseline === undefined ? 0 : baseline, player: this.#player(group) };
  }

  #player(group: string | undefined): number {
    if (group === undefined) return this.#players++;
    const known = this.#groups.get(group) ?? this.#players++;
    this.#groups.set(group, known);
    return known;
  }
}

/**
 * How many baselines there are to average over.
 *
 * @throws GoogleError INVALID_ARGUMENT when two inputs have different numbers of them, other than one.
 */
export function baselineCount(inputs: Readonly<Record<string, InputMetadata>>): number {
  const counts = Object.values(inputs).map(({ inputBaselines = [] }) => inputBaselines.length);
  const several = new Set(counts.filter((count) => count > 1));
  if (several.size > 1) throw invalidArgument("The inputs have different numbers of input_baselines.");
  return [...several][0] ?? 1;
}

function mapTree(tree: Tree, change: (leaf: Leaf) => unknown): unknown {
  return Array.isArray(tree) ? tree.map((each) => mapTree(each, change)) : change(tree);
}

function valuesOf(tree: Tree, ofPlayers: readonly number[]): unknown {
  return mapTree(tree, ({ player }) => ofPlayers[player]);
}
