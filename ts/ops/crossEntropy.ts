import { isTracked, type OpGradients, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { EngineError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { Parameter } from "../tensor/parameter.js";
import { scope, track } from "../tensor/scope.js";
import { empty, integers, sizeOf, Tensor } from "../tensor/tensor.js";
import { biasBackward } from "./gemm.js";

/** Labels with this value count nowhere (PyTorch's `ignore_index`). */
export const IGNORED = -100;

/** Settings of {@link crossEntropy} and {@link linearCrossEntropy}. */
export interface CrossEntropyOptions {
  /**
   * ε, 0 to 1: a row's loss is (1 − ε) · −ln p(label) + ε · mean of −ln p over all classes, as in PyTorch.
   * @default 0
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * What the sum of the rows' losses is divided by, where the rows are a part of a batch.
   * @default the number of labels that are not −100
   */
  readonly numItemsInBatch?: number | undefined;
}

const OPTIONS: Names<CrossEntropyOptions> = { labelSmoothing: true, numItemsInBatch: true };

/** How many labels are not −100. */
export const countLabels = (labels: ArrayLike<number>): number =>
  Array.from(labels).reduce((n, label) => n + (label === IGNORED ? 0 : 1), 0);

/** Numbers that the kernels keep of a row. */
const STATE = 4;

/** Rows and columns. */
type Size = readonly [number, number];

/** The largest block of logits, 8 MiB: the same for all sizes, so that a sum's order depends on its length alone. */
const BLOCK: Size = [1024, 2048];

/** Up to so many logits, 32 MiB, are kept for backward; of more, each block is computed a second time. */
const KEPT = 2 ** 23;

/**
 * Mean cross-entropy of softmax(`logits`), `[N, V]`, against `labels`, `[N]`, over the labels that are not −100: a tensor of
 * one number, in nats. NaN if none is left, as in PyTorch. Errors: ShapeError for another number of labels or a wrong
 * `labelSmoothing`, EngineError for a label that is not a class.
 */
export function crossEntropy(logits: Tensor, labels: Int32Array, options: CrossEntropyOptions = {}): Tensor {
  const [N, V] = logits.dims("crossEntropy: logits", "N", "V") as [number, number];
  const target = new Target("crossEntropy", [N, V], labels, options);
  const whole = { row: 0, rows: N, column: 0, columns: V };
  target.takeIn({ ...whole, logits });
  return record(target.loss(), [logits], [logits, target.labels, target.state], ([dy], d) => {
    const dlogits = empty([N, V], "crossEntropy: dlogits");
    engine().copy(dlogits.slot, logits.slot);
    target.backward({ ...whole, logits: dlogits }, dy!.item());
    d.give(0, dlogits);
  });
}

/**
 * {@link crossEntropy} of the logits x Wᵀ + b, for `x` `[N, I]`, `weight` `[V, I]` and `bias` `[V]`. Of these `[N, V]`, at most
 * 32 MiB are in memory at a time, in backward too, which computes those of a large vocabulary again. Errors: as there, and
 * EngineError for int8 weights under a tape.
 */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  labels: Int32Array,
  options: CrossEntropyOptions = {},
): Tensor {
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const tracked = isTracked(...inputs);
  const decoder = new Decoder(x, weight, bias, tracked);
  const { size, block } = decoder;
  const target = new Target("linearCrossEntropy", size, labels, options);
  const kept = tracked && size[0] * size[1] <= KEPT;
  const numbers = size.map((most, i) => (kept ? most : Math.min(most, block[i]!)));
  const room = () => empty(numbers, "linearCrossEntropy: logits");
  const logits = room();
  forBlocks(size, block, logits, (block) => {
    decoder.forward(block);
    target.takeIn(block);
  });
  const saved = [...inputs, target.labels, target.state, ...(kept ? [logits] : [])];
  return record(target.loss(), inputs, saved, ([dy], d) => {
    const scale = dy!.item();
    const again = kept ? logits : room();
    decoder.withGradients(d, (gradients) =>
      forBlocks(size, block, again, (block) => {
        if (!kept) decoder.forward(block);
        target.backward(block, scale);
        decoder.backward(block, gradients);
      }),
    );
  });
}

/** A block of the logits `[N, V]`, row by row: some rows, or all, and some columns, or all. */
interface Block {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
  readonly logits: Tensor;
}

/** Calls `body` for every block, columns first. Each has a part of `room` of its own if there is enough, else they share it. */
function forBlocks([N, V]: Size, [height, width]: Size, room: Tensor, body: (block: Block) => void): void {
  let at = 0;
  for (let row = 0; row < N; row += height) {
    for (let column = 0; column < V; column += width) {
      const [rows, columns] = [Math.min(height, N - row), Math.min(width, V - column)];
      scope(() => body({ row, rows, column, columns, logits: window(room, at, [rows, columns]) }));
      if (room.size === N * V) at += rows * columns;
    }
  }
}

/** What rows of logits are held against, and what is known of them. */
class Target {
  /** `[N]` */
  readonly labels: Tensor;
  /** `[N, 4]` */
  readonly state: Tensor;
  private readonly classes: number;
  private readonly smoothing: number;
  /** What the sum of losses is divided by: the rows that are not ignored, unless it is given. */
  private readonly counted: number;

  constructor(op: string, [N, V]: Size, labels: Int32Array, options: CrossEntropyOptions) {
    checkOptions(op, options, OPTIONS);
    const { labelSmoothing = 0, numItemsInBatch = countLabels(labels) } = options;
    if (labels.length !== N) throw new ShapeError(`${op}: labels`, labels.length, `N = ${N} numbers`);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
      throw new ShapeError(`${op}: labelSmoothing`, labelSmoothing, "a number from 0 to 1");
    this.classes = V;
    this.smoothing = labelSmoothing;
    this.counted = numItemsInBatch;
    this.labels = integers(labels);
    this.state = empty([N, STATE], `${op}: state`);
  }

  /** Takes in a block; those of one row come in order. */
  takeIn({ row, rows, column, columns, logits }: Block): void {
    const [state, labels] = [part(this.state, row, [rows, STATE]), part(this.labels, row, [rows])];
    engine().cross_entropy_columns(state.slot, logits.slot, labels.slot, columns, column, IGNORED);
  }

  /** The mean loss of the rows, when all blocks have been taken in. */
  loss(): Tensor {
    const { state, labels, classes, smoothing } = this;
    const losses = empty([labels.size]);
    engine().cross_entropy(losses.slot, state.slot, labels.slot, classes, IGNORED, smoothing);
    const y = empty([1]);
    y.write([engine().sum(losses.slot) / this.counted]);
    return y;
  }

  /** Turns the logits of a block to their gradients, where the loss's is `dy`. */
  backward({ row, rows, column, columns, logits }: Block, dy: number): void {
    const [state, labels] = [part(this.state, row, [rows, STATE]), part(this.labels, row, [rows])];
    const [place, rest] = [[columns, column, this.classes] as const, [this.smoothing, dy / this.counted] as const];
    engine().cross_entropy_backward(logits.slot, state.slot, labels.slot, ...place, IGNORED, ...rest);
  }
}

/** Gradients that are added to; undefined where nobody wants one. */
interface DecoderGradients {
  readonly dx: Tensor | undefined;
  readonly dweight: Tensor | undefined;
  readonly dbias: Tensor | undefined;
}

/** The linear layer that makes logits, block by block. */
class Decoder {
  /** Of the logits, `[N, V]`. */
  readonly size: Size;
  /** Of the largest block. */
  readonly block: Size;
  private readonly I: number;
  private readonly x: Tensor;
  private readonly weight: Tensor;
  private readonly bias: Tensor | undefined;

  constructor(x: Tensor, weight: Tensor, bias: Tensor | undefined, tracked: boolean) {
    const [N, I] = x.dims("linearCrossEntropy: x", "N", "I") as [number, number];
    const [V, width] = weight.dims("linearCrossEntropy: weight", "V", "I") as [number, number];
    if (width !== I) throw new ShapeError("linearCrossEntropy: weight", [V, width], `[V, I] = […, ${I}], as x has`);
    if (bias && bias.size !== V) throw new ShapeError("linearCrossEntropy: bias", [...bias.shape], `[V] = [${V}]`);
    const int8 = weight instanceof Parameter && weight.isInt8;
    if (tracked && int8) throw new EngineError("linearCrossEntropy: int8 weights have no gradients");
    if (tracked && weight instanceof Parameter) weight.unpack();
    this.block = int8 ? [Math.max(1, Math.floor(KEPT / V)), V] : BLOCK; // int8 values are not cut
    [this.size, this.I, this.x, this.weight, this.bias] = [[N, V], I, x, weight, bias];
  }

  forward({ row, rows, column, columns, logits }: Block): void {
    const { I, weight } = this;
    const x = part(this.x, row, [rows, I]);
    const bias = this.bias ? part(this.bias, column, [columns]).slot : 0;
    const parameter = weight instanceof Parameter ? weight : undefined;
    if (parameter?.isInt8) {
      parameter.multiplyInt8(logits.slot, x.slot, bias, rows, 0);
      return;
    }
    // Packed weights hold eight rows together: a block's are whole too.
    const w = part(weight, column, [columns, I]);
    engine().linear(logits.slot, x.slot, w.slot, bias, 1, rows, columns, I, 0, parameter?.packed ?? false);
  }

  /** Takes over `logits` that are gradients. */
  backward({ row, rows, column, columns, logits }: Block, { dx, dweight, dbias }: DecoderGradients): void {
    const sizes = [1, rows, columns, this.I, true] as const;
    const [ofRows, ofColumns] = [[rows, this.I] as const, [columns, this.I] as const];
    if (dx) {
      const [to, weight] = [part(dx, row, ofRows), part(this.weight, column, ofColumns)];
      engine().linear_backward_input(to.slot, logits.slot, weight.slot, ...sizes);
    }
    const b = dbias && part(dbias, column, [columns]);
    if (dweight) {
      const [to, x] = [part(dweight, column, ofColumns), part(this.x, row, ofRows)];
      engine().linear_backward_weight(to.slot, b?.slot ?? 0, logits.slot, x.slot, ...sizes);
    } else if (b) biasBackward(b.slot, logits);
  }

  /** Calls `body` with what is to be added to. */
  withGradients(d: OpGradients, body: (gradients: DecoderGradients) => void): void {
    const wanted = (i: number, { shape }: Tensor, then: (gradient: Tensor | undefined) => void) =>
      d.needs(i) ? d.add(i, (slot) => then(new Tensor(slot, shape))) : then(undefined);
    const { x, weight, bias } = this;
    wanted(0, x, (dx) =>
      wanted(1, weight, (dweight) => {
        if (bias) wanted(2, bias, (dbias) => body({ dx, dweight, dbias }));
        else body({ dx, dweight, dbias: undefined });
      }),
    );
  }
}

/** Some rows of a matrix, or numbers of a vector, from `row` on. */
const part = (x: Tensor, row: number, shape: readonly number[]): Tensor =>
  window(x, row * sizeOf(shape.slice(1)), shape);

const window = (x: Tensor, offset: number, shape: readonly number[]): Tensor =>
  track(new Tensor(engine().window(x.slot, offset, sizeOf(shape)), shape));
