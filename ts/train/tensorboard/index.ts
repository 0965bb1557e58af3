import { ConfigError } from "../../errors.js";
import { joinBytes } from "../../io/joinBytes.js";
import { platform } from "../../platform/index.js";
import type { TrainingEvent } from "../meter.js";
import type { EvaluationEvent, RunOptions } from "../settings/run.js";

/** Writes what a training run reports into an event file that TensorBoard shows. */
export interface TensorBoard {
  /** Notes loss, rate, norm of the gradients and speed of a step. */
  onProgress(event: TrainingEvent): void;
  /** Notes the numbers among the metrics of an evaluation, and writes what was noted. */
  onEvaluation(event: EvaluationEvent): Promise<void>;
  /** Writes what was noted. */
  close(): Promise<void>;
}

/** Milliseconds between two writes. */
const INTERVAL = 5000;

/** Different names for files that one process begins within a second. */
let files = 0;

/**
 * A new event file in a folder, which is made if it is missing. Later failures to write are a message, once: a training should not end
 * for them. Errors: ConfigError in a browser and for a folder that cannot be written.
 */
export async function tensorBoard(
  folder: string,
  { onMessage }: Pick<RunOptions, "onMessage"> = {},
): Promise<TensorBoard> {
  if (!platform.isNode)
    throw new ConfigError("tensorboard needs files: in a page, listen to onProgress and onEvaluation instead");
  if (typeof folder !== "string" || folder === "")
    throw new ConfigError(`tensorboard is ${JSON.stringify(folder)}, not the path of a folder`);
  const { fileStart, scalarRecord } = await import("./events.js");
  const file = `${folder}/events.out.tfevents.${String(Math.floor(Date.now() / 1000)).padStart(10, "0")}.roformer.${files++}`;
  const seconds = () => Date.now() / 1000;
  try {
    await platform.appendFile(file, fileStart(seconds()));
  } catch (error) {
    throw new ConfigError(`tensorboard: ${file} cannot be written: ${(error as Error).message}`, { cause: error });
  }
  const records: Uint8Array[] = [];
  let [written, last, hasFailed] = [Promise.resolve(), Date.now(), false];
  const write = (): Promise<void> => {
    last = Date.now();
    const bytes = joinBytes(records.splice(0));
    written = written
      .then(() => platform.appendFile(file, bytes))
      .catch((error: Error) => {
        if (!hasFailed) onMessage?.(`tensorboard: ${file} cannot be written: ${error.message}`);
        hasFailed = true;
      });
    return written;
  };
  return {
    onProgress({ step, loss, lr, gradNorm, tokensPerSecond, epoch }) {
      records.push(scalarRecord({ time: seconds(), step, scalars: { loss, lr, gradNorm, tokensPerSecond, epoch } }));
      if (Date.now() - last > INTERVAL) void write();
    },
    onEvaluation({ step, metrics }) {
      const numbers = Object.entries(metrics).filter(
        (entry): entry is [string, number] => typeof entry[1] === "number",
      );
      const scalars = Object.fromEntries(numbers.map(([name, value]) => [`eval/${name}`, value]));
      records.push(scalarRecord({ time: seconds(), step, scalars }));
      return write();
    },
    close: write,
  };
}
