import { describe, expect, it } from "vitest";
import {
  type Attention,
  attentions,
  ParameterScope,
  ParameterStore,
  positions,
  type Recurrent,
  SequenceBatch,
  scope,
  type Tensor,
  tensor,
} from "../../ts/nn/index.js";
import { LINEAR, randomValues, sequences } from "./linearInputs.js";

const projection = randomValues(11, 1.5, 60);

describe.each(LINEAR)("%s, token by token", (attention) => {
  it.each(["eq19", "rotate-before"] as const)(
    "%s: a state in the place of all tokens gives what all tokens give",
    (rotation) => {
      const [T, B, heads, D] = [140, 2, 2, 6];
      const store = new ParameterStore();
      const place = new ParameterScope(store, 1);
      const position = positions.rotary({ params: place, embeddingWidth: 1, heads, headSize: D, maxPositions: 1 });
      const options = {
        params: place,
        heads,
        headSize: D,
        position,
        rotation,
        numRandomFeatures: 10,
        kernelEpsilon: 0,
      };
      const layer = attentions[attention](options) as Attention & Recurrent;
      store.allocate();
      for (const matrix of store.saved) matrix.write(projection);
      const values = [1, 2, 3].map((seed) => Float32Array.from(randomValues(seed, 1.2, B * T * heads * D)));
      const C = heads * D;
      const together = scope(() => {
        const [q, k, v] = values.map((x) => tensor(x, [B * T, C])) as [Tensor, Tensor, Tensor];
        return layer
          .forward(q, k, v, { heads, batch: sequences([0, T, 2 * T]), position, mask: { causal: true } })
          .read();
      });
      const state = layer.begin(B, heads, D);
      const size = state.state.size;
      for (let t = 0; t < T; t++) {
        scope(() => {
          const token = (x: Float32Array) =>
            tensor([...x.subarray(t * C, (t + 1) * C), ...x.subarray((T + t) * C, (T + t + 1) * C)], [B, C]);
          const [q, k, v] = values.map(token) as [Tensor, Tensor, Tensor];
          const batch = new SequenceBatch({ offsets: Int32Array.of(0, 1, 2), positions: Int32Array.of(t, t) });
          const out = layer.step(q, k, v, { heads, batch, position, mask: {} }, state).read();
          for (const [i, x] of out.entries()) {
            const want = together[(i < C ? t : T + t) * C + (i % C)]!;
            expect(Math.abs(x - want), `token ${t}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(want)));
          }
        });
      }
      expect(state.state.size).toBe(size);
      state.free();
      position.free?.();
      store.free();
    },
  );
});

it("a step that is refused leaves the state as it was", () => {
  const place = new ParameterScope(new ParameterStore(), 1);
  const layer = attentions["linear-shen"]({
    params: place,
    heads: 1,
    headSize: 4,
    position: positions.none(),
  }) as Attention & Recurrent;
  const state = layer.begin(1, 1, 4);
  const call = { heads: 1, batch: sequences([0, 1]), position: positions.none(), mask: {} };
  scope(() => {
    const [small, loud] = [tensor([1, 1, 1, 1], [1, 4]), tensor([50, 50, 50, 50], [1, 4])];
    layer.step(small, small, small, call, state);
    const before = [state.levels.slice(), state.state.read(), state.sums.read()];
    const wide = tensor(Array(8).fill(1), [1, 8]);
    expect(() => layer.step(small, loud, wide, call, state)).toThrow(/linear_step/);
    expect([state.levels, state.state.read(), state.sums.read()]).toEqual(before);
  });
  state.free();
});

it("a Performer whose features depend on later keys is refused token by token", () => {
  const place = new ParameterScope(new ParameterStore(), 1);
  const options = {
    params: place,
    heads: 1,
    headSize: 4,
    position: positions.none(),
    kernelEpsilon: 1e-4,
    numRandomFeatures: 4,
  };
  const layer = attentions.performer(options) as Attention & Recurrent;
  place.store.allocate();
  const state = layer.begin(1, 1, 4);
  scope(() => {
    const x = tensor([1, 2, 3, 4], [1, 4]);
    const call = { heads: 1, batch: sequences([0, 1]), position: positions.none(), mask: {} };
    expect(() => layer.step(x, x, x, call, state)).toThrow(/needs kernel_epsilon 0/);
  });
  state.free();
  place.store.free();
});
