import { engine, running } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import { ShapeError } from "../errors.js";
import { Tensor, type TensorData } from "./tensor.js";

/** Rows of a matrix that are packed together. */
export const PACKED_ROWS = 8;

/** A named tensor that training changes: a window of its model's flat buffers. */
export class Parameter extends Tensor {
  /** Hugging Face's name, as in the checkpoint. */
  readonly name: string;
  /** Slot of the gradient's window; 0 while nothing asked for gradients, and while the parameter is frozen. */
  gradientSlot = 0;
  /** False while it is frozen: its store's `freeze` sets it. */
  requiresGrad = true;
  /** Whether it may be packed: only the linear layers' matrices, which nothing else reads. */
  readonly packable: boolean;
  private isPacked = false;
  /** Slots of int8 values and of their rows' scales, where these stand for the matrix. */
  private int8: { readonly bytes: number; readonly rows: number } | undefined;

  /** A parameter without memory yet, which its store gives it. */
  constructor(name: string, shape: readonly number[], packable = false) {
    super(0, shape);
    this.name = name;
    this.packable = packable && shape.length === 2 && shape[0]! % PACKED_ROWS === 0;
  }

  /** Whether the values lie in the order in which products read them, and not row by row. */
  get packed(): boolean {
    return this.isPacked;
  }

  /** Brings a matrix `[O, I]` into the order in which products read it, where that is possible: for inference. */
  pack(): void {
    if (!this.packable || this.isPacked || this.int8 || this.gradientSlot !== 0) return;
    const [O, I] = this.shape as [number, number];
    this.reorder((packed) => engine().pack_weight(packed, this.slot, O, I));
    this.isPacked = true;
  }

  /** Brings it back into rows. */
  unpack(): void {
    if (!this.isPacked) return;
    const [O, I] = this.shape as [number, number];
    this.reorder((plain) => engine().unpack_weight(plain, this.slot, O, I));
    this.isPacked = false;
  }

  /** Makes room for int8 values, which are what is kept from then on: `slot` stays 0. For inference alone. */
  allocateInt8(): void {
    const [O, I] = this.shape as [number, number];
    const bytes = allocate(engine().int8_words(O, I), `${this.name} as int8`, this.shape);
    try {
      this.int8 = { bytes, rows: allocate(2 * O, `scales of ${this.name}`, [O, 2]) };
    } catch (error) {
      engine().free(bytes);
      throw error;
    }
  }

  /** Whether int8 values stand for the matrix. */
  get isInt8(): boolean {
    return this.int8 !== undefined;
  }

  /**
   * y = act(x Wᵀ + b) by int8 values: slots of y `[N, O]`, x `[N, I]` and b `[O]` (0 for none), and the kernels' number of the
   * activation.
   */
  multiplyInt8(y: number, x: number, bias: number, N: number, activation: number): void {
    const [O, I] = this.shape as [number, number];
    engine().linear_int8(y, x, this.int8!.bytes, this.int8!.rows, bias, N, O, I, activation);
  }

  override free(): void {
    if (this.int8) for (const slot of [this.int8.bytes, this.int8.rows]) engine().free(slot);
    this.int8 = undefined;
    super.free();
  }

  private reorder(kernel: (slot: number) => void): void {
    this.withRoom((room) => {
      kernel(room);
      engine().copy(this.slot, room);
    });
  }

  override read(): Float32Array {
    if (!this.isPacked && !this.int8) return super.read();
    return this.withRoom((room) => {
      const [O, I] = this.shape as [number, number];
      if (this.int8) engine().dequantize_weight(room, this.int8.bytes, this.int8.rows, O, I);
      else engine().unpack_weight(room, this.slot, O, I);
      return running().read(room, this.size);
    });
  }

  override write(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new ShapeError(`${this.name}: values`, values.length, `${this.size} numbers`);
    }
    if (this.int8) {
      this.withRoom((room) => {
        running().write(room, values);
        this.quantize(room);
      });
      return;
    }
    const wasPacked = this.isPacked;
    super.write(values);
    this.isPacked = false;
    if (wasPacked) this.pack();
  }

  /**
   * Overwrites the values with pieces of them, one after the other, row-major. Errors: ShapeError for another number in all.
   */
  async writePieces(pieces: AsyncIterable<Float32Array>): Promise<void> {
    const room = this.int8 ? allocate(this.size, this.name, this.shape) : this.slot;
    try {
      let at = 0;
      for await (const piece of pieces) {
        const end = at + piece.length;
        if (end > this.size) throw new ShapeError(`${this.name}: values`, end, `${this.size} numbers`);
        running().write(room, piece, at);
        at = end;
      }
      if (at !== this.size) throw new ShapeError(`${this.name}: values`, at, `${this.size} numbers`);
      this.isPacked = false;
      if (this.int8) this.quantize(room);
    } finally {
      if (this.int8) engine().free(room);
    }
  }

  private quantize(plain: number): void {
    const [O, I] = this.shape as [number, number];
    engine().quantize_weight(this.int8!.bytes, this.int8!.rows, plain, O, I);
  }

  private withRoom<T>(use: (room: number) => T): T {
    const room = allocate(this.size, this.name, this.shape);
    try {
      return use(room);
    } finally {
      engine().free(room);
    }
  }

  /** The gradient, in the parameter's shape, copied anew each time `data` is read. */
  gradient(): TensorData {
    const { gradientSlot, shape, size } = this;
    return {
      shape,
      get data() {
        return running().read(gradientSlot, size);
      },
    };
  }
}

/** Neighbours of one shape as one tensor, `[parts, …shape]`: products read them together, files know each by its name. */
export class JoinedParameter extends Parameter {
  /** The neighbours, in order. */
  readonly parts: readonly Parameter[];

  /** One tensor of several that lie one after the other. */
  constructor(parts: readonly Parameter[]) {
    super(parts.map(({ name }) => name).join(" + "), [parts.length, ...parts[0]!.shape]);
    this.parts = parts;
  }

  override get packed(): boolean {
    return this.parts.every(({ packed }) => packed);
  }

  override get isInt8(): boolean {
    return this.parts.every(({ isInt8 }) => isInt8);
  }

  override pack(): void {
    for (const part of this.parts) part.pack();
  }

  override unpack(): void {
    for (const part of this.parts) part.unpack();
  }
}
