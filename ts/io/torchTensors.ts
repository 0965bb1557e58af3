import { BITS } from "./dtypes.js";
import type { PickledFunction, PickleNames } from "./pickle.js";
import { quote } from "./weights.js";

/** PyTorch's storage classes, with safetensors' names of their types. */
const STORAGES: ReadonlyMap<string, string> = new Map([
  ["DoubleStorage", "F64"],
  ["FloatStorage", "F32"],
  ["HalfStorage", "F16"],
  ["BFloat16Storage", "BF16"],
  ["LongStorage", "I64"],
  ["IntStorage", "I32"],
  ["ShortStorage", "I16"],
  ["CharStorage", "I8"],
  ["ByteStorage", "U8"],
  ["BoolStorage", "BOOL"],
]);
/** Maximum number of dimensions, as many as PyTorch can print; more is a mistake or an attack. */
const MOST_DIMENSIONS = 64;

/** Consecutive numbers of one type, under a key of the file. */
export class Storage {
  readonly key: string;
  readonly dtype: string;
  /** Number of elements, according to the pickle. */
  readonly length: number;

  constructor(key: string, dtype: string, length: number) {
    [this.key, this.dtype, this.length] = [key, dtype, length];
    Object.freeze(this);
  }
}

/** A window of a storage: element (i, j, …) is number `offset` + i · strides[0] + j · strides[1] + … */
export class View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    [this.storage, this.offset, this.shape, this.strides] = [storage, offset, shape, strides];
    Object.freeze(this);
  }

  /** Number of elements. */
  get elements(): number {
    return this.shape.reduce((product, n) => product * n, 1);
  }

  /** Numbers of the storage from the first element to the last. */
  get extent(): number {
    if (this.elements === 0) return 0;
    return 1 + this.shape.reduce((sum, n, d) => sum + (n - 1) * this.strides[d]!, 0);
  }

  /** Whether the elements are contiguous. */
  get isContiguous(): boolean {
    let step = 1;
    for (let d = this.shape.length - 1; d >= 0; d--) {
      if (this.shape[d] !== 1 && this.strides[d] !== step) return this.elements === 0;
      step *= this.shape[d]!;
    }
    return true;
  }
}

/** The functions that `torch.save` names, and what each makes. */
const FUNCTIONS: ReadonlyMap<string, PickledFunction> = new Map<string, PickledFunction>([
  ["collections.OrderedDict", () => new Map()],
  ["torch._utils._rebuild_tensor_v2", (storage, offset, shape, strides) => rebuild(storage, offset, shape, strides)],
  ["torch._utils._rebuild_parameter", (tensor) => tensor],
  ...[...STORAGES.keys()].map((name): [string, PickledFunction] => [`torch.${name}`, refuseCall(name)]),
]);
const CLASSES = new Map([...STORAGES].map(([name, dtype]) => [FUNCTIONS.get(`torch.${name}`), dtype]));

/** The names allowed in the pickle of a `pytorch_model.bin`: tensors and storages, nothing that runs. */
export const torchNames: PickleNames = {
  resolve(module, name) {
    const found = FUNCTIONS.get(`${module}.${name}`);
    if (found) return found;
    throw new SyntaxError(
      `names ${quote(`${module}.${name}`)}, which is not part of a tensor: save only model.state_dict()`,
    );
  },
  // ("storage", class, key, device, length) and, in old files, a view of a storage, which is null.
  persistent(id) {
    const [kind, type, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
    const dtype = CLASSES.get(type as PickledFunction);
    if (kind !== "storage" || dtype === undefined || typeof key !== "string" || !isCount(length) || (view ?? null))
      throw new SyntaxError("refers to something that is not a storage of numbers");
    return new Storage(key, dtype, length);
  },
};

function refuseCall(name: string): PickledFunction {
  return () => {
    throw new SyntaxError(`calls torch.${name}`);
  };
}

function rebuild(storage: unknown, offset: unknown, shape: unknown, strides: unknown): View {
  if (!(storage instanceof Storage)) throw new SyntaxError("has a tensor without a storage");
  const [sizes, steps] = [counts("sizes", shape), counts("strides", strides)];
  if (!isCount(offset)) throw new SyntaxError(`has a tensor with the offset ${String(offset)}`);
  if (sizes.length !== steps.length)
    throw new SyntaxError(`has a tensor of ${sizes.length} sizes and ${steps.length} strides`);
  const view = new View(storage, offset, sizes, steps);
  const reached = view.elements === 0 ? 0 : offset + view.extent;
  if (!(reached <= storage.length) || !(view.elements <= storage.length)) {
    const place = `[${sizes.join(", ")}], strides [${steps.join(", ")}], from ${offset}`;
    throw new SyntaxError(`has a tensor ${place} of a storage of ${storage.length} numbers (${storage.dtype})`);
  }
  return view;
}

function counts(what: string, value: unknown): number[] {
  const fine = Array.isArray(value) && value.length <= MOST_DIMENSIONS && value.every(isCount);
  if (!fine) throw new SyntaxError(`has a tensor whose ${what} are not at most ${MOST_DIMENSIONS} whole numbers`);
  return [...(value as number[])];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Keys of the weights in checkpoints of training programs: Lightning, PyTorch's examples, DeepSpeed. */
const STATE_DICTS = ["state_dict", "model_state_dict", "model", "module"];

/**
 * The tensors of an unpickled state dict, or of the one in a training program's checkpoint. Numbers, strings and the like
 * are skipped; no tensors at all is an error.
 */
export function tensorsOf(value: unknown): Map<string, View> {
  if (!(value instanceof Map)) throw new SyntaxError(`holds ${kindOf(value)}, not a dictionary of tensors`);
  const tensors = viewsOf(value);
  if (tensors.size > 0) return tensors;
  const inside = [...value].filter(([, held]) => held instanceof Map && viewsOf(held).size > 0);
  const names = inside.map(([name]) => String(name));
  const chosen = inside.length === 1 ? names[0] : STATE_DICTS.find((name) => names.includes(name));
  if (chosen !== undefined) return viewsOf(inside[names.indexOf(chosen)]![1] as Map<unknown, unknown>);
  if (inside.length > 0)
    throw new SyntaxError(
      `holds several dictionaries of tensors, ${names.map(quote).join(", ")}: save one of them alone`,
    );
  const [first] = value;
  const held = first === undefined ? "an empty dictionary" : `${kindOf(first[1])} under ${quote(String(first[0]))}`;
  throw new SyntaxError(`has ${held}, not a tensor`);
}

function viewsOf(map: Map<unknown, unknown>): Map<string, View> {
  const tensors = new Map<string, View>();
  for (const [name, tensor] of map) {
    if (!(tensor instanceof View)) continue;
    if (typeof name !== "string") throw new SyntaxError(`has ${kindOf(name)} for a tensor's name`);
    tensors.set(name, tensor);
  }
  return tensors;
}

function kindOf(value: unknown): string {
  if (value === null) return "None";
  if (value instanceof Map) return "a dictionary";
  return Array.isArray(value) ? "a list or tuple" : `a ${typeof value}`;
}

/** Bytes of one number of a storage. */
export const bytesEach = ({ dtype }: Storage): number => BITS[dtype]! / 8;
