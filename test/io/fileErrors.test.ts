import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError, convert, DataError, inspect, RoFormer, RoFormerError, Tokenizer } from "../../ts/index.js";
import { platform } from "../../ts/platform/index.js";
import { evaluate, finetune, pretrain } from "../../ts/train/index.js";
import { smallModel } from "../pipelines/models.js";
import { temporaryFolder } from "../process.js";

const model = fileURLToPath(new URL("../golden/storage/safetensors/", import.meta.url));

/** What a file system may answer, and Node itself. */
const CODES = [
  ...["EACCES", "EPERM", "EIO", "ELOOP", "ENAMETOOLONG", "EISDIR", "ENOTDIR", "ENOENT", "EMFILE", "ENFILE", "ENOMEM"],
  ...[
    "EBUSY",
    "ESTALE",
    "ENXIO",
    "EINVAL",
    "EBADF",
    "EAGAIN",
    "ENOSPC",
    "EROFS",
    "EDQUOT",
    "EFBIG",
    "EXDEV",
    "UNKNOWN",
  ],
  ...["ERR_FS_FILE_TOO_LARGE", "ERR_INVALID_ARG_VALUE", "ERR_OUT_OF_RANGE", "ERR_STRING_TOO_LONG"],
];
const failing = (code: string) => Object.assign(new Error(`${code}: made for a test, open '/some/path'`), { code });

const saved = temporaryFolder();
const csv = join(saved, "rows.csv");
const work: Record<string, () => Promise<unknown>> = {
  "a model": async () => (await RoFormer.load(model, { head: "base" })).close(),
  "a tokenizer": () => Tokenizer.load(join(saved, "m")),
  "a tokenizer's file": () => Tokenizer.load(join(saved, "m/vocab.txt")),
  inspect: () => inspect(join(saved, "m")),
  "inspect of a file": () => inspect(join(model, "model.safetensors")),
  convert: () => convert(model, join(saved, "converted"), { head: "base" }),
  "fine-tuning": () =>
    finetune({ train: csv, text: "text", label: "label", epochs: 1, init: join(saved, "m"), out: join(saved, "out") }),
  evaluation: async () => {
    const classifier = await smallModel("sequence-classification");
    return evaluate(classifier, { data: csv, text: "text", label: "label" }).finally(() => classifier.close());
  },
  "pre-training": () => pretrain({ objective: "clm", data: [csv], tokenizer: join(saved, "m"), steps: 1 }),
};
const calls = [
  "fileSize",
  "readFile",
  "readRange",
  "listFolder",
  "exists",
  "stream",
  "writeFolder",
  "tryFolder",
] as const;

afterEach(() => vi.restoreAllMocks());

describe("whatever a file system answers is an error of this library:", () => {
  it.each(calls)(
    "platform.%s",
    async (call) => {
      const classifier = await smallModel("sequence-classification");
      await classifier.save(join(saved, "m"));
      classifier.close();
      writeFileSync(csv, `text,label\n${"good,yes\nbad,no\n".repeat(10)}`);
      let reached = 0;
      for (const code of CODES) {
        const real = platform[call].bind(platform) as (...args: unknown[]) => never;
        // Each of the first calls fails in its turn, as long as there are such calls.
        for (let after = 0; after < (code === "EIO" ? 8 : 1); after++) {
          for (const [name, run] of Object.entries(work)) {
            let count = 0;
            vi.spyOn(platform, call).mockImplementation(((...args: unknown[]) => {
              if (count++ !== after) return real(...args);
              if (call === "stream") return endsWith(failing(code));
              return Promise.reject(failing(code));
            }) as never);
            const error = await run().then(
              () => undefined,
              (error: unknown) => error,
            );
            vi.restoreAllMocks();
            if (error === undefined) continue;
            reached++;
            expect(error, `${name}: ${code} of call ${after}: ${error}`).toBeInstanceOf(RoFormerError);
            expect((error as Error).message, name).not.toContain("\n");
          }
        }
      }
      expect(reached).toBeGreaterThan(CODES.length);
    },
    120_000,
  );
});

async function* endsWith(error: Error): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
  throw error;
}

describe("a model's folder", () => {
  const refused = async (prepare: (folder: string) => void) => {
    const folder = temporaryFolder();
    prepare(folder);
    return RoFormer.load(folder).catch((error: unknown) => error as RoFormerError);
  };

  it("whose config.json is a link to itself is named", async () => {
    const error = await refused((folder) => symlinkSync("config.json", join(folder, "config.json")));
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(/config\.json cannot be read: its links lead in a circle \(ELOOP\)$/);
  });

  it("whose path is too long is named", async () => {
    const error = await RoFormer.load(`/tmp/${"a".repeat(300)}`).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(/aaa\/[^ ]+ cannot be read: the path is too long \(ENAMETOOLONG\)$/);
  });

  it("with a huge file of text is refused before that is read", async () => {
    const read = vi.spyOn(platform, "readFile");
    const error = await refused((folder) => {
      writeFileSync(join(folder, "config.json"), "");
      truncateSync(join(folder, "config.json"), 3e9);
    });
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/config\.json has 3000000000 bytes; the maximum is 67108864$/);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "tokenizer.json"), "");
    truncateSync(join(folder, "tokenizer.json"), 3e9);
    const other = await Tokenizer.load(folder).catch((error: unknown) => error);
    expect(other).toBeInstanceOf(DataError);
    expect((other as Error).message).toMatch(/tokenizer\.json has 3000000000 bytes; the maximum is/);
    expect(read).not.toHaveBeenCalled();
  });

  it("that does not exist has a reason to say so", async () => {
    const nowhere = join(temporaryFolder(), "none");
    const asks = [
      () => RoFormer.load(nowhere),
      () => Tokenizer.load(nowhere),
      () => inspect(join(nowhere, "model.safetensors")),
    ];
    for (const ask of asks) await expect(ask()).rejects.toMatchObject({ reason: "not-found" });
    mkdirSync(join(nowhere, "config.json"), { recursive: true });
    await expect(RoFormer.load(nowhere)).rejects.toBeInstanceOf(ConfigError);
  });
});

it("what ends while config.json is read keeps its class", async () => {
  const read = vi.spyOn(platform, "readFile");
  read.mockRejectedValueOnce(failing("EIO"));
  await expect(RoFormer.load(model)).rejects.toMatchObject({
    name: "DataError",
    message: expect.stringMatching(/config\.json cannot be read: the disk failed \(EIO\)$/),
  });
});
