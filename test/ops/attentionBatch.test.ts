import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { memory } from "../../ts/engine/memory.js";
import { ConfigError, EngineError, ShapeError } from "../../ts/errors.js";
import { attentions, type Mask } from "../../ts/nn/attentions/index.js";
import { positions } from "../../ts/nn/positions/index.js";
import { attention } from "../../ts/ops/attention.js";
import { AttentionBatch, type AttentionBatchOptions, attentionBatch } from "../../ts/ops/attentionBatch.js";
import { linearAttention } from "../../ts/ops/linearAttention.js";
import { sum } from "../../ts/ops/reduce.js";
import { noScope, scope } from "../../ts/tensor/scope.js";
import { integers, sizeOf, type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { randomValues, sequences } from "../nn/linearInputs.js";

beforeAll(() => engine().set_poison(true));

/** Bytes and number of slots: without working memory, which is kept. */
const held = () => [engine().used_bytes(), memory().slots];
let before: number[];
beforeEach(() => {
  before = held();
});
afterEach(() => expect(held()).toEqual(before));

const [HEADS, N, C] = [2, 6, 4];
const OFFSETS = [0, 2, 6];
const ints = (...values: number[]) => integers(Int32Array.from(values));
const numbers = (seed: number) => tensor(randomValues(seed, 1, N * C), [N, C]);
const described = (options: Partial<AttentionBatchOptions> = {}) =>
  attentionBatch({ heads: HEADS, queryOffsets: ints(...OFFSETS), ...options });
/** One call of softmax attention, as a layer makes it. */
const layer = (x: Tensor, batch = sequences(OFFSETS), mask: Mask = {}) =>
  attentions.softmax().forward(x, x, x, { heads: HEADS, batch, position: positions.none(), mask });

describe("a batch of attention", () => {
  it("serves any number of calls, forward and backward, with the bits of a call that describes it anew", () => {
    scope(() => {
      const [q, k, v] = [numbers(1), numbers(2), numbers(3)] as const;
      const bias = tensor(randomValues(4, 1, 2 * 16), [2, 4, 4]);
      const [slopes, queryPositions] = [tensor([0.5, 0.25]), ints(0, 1, 0, 1, 2, 3)];
      const of: AttentionBatchOptions = {
        ...{ heads: HEADS, queryOffsets: ints(...OFFSETS), window: 2, prefix: ints(1, 2), bias },
        ...{ slopes, queryPositions },
      };
      const batch = attentionBatch(of);
      const run = (options: Parameters<typeof attention>[3]) => {
        const loss = () => sum(attention(attention(q, k, v, options), k, v, options));
        const { loss: value, gradients } = valueAndGradients(loss, [q, k, v, bias]);
        return [value, ...gradients.map((dx) => [...(dx?.read() ?? [])])];
      };
      const dropout = { rate: 0.25, seed: 3, stream: 4, step: 5 };
      expect(run({ batch, bias, dropout })).toEqual(run({ ...of, bias, dropout }));
      expect(run({ batch })).toEqual(run({ ...of, bias: undefined }));
    });
  });

  it("has copies of what it was made of, which may change or end", () => {
    scope(() => {
      const x = numbers(1);
      const [queryOffsets, prefix, slopes] = [ints(...OFFSETS), ints(1, 2), tensor([1, 2])];
      const queryPositions = ints(0, 1, 0, 1, 2, 3);
      const batch = attentionBatch({ heads: HEADS, queryOffsets, prefix, slopes, queryPositions });
      const first = attention(x, x, x, { batch }).read();
      for (const one of [slopes, queryOffsets]) one.write(new Float32Array(one.size).fill(9));
      for (const one of [queryOffsets, prefix, slopes, queryPositions]) one.free();
      expect(attention(x, x, x, { batch }).read()).toEqual(first);
    });
  });

  it("ends with its scope, or with `free`, and is refused from then on", () => {
    scope(() => {
      const x = numbers(1);
      let batch = noScope(() => scope(() => described()));
      expect(memory().slots).toBe(before[1]! + 2);
      attention(x, x, x, { batch });
      batch.free();
      batch.free();
      expect(() => attention(x, x, x, { batch })).toThrow("attention: no slot 0: it was freed, or never made");
      scope(() => {
        batch = described();
      });
      expect(() => attention(x, x, x, { batch })).toThrow("attention: no slot 0: it was freed, or never made");
    });
  });

  it("lives until gradients have read it", () => {
    scope(() => {
      const x = numbers(1);
      const grads = (batch: () => AttentionBatch) =>
        valueAndGradients(() => sum(attention(x, x, x, { batch: batch() })), [x]).gradients[0]!.read();
      const outer = described();
      expect(grads(() => described())).toEqual(grads(() => outer));
      const early = () => {
        const batch = described();
        const y = attention(x, x, x, { batch });
        batch.free();
        return sum(y);
      };
      expect(() => valueAndGradients(early, [x])).toThrow("attention_backward: no slot 0: it was freed");
    });
  });

  it("is not a tensor, and no tensor is one", () => {
    scope(() => {
      const [x, batch] = [numbers(1), described()];
      const wrong = new AttentionBatch(x.slot, HEADS);
      expect(() => attention(x, x, x, { batch: wrong })).toThrow(
        new EngineError(`attention: slot ${x.slot} is a tensor, not a batch`),
      );
      const number = `slot ${batch.slot} is a batch, not a tensor`;
      expect(() => batch.read()).toThrow(`address: ${number}`);
      expect(() => batch.write([1])).toThrow(`address: ${number}`);
      expect(() => sum(batch)).toThrow(`sum: ${number}`);
    });
  });

  it("says what was found where it cannot be, and takes nothing", () => {
    const wrong = (options: Partial<AttentionBatchOptions>, error: object) =>
      scope(() => expect(() => described(options)).toThrow(error));
    wrong({ heads: 0 }, new ShapeError("attention: heads", 0, "a whole number from 1"));
    wrong({ window: 0.5 }, new ShapeError("attention: window", 0.5, "a whole number from 1"));
    wrong({ bias: { shape: [3, 4, 4] } }, new ShapeError("attention: bias", [3, 4, 4], "[1 or 2, T, S]"));
    for (const size of [2 ** 32 + 4, 4.5, -1, Number.NaN])
      wrong({ bias: { shape: [1, size, 4] } }, new ShapeError("attention: bias", [1, size, 4], "[1 or 2, T, S]"));
    wrong({ bias: { shape: [1, 4, 3] } }, new EngineError("attention: bias has 3 columns, and sequence 1 has 4 keys"));
    wrong(
      { casual: true } as never,
      new ConfigError('attentionBatch: unknown option "casual"; did you mean "causal"?'),
    );
    const refused = (options: () => Partial<AttentionBatchOptions>, message: string) =>
      scope(() => expect(() => described(options())).toThrow(new EngineError(`attention: ${message}`)));
    refused(() => ({ queryOffsets: ints(1, 2) }), "query_offsets begin at 1, not at 0");
    refused(() => ({ queryOffsets: ints(0, 3, 2) }), "query_offsets[2] is 2, below 3 before it");
    refused(() => ({ keyOffsets: ints(0, 2) }), "query_offsets holds 3 numbers, key_offsets 2");
    refused(() => ({ queryOffsets: ints() }), "query_offsets is empty; no sequences are [0]");
    refused(() => ({ prefix: ints(3, 0) }), "prefix[0] is 3, and its sequence has 2 keys");
    const slopes = () => tensor([1, 1]);
    const at = () => ints(0, 1, 2 ** 24, 3, 4, 5);
    refused(
      () => ({ slopes: slopes(), queryPositions: at() }),
      "query_positions[2] is 16777216, not from 0 to 16777215",
    );
    refused(
      () => ({ slopes: slopes(), queryPositions: ints(0, 1, 2, 3, 4, 5), keyPositions: ints(0) }),
      "key_positions holds 1 numbers, not [S] = 6",
    );
  });

  it("is refused for tensors that it does not describe, or beside what it was described without", () => {
    scope(() => {
      const [x, batch] = [numbers(1), described()];
      const short = tensor(randomValues(1, 1, 5 * C), [5, C]);
      expect(() => attention(short, x, x, { batch })).toThrow(
        "attention: query_offsets end at 6, not at N = 5, the rows of q",
      );
      expect(() => attention(x, short, short, { batch })).toThrow(
        "attention: key_offsets end at 6, not at S = 5, the rows of k",
      );
      const bias = tensor(randomValues(1, 1, 16), [1, 4, 4]);
      expect(() => attention(x, x, x, { batch, bias })).toThrow(
        new ShapeError("attention: bias", [1, 4, 4], "none: the batch was described without"),
      );
      const biased = described({ bias: { shape: [1, 4, 8] } });
      // As many numbers in other rows would be read as if they were in the batch's.
      for (const shape of [
        [1, 8, 4],
        [2, 4, 4],
        [1, 4, 7],
      ])
        expect(() =>
          attention(x, x, x, { batch: biased, bias: tensor(randomValues(1, 1, sizeOf(shape)), shape) }),
        ).toThrow(new ShapeError("attention: bias", shape, "[1 or 2, 4, 8]"));
      for (const other of [null, 3, {}, ints(0, 6)])
        expect(() => attention(x, x, x, { batch: other as never })).toThrow(
          new ConfigError("attention: batch is not one that attentionBatch gives"),
        );
      expect(() => attention(x, x, x, { batch, causal: true } as never)).toThrow(
        new ConfigError("attention: causal is given beside batch, which was described without it"),
      );
      const local = described({ window: 1 });
      expect(() => linearAttention({ a: x, b: x, v: x }, { batch: local })).toThrow(
        "linear_attention: the batch has a window, and linear attention makes no scores",
      );
    });
  });

  it("is made once for all layers that ask for the same, and ends with the scope of the sequences", () => {
    const made = vi.spyOn(engine(), "attention_batch");
    try {
      scope(() => {
        const [x, batch] = [numbers(1), sequences(OFFSETS)];
        const run = (mask: Mask) => scope(() => layer(x, batch, mask)).read();
        const plain = run({});
        expect(run({ causal: false })).toEqual(plain);
        expect(made).toHaveBeenCalledTimes(1);
        const [causal, open] = [run({ causal: true }), run({ prefix: Int32Array.of(1, 3) })];
        expect(run({ prefix: Int32Array.of(1, 3) })).toEqual(open);
        expect(run({ causal: true, keys: batch })).toEqual(causal);
        expect(made).toHaveBeenCalledTimes(3);
        run({ prefix: Int32Array.of(1, 2) });
        run({ bias: tensor(new Float32Array(16), [1, 4, 4]) });
        run({ window: 1 });
        run({ keys: sequences(OFFSETS) });
        expect(made).toHaveBeenCalledTimes(7);
        expect(run({})).toEqual(plain);
        expect(made).toHaveBeenCalledTimes(7);
        const prefix = Int32Array.of(1, 2); // known
        const before = run({ prefix });
        prefix[1] = 3;
        expect(run({ prefix })).toEqual(open);
        prefix[1] = 2;
        expect(run({ prefix })).toEqual(before);
        expect(made).toHaveBeenCalledTimes(7);
      });
    } finally {
      made.mockRestore();
    }
  });

  it("ends with its layer where the sequences are in no scope", () => {
    scope(() => {
      const [x, batch] = [numbers(1), noScope(() => sequences(OFFSETS))];
      const slots = memory().slots;
      const run = () => scope(() => layer(x, batch).read());
      const first = run();
      expect(memory().slots).toBe(slots);
      expect(run()).toEqual(first);
      for (const one of [batch.offsets, batch.positions]) one.free();
    });
  });

  it("is kept for gradients where the sequences end before them", () => {
    scope(() => {
      const [x, outer] = [numbers(1), sequences(OFFSETS)];
      const grads = (batch?: typeof outer) =>
        valueAndGradients(() => scope(() => sum(layer(layer(x, batch), batch))), [x]).gradients[0]!.read();
      expect(grads()).toEqual(grads(outer));
    });
  });
});
