import { CheckpointError, RoFormerError } from "../errors.js";
import { type Files, fileName, reason } from "./files.js";
import { readPickle } from "./pickle.js";
import { placeholderIn } from "./placeholders.js";
import { isLegacy, openLegacy } from "./torchLegacy.js";
import { bytesEach, type Storage, tensorsOf, torchNames, type View } from "./torchTensors.js";
import { quote, readBytes, readSpan, type Span, tensorName, type Weights, widening } from "./weights.js";
import { openZip, type Zip } from "./zip.js";

/** Maximum size of the pickle in bytes: room for 100,000 tensors. */
const LONGEST_PICKLE = 10_000_000;
/** Numbers gathered at once from a storage in another order. */
const PIECE = 1 << 20;

/** The tensors of a file by name, and the positions of their storages. */
export interface TorchFile {
  readonly tensors: ReadonlyMap<string, View>;
  /** The byte at which a storage begins. */
  begin(storage: Storage): Promise<number>;
}

/**
 * Opens a dictionary of tensors written by `torch.save`: a `pytorch_model.bin`. Its pickle may name only tensors,
 * storages and OrderedDict, and no code in it runs. Errors: CheckpointError that names the file. Memory is
 * bounded by the file's size. Source of the format: torch/serialization.py.
 */
export async function openTorch(files: Files, file: string): Promise<Weights> {
  const name = fileName(files, file);
  const other = await placeholderIn(files, file);
  if (other !== undefined) throw new CheckpointError(`${name} ${other}`);
  const { tensors, begin } = await inWords(name, async () =>
    (await isLegacy(files, file)) ? openLegacy(files, file) : openZipped(files, file),
  );
  return {
    name,
    tensors: new Map([...tensors].map(([tensor, { storage, shape }]) => [tensor, { dtype: storage.dtype, shape }])),
    async *pieces(tensor) {
      const view = tensors.get(tensor);
      if (view === undefined) throw new CheckpointError(`${tensorName(files, { file, tensor })} is not there`);
      const at = await inWords(name, () => begin(view.storage));
      yield* readView(files, { file, tensor, dtype: view.storage.dtype }, view, at);
    },
  };
}

/** Turns errors of parsers into errors that name the file. */
async function inWords<T>(name: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    const unforeseen = error instanceof SyntaxError ? "" : "is not what torch.save writes: ";
    throw new CheckpointError(`${name}: ${unforeseen}${reason(error)}`, { cause: error });
  }
}

async function openZipped(files: Files, file: string): Promise<TorchFile> {
  const zip = await openZip(files, file);
  const pickle = [...zip.sizes.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickle === undefined) throw new SyntaxError("is a zip without the data.pkl that torch.save writes");
  const inside = (name: string) => pickle.replace(/data\.pkl$/, name);
  await checkByteOrder(zip, inside("byteorder"));
  const tensors = tensorsOf(readPickle(await zip.read(pickle, LONGEST_PICKLE), torchNames).value);
  for (const [tensor, { storage }] of tensors) {
    const held = zip.sizes.get(inside(`data/${storage.key}`));
    const wanted = storage.length * bytesEach(storage);
    if (held === wanted) continue;
    const got = held === undefined ? "is not there" : `has ${held} bytes, not ${wanted}`;
    throw new SyntaxError(`tensor ${quote(tensor)}: its storage ${quote(storage.key)} ${got}`);
  }
  return { tensors, begin: ({ key }) => zip.begin(inside(`data/${key}`)) };
}

/** Files from before PyTorch 2.1 do not tell; nearly all are little-endian. */
async function checkByteOrder(zip: Zip, name: string): Promise<void> {
  if (!zip.sizes.has(name)) return;
  const order = new TextDecoder().decode(await zip.read(name, 16));
  if (order !== "little") throw new SyntaxError(`is ${quote(order)}-endian; only little-endian files are supported`);
}

/** The numbers of a view in the order of its elements. */
async function* readView(files: Files, part: Omit<Span, "begin" | "end">, view: View, storageBegin: number) {
  const each = bytesEach(view.storage);
  const begin = storageBegin + view.offset * each;
  const span = { ...part, begin, end: begin + view.extent * each };
  if (view.isContiguous) yield* readSpan(files, span);
  else {
    const convert = widening(files, span);
    const bytes = await readBytes(files, span);
    for (const gathered of gather(bytes, view, each)) {
      const numbers = new Float32Array(gathered.length / each);
      convert(numbers, 0, gathered);
      yield numbers;
    }
  }
}

/** Gathers the elements of a view from the bytes that span them, piece by piece. */
function* gather(bytes: Uint8Array<ArrayBuffer>, { elements, shape, strides }: View, each: number) {
  const index = shape.map(() => 0);
  let at = 0;
  for (let done = 0; done < elements; ) {
    const piece = new Uint8Array(each * Math.min(PIECE, elements - done));
    for (let to = 0; to < piece.length; to += each, done++) {
      for (let byte = 0; byte < each; byte++) piece[to + byte] = bytes[at * each + byte]!;
      // Advances to the next element, the last dimension fastest.
      for (let d = shape.length - 1; d >= 0; d--) {
        at += strides[d]!;
        if (++index[d]! < shape[d]!) break;
        at -= strides[d]! * shape[d]!;
        index[d] = 0;
      }
    }
    yield piece;
  }
}
