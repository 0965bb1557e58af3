import { cpSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { smallModel } from "../pipelines/models.js";
import { temporaryFolder } from "../process.js";
import { AbortError, ConfigError, createPool, EngineError, failure, rows, session, transfer } from "./built.js";

type Pool = Awaited<ReturnType<typeof createPool>>;

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});
async function poolOf(options: Parameters<typeof createPool>[0]): Promise<Pool> {
  pools.push(await createPool(options));
  return pools.at(-1)!;
}

const later = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const kill = (pool: Pool) =>
  failure(pool.run((asked) => (asked.worker as Worker).terminate().then(() => asked.memory())));
const config = {
  vocab_size: 90,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 128,
};

describe("a session", () => {
  it("that is closed while it restarts stays closed, and two restarts are one", async () => {
    const asked = await session();
    const restarting = failure(asked.restart());
    await asked.close();
    expect((await restarting).message).toBe("the session was closed");
    expect(asked.alive).toBe(false);

    const other = await session();
    const before = other.worker;
    const [first, second] = [other.restart(), other.restart()];
    expect(first).toBe(second);
    await first;
    expect(other.worker).not.toBe(before);
    expect((await other.memory()).used).toBe(0);
  });

  it("gives up calls that wait even where each is one piece of work, and answers memory between them", async () => {
    const asked = await session();
    const model = await asked.create({ ...config, num_hidden_layers: 6, hidden_size: 256, intermediate_size: 1024 });
    const inputs = { inputIds: [Array.from({ length: 256 }, (_, i) => i % 90)] };
    const controller = new AbortController();
    let done = 0;
    const calls = Array.from({ length: 30 }, () =>
      model.forward(inputs, { signal: controller.signal }).then(
        () => void done++,
        (error) => error,
      ),
    );
    await asked.memory();
    expect(done).toBeLessThan(15);
    controller.abort();
    const errors = (await Promise.all(calls)).filter((error) => error !== undefined);
    expect(errors.length).toBeGreaterThan(15);
    for (const error of errors) {
      expect(error).toBeInstanceOf(AbortError);
      expect(error.message).toBe("forward was aborted before its turn came");
    }
  });

  it("takes what an argument with listeners was marked to give away, a stream too", async () => {
    const asked = await session();
    const text = rows(40)
      .map((row) => JSON.stringify(row))
      .join("\n");
    const stream = new Blob([text]).stream();
    const options = {
      ...{ text: "text", label: "label", epochs: 1, batch: 8, onProgress: () => undefined },
      train: { name: "rows.jsonl", bytes: stream },
    };
    const unmarked = await failure(asked.finetune(options));
    expect(unmarked).toBeInstanceOf(ConfigError);
    expect(unmarked.message).toMatch(/^session: finetune got an argument that cannot be sent/);
    const { metrics } = await asked.finetune(transfer(options, [stream]));
    expect(metrics.steps).toBeGreaterThan(0);
    const values = new Float32Array(4);
    transfer(values, [values.buffer]);
    structuredClone(values, { transfer: [values.buffer] });
    expect(() => transfer(values, [values.buffer])).toThrow("transfer: buffers[0] was already transferred");
    const model = await asked.create(config);
    const [parameter] = await model.parameters();
    const given = await parameter!.read();
    transfer(given, [given.buffer]);
    await parameter!.write(given);
    expect(await failure(parameter!.write(given))).toBeInstanceOf(ConfigError); // whether the runtime tells at once or its worker does
  });

  it("names a module that is not the kernels', and is none the worse for it", async () => {
    const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    const error = await failure(session({ wasm: empty }));
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toBe("the wasm module could not be loaded: it is another module than the kernels'");
    const text = await failure(session({ wasm: "core.wasm" as never }));
    expect(text.message).toBe('the wasm module could not be loaded: "core.wasm" is a text: give a URL');
  });
});

