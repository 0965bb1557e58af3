import type { FileOptions } from "../../data/rows.js";
import { ConfigError } from "../../errors.js";
import type { Model } from "../../models/model.js";
import { evaluationTask } from "../evaluate.js";
import { readTexts, type TextSource } from "../examples.js";
import { columnsOf } from "../tasks/columns.js";
import { taskKind } from "../tasks/index.js";
import type { EvaluationCall } from "../tasks/task.js";

/** A score on labeled rows, by the main metric of their task. */
export interface ValidScore {
  /** The metric. */
  readonly metric: string;
  readonly score: number;
  /** Rows. */
  readonly rows: number;
  /** All metrics of the task. */
  readonly metrics: object;
}

/** Labeled rows that teacher and student are scored on. */
export interface ValidOptions extends FileOptions {
  readonly valid: TextSource;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
}

/** Scores a model. Errors: AbortError, EngineError. */
type Scorer = (model: Model, call?: EvaluationCall) => Promise<ValidScore>;

/** Reads the labeled rows of a teacher's task, on which any model with its outputs can be scored then. Errors: ConfigError, DataError. */
export async function readValid(teacher: Model, options: ValidOptions): Promise<Scorer> {
  const { valid, text, textPair, label } = options;
  const given = { data: valid, text, textPair, label };
  const isSentence = teacher.head === "base";
  if (isSentence && (textPair === undefined || label === undefined))
    throw new ConfigError("valid of text vectors needs the columns text, textPair and label: pairs with a similarity");
  const kind = taskKind(evaluationTask(teacher, isSentence ? { ...given, task: "embed" } : given));
  const task = kind.ofModel(teacher.config, given);
  // Plain text is a format for the texts to learn from, which have no columns.
  const format = options.format === "txt" ? undefined : options.format;
  const rows = await readTexts(valid, columnsOf(kind.columns, given), "valid", { ...options, format });
  return async (model, call) => {
    const examples = task.encode(rows, model, model.trainedLength);
    const { metrics, details } = await task.evaluate(model, examples, call);
    const { metric } = details.main;
    return { metric, score: (metrics as Record<string, number>)[metric]!, rows: rows.length, metrics };
  };
}
