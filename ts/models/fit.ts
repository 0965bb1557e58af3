import { CheckpointError } from "../errors.js";
import { matchNames } from "../io/names.js";
import { quote, type Weights } from "../io/weights.js";
import type { RoFormerConfig } from "./config.js";
import { familyOf, nameRules } from "./families.js";
import { refuseForeignWeights } from "./foreign.js";
import type { Network } from "./network.js";

/** A parameter that a file has in another shape. */
export interface Mismatch {
  /** The parameter's name. */
  readonly name: string;
  /** Its shape in the file. */
  readonly shape: readonly number[];
  /** The shape that the model wants. */
  readonly wanted: readonly number[];
}

/** How a file's tensors fit a network's parameters. */
export interface Fit {
  /** The file's names of the parameters that it has in their shapes. */
  readonly found: ReadonlyMap<string, string>;
  /** Parameters that it lacks. */
  readonly missing: readonly string[];
  /** Tensors that are no parameters. */
  readonly unexpected: readonly string[];
  readonly mismatched: readonly Mismatch[];
}

/** Finds each parameter in a file. Weights of another kind of model are a CheckpointError. */
export function fitWeights(weights: Weights, { store, config }: Network): Fit {
  const wanted = store.saved.map(({ name }) => name);
  const { found, missing, unexpected } = matchNames(wanted, [...weights.tensors.keys()], nameRules(familyOf(config)));
  refuseForeignWeights(weights.name, found.keys(), missing);
  const mismatched = store.saved.flatMap(({ name, shape: wanted }): Mismatch[] => {
    const file = found.get(name);
    const shape = file === undefined ? wanted : weights.tensors.get(file)!.shape;
    return shape.join() === wanted.join() ? [] : [{ name, shape, wanted }];
  });
  for (const { name } of mismatched) found.delete(name);
  return { found, missing, unexpected, mismatched };
}

/**
 * One error that lists all that is missing or has another shape, and what else the file holds. `hint`: what else may be wrong with
 * the configuration, "" for nothing.
 */
export function requireFit({ name }: Weights, { config }: Network, fit: Fit, hint = ""): void {
  const { missing, mismatched, unexpected } = fit;
  if (missing.length + mismatched.length === 0) return;
  const { hidden_size, num_hidden_layers, vocab_size } = config;
  const lists = [
    list("Missing", missing),
    list("Wrong shapes", mismatched.map(inWords)),
    // What is missing may be there under another name.
    missing.length > 0 ? list("Unexpected", unexpected.map(quote)) : "",
  ];
  throw new CheckpointError(
    `${name} does not fit config.json (hidden_size ${hidden_size}, num_hidden_layers ${num_hidden_layers}, ` +
      `vocab_size ${vocab_size}).${hint && ` ${hint}`}${pruned(config, mismatched)}${lists.join("")}`,
  );
}

/** Heads that transformers 4 took out of layers, which are not taken out here. */
function pruned({ pruned_heads }: RoFormerConfig, mismatched: readonly Mismatch[]): string {
  const layers = Object.entries(pruned_heads ?? {}).filter(([, heads]) => Array.isArray(heads) && heads.length > 0);
  if (layers.length === 0 || !mismatched.some(({ name }) => name.includes(".attention."))) return "";
  const words = layers.map(([layer, heads]) => `${(heads as unknown[]).length} in layer ${layer}`);
  return ` config.json says pruned_heads (${words.slice(0, 20).join(", ")}), and layers without some of their heads are not supported.`;
}

/** One line: a parameter, its shape, the shape that it should have. */
export const inWords = ({ name, shape, wanted }: Mismatch): string =>
  `${name} is [${shape.join(", ")}], not [${wanted.join(", ")}]`;

/** A sentence that lists names, "" for none. */
export function list(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` ${what}: ${names.slice(0, 20).join("; ")}${names.length > 20 ? `; and ${names.length - 20} more` : ""}.`;
}
