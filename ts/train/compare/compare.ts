import { init } from "../../engine/engine.js";
import { AbortError, ConfigError, RoFormerError } from "../../errors.js";
import { checkFolder, saveFolder } from "../../io/files.js";
import { requireFolderPath } from "../../models/modelFolder.js";
import { withGlue } from "../glue.js";
import type { FinetuneOptions } from "../options.js";
import type { TaskName } from "../tasks/index.js";
import type { CompareOptions } from "./options.js";
import { type Plan, planOf } from "./plan.js";
import { type FinishedRun, finishedRun, makeRun, type Runner } from "./run.js";
import { identityOf, kept } from "./sources.js";
import { type Comparison, summaryOf } from "./summary.js";

/** What a comparison leaves in its folder, beside its runs. */
const FILES = ["comparison.json", "comparison.md", "comparison.svg"] as const;

/**
 * Makes a run of `finetune` or `pretrain` for every combination of seeds, folds and settings, one after the other, and says how they
 * compare: means and deviations, differences of the same seeds and folds with intervals, for a search the best settings.
 *
 * @example
 * ```ts
 * const { alternatives } = await compare({
 *   finetune: { train: "train.csv", text: "body", label: "spam" },
 *   seeds: [1, 2, 3],
 *   position: ["rotary", "learned"],
 *   out: "comparison",
 * });
 * console.log(alternatives.map(({ name, metrics }) => [name, metrics.accuracy]));
 * ```
 * @throws ConfigError for a wrong option, AbortError, and the errors of `finetune` and `pretrain`: runs that were finished before stay in
 * `out`.
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const plan = planOf(options);
  const runner = await runnerOf(plan, options);
  await checkOut(options, plan);
  await init();
  const finished = await allRuns(plan, runner, options);
  const comparison = summaryOf(plan, finished, runner.common);
  if (options.out !== undefined) await saveComparison(comparison, options.out);
  return comparison;
}

async function runnerOf({ command }: Plan, options: CompareOptions): Promise<Runner> {
  const { out, resume = false, signal, onProgress, onMessage } = options;
  if (typeof resume !== "boolean")
    throw new ConfigError(`compare: resume is ${JSON.stringify(resume)}, not true or false`);
  if (resume && out === undefined) throw new ConfigError("compare: resume needs out, the folder of the comparison");
  for (const name of ["onRun", "onProgress", "onEvaluation", "onMessage"] as const)
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw new ConfigError(`compare: ${name} is ${String(options[name])}; expected a function`);
  const given = options[command] as FinetuneOptions<TaskName>;
  const own = await kept(given);
  // What a listener returns does not end a run of a comparison.
  const onEvaluation =
    options.onEvaluation && ((event: Parameters<typeof options.onEvaluation>[0]) => void options.onEvaluation!(event));
  return {
    ...{ command, common: own, out, resume },
    identity: out === undefined ? undefined : await identityOf(command === "finetune" ? await withGlueRows(own) : own),
    listeners: { signal, onProgress, onMessage, onEvaluation },
  };
}

/** The options with the rows of a GLUE task in the place of its name. */
async function withGlueRows(given: FinetuneOptions<TaskName>): Promise<object> {
  const { options, glue } = await withGlue(given);
  return glue ? { ...options, test: { rows: glue.splits.flatMap(({ rows }) => rows) } } : options;
}

/** Refuses a folder that cannot be written, and removes the report of another comparison from it. */
async function checkOut({ out }: CompareOptions, { runs }: Plan): Promise<void> {
  if (out === undefined) return;
  requireFolderPath(out);
  await checkFolder(out, [...FILES, `runs/${runs[0]!.name}/run.json`]);
  await saveFolder(out, new Map(FILES.map((name) => [name, null])));
}

async function allRuns({ runs }: Plan, runner: Runner, options: CompareOptions): Promise<FinishedRun[]> {
  const finished: FinishedRun[] = [];
  for (const [i, planned] of runs.entries()) {
    const before = await finishedRun(runner, planned);
    options.onRun?.({ name: planned.name, index: i + 1, of: runs.length, isFinished: before !== undefined });
    try {
      if (!before && options.signal?.aborted) throw new AbortError("aborted", { cause: options.signal.reason });
      finished.push(before ?? (await makeRun(runner, planned)));
    } catch (error) {
      throw named(error, { name: planned.name, index: i + 1, of: runs.length, out: options.out });
    }
  }
  return finished;
}

/** Where a comparison ended early. */
interface Place {
  readonly name: string;
  /** The run's number, from 1. */
  readonly index: number;
  readonly of: number;
  readonly out: string | undefined;
}

/** An error of a run with the run's name, if there are several. What was trained is not lost with an UnsavedError. */
function named(error: unknown, { name, index, of, out }: Place): unknown {
  const where = `run ${index} of ${of}, ${name}`;
  const kept = out === undefined ? "" : `; the runs before it are kept in ${out}/runs`;
  if (error instanceof AbortError) {
    const next = out === undefined ? "" : ": resume goes on with it";
    return new AbortError(`stopped in ${where}${kept}${next}`, { cause: error });
  }
  if (error instanceof RoFormerError && of > 1) error.message = `${where}: ${error.message}${index === 1 ? "" : kept}`;
  return error;
}

async function saveComparison(comparison: Comparison, out: string): Promise<void> {
  const [{ markdownOf }, { chartOf }] = [await import("./markdown.js"), await import("./chart.js")];
  await saveFolder(
    out,
    new Map<string, string>([
      [FILES[0], `${JSON.stringify(comparison, null, 2)}\n`],
      [FILES[1], markdownOf(comparison)],
      [FILES[2], chartOf(comparison)],
    ]),
  );
}
