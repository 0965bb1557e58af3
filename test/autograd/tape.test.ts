import { beforeAll, describe, expect, it } from "vitest";
import { noGrad, nonDifferentiable, record, valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { activation } from "../../ts/ops/activation.js";
import { linear, linearParts } from "../../ts/ops/gemm.js";
import { layerNorm } from "../../ts/ops/layerNorm.js";
import { add, reshape, scale, sum } from "../../ts/ops/reduce.js";
import { rope } from "../../ts/ops/rope.js";
import { scope } from "../../ts/tensor/scope.js";
import { integers, tensor } from "../../ts/tensor/tensor.js";

beforeAll(() => engine().set_poison(true));

describe("the tape", () => {
  it("adds up the gradients of a tensor that is used often, through shared memory too", () => {
    scope(() => {
      const x = tensor([1, 2, 3, 4]);
      const { loss, gradients } = valueAndGradients(() => {
        const twice = add(x, x); // both inputs get the very same gradient tensor
        return sum(add(add(twice, reshape(twice, [2, 2])), scale(x, 10)));
      }, [x]);
      expect(loss).toBe(10 * 14);
      expect([...gradients[0]!.read()]).toEqual([14, 14, 14, 14]);
    });
  });

  it("frees intermediate tensors, whether gradients need them or not, and when the loss throws", () => {
    const before = engine().live();
    scope(() => {
      const x = tensor([1, 2, 3]);
      valueAndGradients(() => sum(scope(() => scale(scale(x, 2), 3))), [x]);
      const boom = () =>
        valueAndGradients(() => {
          scale(x, 2);
          throw new Error("boom");
        }, [x]);
      expect(boom).toThrow("boom");
      expect(() => valueAndGradients(() => sum(x), [x])).not.toThrow();
    });
    expect(engine().live()).toBe(before);
  });

  it("frees the gradients that are under way when backward throws", () => {
    const before = engine().live();
    scope(() => {
      const x = tensor([1, 2, 3]);
      const boom = () =>
        valueAndGradients(() => {
          const broken = record(scale(x, 2), [x], [], () => {
            throw new Error("boom");
          });
          return sum(add(scale(x, 5), add(x, broken))); // that of scale(x, 5) waits when the error comes
        }, [x]);
      expect(boom).toThrow("boom");
    });
    expect(engine().live()).toBe(before);
  });

  it("makes outputs again whose scope has ended, the same bits, instead of keeping them", () => {
    const run = (inScope: <T>(body: () => T) => T) =>
      scope(() => {
        const at = (length: number) => tensor(Float32Array.from({ length }, (_, i) => Math.sin(3 * i)));
        const [x, w, b] = [reshape(at(6 * 8), [6, 8]), reshape(at(64), [8, 8]), at(8)];
        const table = { cos: reshape(at(24), [6, 4]), sin: reshape(at(24), [6, 4]) };
        const positions = integers(Int32Array.of(0, 1, 2, 3, 4, 5));
        let kept = 0;
        const { gradients } = valueAndGradients(() => {
          const before = engine().used_bytes();
          const y = inScope(() => {
            const normal = layerNorm(activation(x, "gelu"), b, b, { eps: 1e-5 });
            const inner = linear(rope(normal, table, positions, 1), w);
            return linear(layerNorm(inner, b, b, { eps: 1e-5, residual: x }), w);
          });
          kept = engine().used_bytes() - before;
          return sum(activation(y, "tanh"));
        }, [x, w, b]);
        return { kept, gradients: gradients.map((gradient) => [...gradient!.read()]) };
      });
    const before = engine().live();
    const [again, kept] = [run(scope), run((body) => body())];
    expect(again.gradients).toEqual(kept.gradients);
    expect(kept.kept - again.kept).toBe(4 * 6 * 8 * 5); // an activation, two norms, a rotation, and a product that nobody reads
    expect(engine().live()).toBe(before);
  });

  it("gives the bias of frozen weights its gradient", () => {
    scope(() => {
      const [x, w, b] = [tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor([0, 0, 0])];
      const { gradients } = valueAndGradients(() => sum(linear(x, w, b)), [b]);
      expect([...gradients[0]!.read()]).toEqual([2, 2, 2]);
    });
  });

  it("leaves out what nothing depends on", () => {
    scope(() => {
      const [x, unused] = [tensor([1, 2, 3]), tensor([5])];
      const w = tensor(
        Float32Array.from({ length: 6 }, (_, i) => i),
        [2, 1, 3],
      );
      const { gradients } = valueAndGradients(() => sum(linearParts(reshape(x, [1, 3]), w)[1]!), [x, unused]);
      expect([...gradients[0]!.read()]).toEqual([3, 4, 5]); // the other part's gradient is none, not NaN
      expect(gradients[1]).toBeUndefined();
    });
  });

  it("throws where a gradient is asked of what has none", () => {
    scope(() => {
      const x = tensor([1, 2]);
      const rounded = () => nonDifferentiable("round", scale(x, 1), [x]);
      expect(() => valueAndGradients(() => sum(rounded()), [x])).toThrow("round has no gradient");
      expect(() => valueAndGradients(() => sum(noGrad(() => scale(x, 2))), [x])).toThrow(/depends on nothing/);
    });
  });
});
