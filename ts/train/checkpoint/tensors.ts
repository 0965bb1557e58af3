import { CheckpointError } from "../../errors.js";
import type { Files } from "../../io/files.js";
import { openSafetensors } from "../../io/safetensors.js";
import { type TensorSource, writeSafetensors } from "../../io/safetensorsWriter.js";
import { readTensor } from "../../io/weights.js";
import { ADAPTER_WEIGHTS, adapterTensors, PREFIX } from "../../models/lora/files.js";
import type { Model } from "../../models/model.js";
import type { Snapshot } from "../../nn/snapshot.js";
import type { OptimizerState, StateTensor } from "../../optim/optimizer.js";
import type { Content } from "../../platform/index.js";
import type { Parameter } from "../../tensor/parameter.js";

/** Makes what training changes of a model what its saved folder holds. Errors: CheckpointError. */
export async function restoreModel(model: Model, files: Files): Promise<void> {
  const { lora, store } = model;
  const changing = new Set(store.changing);
  const named: [string, Parameter][] = lora
    ? adapterTensors(store, lora).map(([name, one]) => [PREFIX + name, one])
    : store.saved.map((one) => [one.name, one]);
  const weights = await openSafetensors(files, lora ? ADAPTER_WEIGHTS[0] : "model.safetensors");
  for (const [name, parameter] of named) if (changing.has(parameter)) await parameter.writePieces(weights.pieces(name));
}

/** The file of an optimizer's state. */
export const optimizerFile = ({ tensors }: OptimizerState): Content => writeSafetensors(tensors.map(sourceOf));

const sourceOf = ({ name, shape, read }: StateTensor): TensorSource => ({
  ...{ name, shape },
  read() {
    const numbers = read();
    if (numbers instanceof Float32Array) return numbers;
    throw new CheckpointError(`${name} is read asynchronously, which a checkpoint cannot wait for`);
  },
});

/** The state of an optimizer after `step` steps, from its file. Errors: CheckpointError. */
export async function optimizerState(files: Files, file: string, step: number): Promise<OptimizerState> {
  const weights = await openSafetensors(files, file);
  const tensors = [...weights.tensors].map(([name, { shape }]) => ({
    ...{ name, shape },
    read: () => readTensor(weights, name),
  }));
  return { step, tensors };
}

/** The file of a copy of parameters. */
export const snapshotFile = (snapshot: Snapshot): Content => writeSafetensors(snapshot.tensors());

/** Fills a copy of parameters with what its file holds. Errors: CheckpointError. */
export async function restoreSnapshot(snapshot: Snapshot, files: Files, file: string): Promise<void> {
  const weights = await openSafetensors(files, file);
  for (const { name } of snapshot.tensors()) snapshot.write(name, await readTensor(weights, name));
}
