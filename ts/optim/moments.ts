import { engine, running } from "../engine/engine.js";
import { CheckpointError } from "../errors.js";
import { noScope, scope } from "../tensor/scope.js";
import { zeros } from "../tensor/tensor.js";
import type { OptimizerState, ParameterBuffers, Place, StateTensor } from "./optimizer.js";

/** Names that an error lists. */
const LISTED = 5;

/**
 * What an optimizer keeps of each parameter that is trained, by PyTorch's names: a flat buffer a name, laid out as the
 * gradients. While it lives, nothing can be frozen or thawed.
 */
export class Moments {
  /** Where the parameters lie. */
  readonly places: readonly Place[];
  /** Slots of the buffers, in the order of the names; none after {@link free}. */
  slots: readonly number[];
  private readonly names: readonly string[];
  private readonly release: () => void;

  /** Makes memory for gradients and buffers, zeroed. Errors: ConfigError for int8 weights, EngineError where there is no memory. */
  constructor(store: ParameterBuffers, names: readonly string[]) {
    store.requireGradients();
    this.names = names;
    this.places = store.trained();
    // All or none: what was made before memory ran out ends with the scope.
    const make = () => names.map(() => zeros([store.gradientSize]));
    this.slots = noScope(() => scope(make)).map(({ slot }) => slot);
    this.release = store.hold();
  }

  /** One tensor a buffer and parameter: `….weight.exp_avg`. */
  tensors(): StateTensor[] {
    return this.places.flatMap((place) =>
      this.names.map((name, i) => ({
        name: `${place.name}.${name}`,
        shape: place.shape,
        read: () => this.numbers(i, place),
      })),
    );
  }

  /** Overwrites all with a state of `optimizer`, the name in errors. Errors: CheckpointError. */
  async restore(optimizer: string, { step, tensors }: OptimizerState): Promise<void> {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new CheckpointError(`${optimizer}: the state's step is ${step}; expected a whole number from 0`);
    this.check(optimizer, tensors);
    const own = this.places.flatMap((place) =>
      this.names.map((name, i) => [`${place.name}.${name}`, { slot: this.slots[i]!, place }] as const),
    );
    const targets = new Map<string, { slot: number; place: Place }>(own);
    for (const tensor of tensors) {
      const numbers = await tensor.read();
      const { slot, place } = targets.get(tensor.name)!;
      if (numbers.length !== place.length)
        throw new CheckpointError(
          `${optimizer}: ${tensor.name} has ${numbers.length} numbers; expected ${place.length}`,
        );
      running().write(slot, numbers, place.gradientOffset);
    }
  }

  /** Refuses a state whose tensors are not those that are kept. */
  private check(optimizer: string, tensors: readonly StateTensor[]): void {
    const own = new Map(this.tensors().map(({ name, shape }) => [name, shape]));
    const given = new Map(tensors.map(({ name, shape }) => [name, shape]));
    const missing = [...own.keys()].filter((name) => !given.has(name));
    const unexpected = [...given.keys()].filter((name) => !own.has(name));
    const twice = tensors.map(({ name }) => name).filter((name, i, all) => all.indexOf(name) !== i);
    const mismatched = tensors
      .filter(({ name, shape }) => own.has(name) && own.get(name)!.join() !== shape.join())
      .map(({ name, shape }) => `${name} is [${shape.join(", ")}], not [${own.get(name)!.join(", ")}]`);
    const lists = Object.entries({
      Missing: missing,
      Unexpected: unexpected,
      Twice: twice,
      "Wrong shapes": mismatched,
    });
    const wrong = lists.filter(([, names]) => names.length > 0).map(([what, names]) => ` ${what}: ${listed(names)}.`);
    if (wrong.length > 0)
      throw new CheckpointError(
        `${optimizer}: the state does not fit the parameters that are trained.${wrong.join("")}`,
      );
  }

  private numbers(buffer: number, { gradientOffset, length }: Place): Float32Array {
    const window = engine().window(this.slots[buffer] ?? 0, gradientOffset, length);
    try {
      return running().read(window, length);
    } finally {
      engine().free(window);
    }
  }

  /** Gives the memory back. */
  free(): void {
    for (const slot of this.slots) engine().free(slot);
    if (this.slots.length > 0) this.release();
    this.slots = [];
  }
}

const listed = (names: readonly string[]): string =>
  names.slice(0, LISTED).join("; ") + (names.length > LISTED ? `; and ${names.length - LISTED} more` : "");
