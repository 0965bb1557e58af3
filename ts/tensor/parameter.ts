import { engine, view } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { Tensor, type TensorData } from "./tensor.js";

/** Rows of a matrix that are packed together. */
const PACKED_ROWS = 8;

/** A named tensor that training changes: a window of its model's flat buffers. */
export class Parameter extends Tensor {
  /** Hugging Face's name, as in the checkpoint. */
  readonly name: string;
  /** Slot of the gradient's window; 0 while nothing asked for gradients, and for good if the parameter is frozen. */
  gradientSlot = 0;
  /** Whether it may be packed: only the linear layers' matrices, which nothing else reads. */
  private readonly packable: boolean;
  private isPacked = false;

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
    if (!this.packable || this.isPacked || this.gradientSlot !== 0) return;
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

  private reorder(kernel: (slot: number) => void): void {
    const room = engine().alloc(this.size);
    try {
      kernel(room);
      engine().copy(this.slot, room);
    } finally {
      engine().free(room);
    }
  }

  override read(): Float32Array {
    if (!this.isPacked) return super.read();
    const [O, I] = this.shape as [number, number];
    const room = engine().alloc(this.size);
    try {
      engine().unpack_weight(room, this.slot, O, I);
      return view(engine().address(room), this.size).slice();
    } finally {
      engine().free(room);
    }
  }

  override write(values: ArrayLike<number>): void {
    const wasPacked = this.isPacked;
    super.write(values);
    this.isPacked = false;
    if (wasPacked) this.pack();
  }

  /** Overwrites the values with pieces of them, one after the other. */
  async writePieces(pieces: AsyncIterable<Float32Array>): Promise<void> {
    this.isPacked = false;
    let at = 0;
    for await (const piece of pieces) {
      if (at + piece.length > this.size)
        throw new ShapeError(`${this.name}: values`, at + piece.length, `${this.size} numbers`);
      view(engine().address(this.slot), this.size).set(piece, at);
      at += piece.length;
    }
    if (at !== this.size) throw new ShapeError(`${this.name}: values`, at, `${this.size} numbers`);
  }

  /** The gradient, copied anew each time `data` is read. */
  gradient(): TensorData {
    const { gradientSlot, shape, size } = this;
    return {
      shape,
      get data() {
        return view(engine().address(gradientSlot), size).slice();
      },
    };
  }
}

/** Neighbours of one shape as one tensor, `[parts, …shape]`: products read them together, files know each by its name. */
export class JoinedParameter extends Parameter {
  private readonly parts: readonly Parameter[];

  constructor(parts: readonly Parameter[]) {
    super(parts.map(({ name }) => name).join(" + "), [parts.length, ...parts[0]!.shape]);
    this.parts = parts;
  }

  override get packed(): boolean {
    return this.parts.every(({ packed }) => packed);
  }

  override pack(): void {
    for (const part of this.parts) part.pack();
  }

  override unpack(): void {
    for (const part of this.parts) part.unpack();
  }
}
