import type { Files } from "./files.js";
import { readPickle } from "./pickle.js";
import type { TorchFile } from "./torch.js";
import { bytesEach, type Storage, tensorsOf, torchNames } from "./torchTensors.js";

/** The first pickle of a file from before PyTorch 1.6, a magic number, and the second, the format version. */
const BEGINNING = Uint8Array.of(
  ...[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
  ...[0x80, 0x02, 0x4d, 0xe9, 0x03, 0x2e],
);
/** Maximum size of the pickles in bytes, as for a `data.pkl`. */
const LONGEST_PICKLES = 10_000_000;

/** Whether a file was written by PyTorch before 1.6: consecutive pickles, then the storages. */
export async function isLegacy(files: Files, file: string): Promise<boolean> {
  const head = await files.readRange(file, 0, BEGINNING.length);
  return head.length === BEGINNING.length && head.every((byte, i) => byte === BEGINNING[i]);
}

/** Opens such a file: pickles of the machine's sizes, the tensors and the keys of the storages; then the length and numbers of each storage. */
export async function openLegacy(files: Files, file: string): Promise<TorchFile> {
  const size = await files.size(file);
  const head = await files.readRange(file, 0, Math.min(size, LONGEST_PICKLES));
  let at = BEGINNING.length;
  const next = (): unknown => {
    const { value, end } = readPickle(head.subarray(at), torchNames);
    at += end;
    return value;
  };
  const machine = next();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true)
    throw new SyntaxError("is big-endian; only little-endian files are supported");
  const tensors = tensorsOf(next());
  const keys = next();
  if (!Array.isArray(keys)) throw new SyntaxError("has no list of storages behind its tensors");
  const storages = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const begins = await placeStorages(files, file, { keys, storages, at, size });
  return { tensors, begin: async ({ key }) => begins.get(key)! };
}

interface Stored {
  readonly keys: readonly unknown[];
  readonly storages: ReadonlyMap<string, Storage>;
  readonly at: number;
  readonly size: number;
}

/** The start of each storage, which follows its length in eight bytes. */
async function placeStorages(files: Files, file: string, stored: Stored): Promise<Map<string, number>> {
  const begins = new Map<string, number>();
  let { at } = stored;
  for (const key of stored.keys) {
    const storage = stored.storages.get(key as string);
    if (storage === undefined || begins.has(storage.key))
      throw new SyntaxError(
        `lists the storage ${JSON.stringify(String(key).slice(0, 50))}, which no tensor has, or twice`,
      );
    const counted = await files.readRange(file, at, at + 8);
    const length =
      counted.length < 8 ? undefined : new DataView(counted.buffer, counted.byteOffset, 8).getBigInt64(0, true);
    if (length !== BigInt(storage.length))
      throw new SyntaxError(
        `has a storage ${JSON.stringify(storage.key)} of ${length ?? "no"} numbers, not ${storage.length}`,
      );
    begins.set(storage.key, at + 8);
    at += 8 + storage.length * bytesEach(storage);
  }
  const absent = [...stored.storages.keys()].find((key) => !begins.has(key));
  if (absent !== undefined) throw new SyntaxError(`lacks the storage ${JSON.stringify(absent)}`);
  if (at !== stored.size) throw new SyntaxError(`has ${stored.size} bytes, where its storages end at byte ${at}`);
  return begins;
}
