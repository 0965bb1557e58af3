import { engine, running } from "../engine/engine.js";
import { CheckpointError, EngineError } from "../errors.js";
import { noScope, scope } from "../tensor/scope.js";
import { zeros } from "../tensor/tensor.js";
import type { OptimizerState, ParameterBuffers, Place, StateTensor } from "./optimizer.js";

/** Names that an error lists. */
const LISTED = 5;

/** Steps that can have been made: the kernel counts the next one in 31 bits. */
const MOST_STEPS = 2 ** 31 - 2;

/**
 * What an optimizer keeps of each parameter that is trained, by PyTorch's names: a flat buffer a name, laid out as the
 * gradients. While it lives, nothing can be frozen or thawed.
 */
export class Moments {
  /** Where the parameters lie. */
  readonly places: readonly Place[];
  /** Slots of the buffers, in the order of the names; none after {@link free}. */
  private slots: readonly number[];
  /** Whether all is 0. */
  private isFresh = true;
  private isRestoring = false;
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

  /** The buffers' slots for `where`, which changes them. Errors: EngineError after {@link free}, and while {@link restore} runs. */
  take(where: string): readonly number[] {
    this.refuse(where);
    this.isFresh = false;
    return this.slots;
  }

  private refuse(where: string): void {
    this.refuseFreed(where);
    if (this.isRestoring) throw new EngineError(`${where}: restore has not ended: await it first`);
  }

  private refuseFreed(where: string): void {
    if (this.slots.length === 0) throw new EngineError(`${where}: the optimizer is freed`, { reason: "closed" });
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

  /**
   * Overwrites all with a state of `where`, the name in errors, which change nothing. Errors: CheckpointError; EngineError after
   * {@link free}, while another call runs, or if it is freed meanwhile.
   */
  async restore(where: string, state: OptimizerState): Promise<void> {
    this.refuse(where);
    checkState(where, state);
    this.check(where, state.tensors);
    // What was not 0 is kept outside of the engine's memory, as there may be no room in it.
    const overwritten: [buffer: number, place: Place, numbers: Float32Array][] = [];
    const targets = this.targets();
    this.isRestoring = true;
    try {
      for (const tensor of state.tensors) {
        const numbers = await tensor.read();
        this.refuseFreed(where);
        const [buffer, place] = targets.get(tensor.name)!;
        if (numbers.length !== place.length)
          throw new CheckpointError(`${where}: ${tensor.name} has ${numbers.length} numbers; expected ${place.length}`);
        if (!this.isFresh) overwritten.push([buffer, place, this.numbers(buffer, place)]);
        this.write(buffer, place, numbers);
      }
      this.isFresh = false;
    } catch (error) {
      if (this.isFresh) for (const slot of this.slots) engine().fill(slot, 0);
      else if (this.slots.length > 0) for (const one of overwritten) this.write(...one);
      throw error;
    } finally {
      this.isRestoring = false;
    }
  }

  /** Buffer and place of each tensor, by its name. */
  private targets(): Map<string, readonly [buffer: number, place: Place]> {
    return new Map(
      this.places.flatMap((place) => this.names.map((name, i) => [`${place.name}.${name}`, [i, place]] as const)),
    );
  }

  private write(buffer: number, { gradientOffset }: Place, numbers: ArrayLike<number>): void {
    running().write(this.slots[buffer]!, numbers, gradientOffset);
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
    this.refuseFreed("the optimizer's state");
    const window = engine().window(this.slots[buffer]!, gradientOffset, length);
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

/** Refuses what is not a state at all. */
function checkState(where: string, state: OptimizerState): void {
  const { step, tensors } = state ?? {};
  const isTensor = ({ name, shape, read }: StateTensor) =>
    typeof name === "string" && Array.isArray(shape) && typeof read === "function";
  if (!Array.isArray(tensors) || !tensors.every((tensor) => isTensor(tensor ?? {})))
    throw new CheckpointError(`${where}: the state has no list of tensors with name, shape and read`);
  if (!Number.isSafeInteger(step) || step < 0 || step > MOST_STEPS)
    throw new CheckpointError(`${where}: the state's step is ${step}; expected a whole number from 0 to ${MOST_STEPS}`);
}

const listed = (names: readonly string[]): string =>
  names.slice(0, LISTED).join("; ") + (names.length > LISTED ? `; and ${names.length - LISTED} more` : "");