describe("a pool", () => {
  it("answers again once a model can be loaded again, and says why until then", async () => {
    const folder = join(temporaryFolder(), "model");
    const here = await smallModel("base");
    await here.save(folder);
    const pool = await poolOf({ size: 1 });
    const model = await pool.load(folder);
    renameSync(folder, `${folder}-away`);
    await kill(pool);
    expect((await failure(model.embed("a dog"))).message).toMatch(/config\.json: no such file/);
    expect((await failure(model.embed("a dog"))).message).toMatch(/config\.json: no such file/);
    cpSync(`${folder}-away`, folder, { recursive: true });
    expect(await model.embed("a dog")).toEqual(await here.embed("a dog"));
  });

  it("loads into a session that died meanwhile, and keeps nothing of a load that failed", async () => {
    const here = await smallModel("base");
    const pool = await poolOf({ size: 2 });
    const dead = pool.run(async (asked) => void (await (asked.worker as Worker).terminate()));
    await dead;
    const model = await pool.load(await here.files());
    expect(await Promise.all([1, 2, 3, 4].map(() => model.embed("a dog")))).toEqual(
      Array(4).fill(await here.embed("a dog")),
    );
    await model.close();
    const used = () => Promise.all([0, 1, 2, 3].map(() => pool.run(async (asked) => (await asked.memory()).slots)));
    await expect(pool.load("no/such/folder")).rejects.toThrow("no such file");
    expect(await used()).toEqual([0, 0, 0, 0]);
    await expect(model.embed("a dog")).rejects.toThrow("the model is closed");
  });

  it("has room for all who ask for it in turn, and for those who ask while a request that waited leaves", async () => {
    const pool = await poolOf({ size: 1, maxQueue: 2 });
    const done = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await pool.ready();
        return pool.run(() => later(1).then(() => i));
      }),
    );
    expect(done).toEqual(done.map((_, i) => i));

    const release: (() => void)[] = [];
    const held = [0, 1].map(() => pool.run(() => new Promise<void>((resolve) => release.push(resolve))));
    const controller = new AbortController();
    const waiting = [0, 1].map(() => failure(pool.run(async () => 1, { signal: controller.signal })));
    const asked = Promise.all([pool.ready(), pool.ready(), pool.ready()]);
    controller.abort();
    await Promise.all(waiting);
    await asked;
    for (const free of release) free();
    await Promise.all(held);
  });

  it("maps two streams at once, and tells what a source or its work throws after what came before", async () => {
    const pool = await poolOf({ size: 1, maxQueue: 1 });
    const doubled = async (numbers: number[]) => {
      const got: number[] = [];
      for await (const n of pool.map(numbers, (i) => pool.run(async () => 2 * i))) got.push(n);
      return got;
    };
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const wanted = numbers.map((i) => 2 * i);
    expect(await Promise.all([doubled(numbers), doubled(numbers)])).toEqual([wanted, wanted]);

    const broken = function* () {
      yield 1;
      yield 2;
      throw new RangeError("source");
    };
    const got: number[] = [];
    const all = async () => {
      for await (const n of pool.map(broken(), async (i) => i)) got.push(n);
    };
    expect(await failure(all())).toBeInstanceOf(RangeError);
    expect(got).toEqual([1, 2]);
    const inTurn: number[] = [];
    const third = async () => {
      const work = async (i: number) => {
        if (i === 3) throw new RangeError("work");
        return i;
      };
      for await (const n of pool.map(numbers, work)) inTurn.push(n);
    };
    expect(await failure(third())).toBeInstanceOf(RangeError);
    expect(inTurn).toEqual([0, 1, 2]);
    const thrown = async () => {
      for await (const n of pool.map([1, 2, 3], (i) => (i === 3 ? (null as never) : Promise.resolve(i)))) got.push(n);
    };
    await thrown();
    expect(got).toEqual([1, 2, 1, 2, null]);
  });

  it("that is closed while a session restarts leaves no worker", async () => {
    const pool = await poolOf({ size: 2 });
    const sessions = await Promise.all([0, 1].map(() => pool.run(async (asked) => asked)));
    await kill(pool);
    await pool.close();
    expect(sessions.map(({ alive }) => alive)).toEqual([false, false]);
  });
});
