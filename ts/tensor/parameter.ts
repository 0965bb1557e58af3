import { engine, view } from "../engine/engine.js";
import { Tensor, type TensorData } from "./tensor.js";

/** A named tensor that training changes: a window of its model's flat buffers. */
export class Parameter extends Tensor {
  /** Hugging Face's name, as in the checkpoint. */
  readonly name: string;
  /** Slot of the gradient's window; 0 while nothing asked for gradients, and for good if the parameter is frozen. */
  gradientSlot = 0;

  constructor(name: string, shape: readonly number[]) {
    super(0, shape);
    this.name = name;
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
