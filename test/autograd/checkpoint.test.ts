import { beforeAll, describe, expect, it } from "vitest";
import { checkpoint } from "../../ts/autograd/checkpoint.js";
import { noGrad, nonDifferentiable, valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { activation } from "../../ts/ops/activation.js";
import { dropout } from "../../ts/ops/dropout.js";
import { matmul } from "../../ts/ops/gemm.js";
import { add, reshape, scale, sum } from "../../ts/ops/reduce.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";

beforeAll(() => engine().set_poison(true));

const random = (length: number, seed: number): Tensor => {
  const numbers = new Philox(seed, 92);
  return tensor(Float32Array.from({ length }, () => 4 * numbers.uniform() - 2));
};

/** One step of a small network: x, used twice, and a constant. */
const layer = (x: Tensor, constant: Tensor): Tensor => {
  const dropped = dropout(activation(x, "gelu"), { rate: 0.3, seed: 1, stream: 2, step: 3 });
  return add(scale(add(dropped, x), 0.7), add(constant, activation(x, "tanh")));
};

/** Loss and gradients of three layers, with or without checkpoints. */
function threeLayers(checkpoints: boolean) {
  return scope(() => {
    const [x, c] = [random(999, 1), random(999, 2)];
    const run = (input: Tensor) => (checkpoints ? checkpoint(() => layer(input, c), [input]) : layer(input, c));
    const { loss, gradients } = valueAndGradients(() => {
      let y = x;
      for (let i = 0; i < 3; i++) {
        const input = y;
        y = scope(() => run(input), i > 0 ? [input] : []);
      }
      return sum(add(activation(y, "sigmoid"), x)); // x has a gradient already when the first layer's comes
    }, [x]);
    return { loss, gradient: gradients[0]!.read() };
  });
}

describe("checkpoint", () => {
  it("gives the same loss and the same gradients, bit for bit, dropout and all", () => {
    const before = engine().live();
    const [plain, saving] = [threeLayers(false), threeLayers(true)];
    expect(saving.loss).toBe(plain.loss);
    expect([...saving.gradient]).toEqual([...plain.gradient]);
    expect(engine().live()).toBe(before);
  });

  it("keeps its inputs and its output, and nothing in between", () => {
    const held = (checkpoints: boolean) =>
      scope(() => {
        const x = reshape(random(2 ** 12, 1), [64, 64]);
        let kept = 0;
        valueAndGradients(() => {
          const body = () => matmul(matmul(matmul(x, x), x), x);
          const before = engine().used_bytes();
          const y = scope(() => (checkpoints ? checkpoint(body, [x]) : body()));
          kept = engine().used_bytes() - before;
          return sum(y);
        }, [x]);
        return kept / (4 * 2 ** 12);
      });
    expect([held(true), held(false)]).toEqual([1, 3]);
  });

  it("may return its input, or a part of it, and may do nothing with it", () => {
    scope(() => {
      const [x, unused] = [tensor([1, 2, 3, 4]), tensor([1])];
      const gradient = (body: () => Tensor, then: (y: Tensor) => Tensor) =>
        valueAndGradients(() => add(sum(then(checkpoint(body, [x, unused]))), sum(x, 0)), [x, unused]).gradients;
      const [same] = gradient(
        () => x,
        (y) => scale(y, 3),
      );
      expect([...same!.read()]).toEqual([3, 3, 3, 3]);
      const [reshaped, none] = gradient(
        () => reshape(x, [2, 2]),
        (y) => add(y, y),
      );
      expect([...reshaped!.read()]).toEqual([2, 2, 2, 2]);
      expect(none).toBeUndefined();
      const [nothing] = gradient(
        () => tensor([5]),
        (y) => y,
      );
      expect([...nothing!.read()]).toEqual([0, 0, 0, 0]);
    });
  });

  it("may stand in another one", () => {
    const run = (wrap: typeof checkpoint) =>
      scope(() => {
        const [x, c] = [random(33, 1), random(33, 2)];
        const inner = (input: Tensor) => wrap(() => layer(input, c), [input]);
        const outer = () => scale(inner(inner(x)), 2);
        return [...valueAndGradients(() => sum(wrap(outer, [x])), [x]).gradients[0]!.read()];
      });
    expect(run(checkpoint)).toEqual(run((body) => body()));
  });

  it("runs its body once where nothing is recorded, and twice for gradients", () => {
    scope(() => {
      let runs = 0;
      const x = tensor([1]);
      const body = () => {
        runs++;
        return scale(x, 2);
      };
      noGrad(() => checkpoint(body, [x]));
      expect(runs).toBe(1);
      valueAndGradients(() => sum(checkpoint(body, [x])), [x]);
      expect(runs).toBe(3);
    });
  });

  it.each([1, 2])("leaves nothing behind when its body throws in run %i", (fatal) => {
    const before = engine().live();
    scope(() => {
      const x = tensor([1, 2, 3, 4], [2, 2]);
      let runs = 0;
      const body = () => {
        const y = scope(() => matmul(matmul(x, x), activation(x, "gelu")));
        if (++runs === fatal) throw new Error("boom");
        return y;
      };
      const loss = () => sum(add(scale(x, 5), checkpoint(body, [x])));
      expect(() => valueAndGradients(loss, [x])).toThrow("boom");
      expect(() => valueAndGradients(() => sum(x), [x])).not.toThrow();
    });
    expect(engine().live()).toBe(before);
  });

  it("refuses a body that reads what has a gradient and is not among its inputs, or that has none", () => {
    const before = engine().live();
    scope(() => {
      const [x, other] = [tensor([1, 2]), tensor([3, 4])];
      const closure = () => sum(checkpoint(() => add(x, other), [x]));
      expect(() => valueAndGradients(closure, [x, other])).toThrow(/checkpoint: .* not among its inputs/);
      const rounded = () => sum(checkpoint(() => nonDifferentiable("round", scale(x, 1), [x]), [x]));
      expect(() => valueAndGradients(rounded, [x])).toThrow("round has no gradient");
    });
    expect(engine().live()).toBe(before);
  });
});
