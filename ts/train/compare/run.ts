import { openFiles, saveFile, saveFolder } from "../../io/files.js";
import { platform } from "../../platform/index.js";
import { VERSION } from "../../version.js";
import { sealed, unsealed } from "../checkpoint/sealed.js";
import { requireSums, type Sum, type Sums, sumOf } from "../checkpoint/sums.js";
import { finetuneFold, type Judged } from "../finetune.js";
import { betterBy } from "../labeled.js";
import type { FinetuneOptions, PretrainOptions } from "../options.js";
import { pretrain } from "../pretrain.js";
import type { Fold, RunRecord } from "../record.js";
import type { EvaluationEvent, RunOptions } from "../settings/run.js";
import type { TaskName } from "../tasks/index.js";
import type { PlannedRun } from "./plan.js";

/** Scores of a model on the held-out data of its training, at one of its evaluations. */
export interface CurvePoint {
  /** Number of the last step, from 1. */
  readonly step: number;
  /** The metrics that are numbers. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A run of a comparison. */
export interface ComparedRun {
  /** Its name. */
  readonly name: string;
  /** The name of the alternative that it belongs to. */
  readonly alternative: string;
  /** What it differs in from runs of other alternatives. */
  readonly differs: Readonly<Record<string, unknown>>;
  /** Its seed. */
  readonly seed: number;
  /** The fold that is its test. */
  readonly fold?: Fold | undefined;
  /** The folder that holds its model; undefined if nothing is saved. */
  readonly folder?: string | undefined;
  /** What `finetune` or `pretrain` returns as metrics: scores, how the training went, settings. */
  readonly metrics: Readonly<Record<string, unknown>> & RunRecord;
  /** Its scores on the validation data, by which a search chooses: those of the model that is the result. */
  readonly validation: Readonly<Record<string, number>>;
  /** Its scores on the validation data, evaluation by evaluation. */
  readonly curve: readonly CurvePoint[];
}

/** What a run leaves behind: the run, and for folds what its scores were made of. */
export interface FinishedRun {
  readonly run: ComparedRun;
  readonly judged?: Judged | undefined;
}

/** How the runs of a comparison are made. */
export interface Runner {
  readonly command: "finetune" | "pretrain";
  /** The options that all runs have. */
  readonly common: object;
  /** What the data and the settings of all runs are; undefined if nothing is saved. */
  readonly identity: Readonly<Record<string, unknown>> | undefined;
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly listeners: Pick<RunOptions, "signal" | "onProgress" | "onMessage"> & {
    readonly onEvaluation?: ((event: EvaluationEvent) => void) | undefined;
  };
}

/** The file beside a model that says which run it is of. */
const STATE = "run.json";

/** What {@link STATE} holds before its run is finished. */
interface BegunState {
  readonly identity: unknown;
}

/** What {@link STATE} holds then. */
interface State extends BegunState, Omit<FinishedRun, "run"> {
  /** Sums of the files in its folder. */
  readonly sums: Sums;
  readonly metrics: ComparedRun["metrics"];
  readonly validation: ComparedRun["validation"];
  readonly curve: ComparedRun["curve"];
}

/** Where the model of a run is. */
const folderOf = ({ out }: Runner, { name }: PlannedRun): string | undefined =>
  out === undefined ? undefined : `${out}/runs/${name}`;

/** What a run is: its folder is recognized by it. */
const identityOf = ({ command, identity }: Runner, { alternative: { settings }, seed, fold }: PlannedRun) => ({
  ...{ version: VERSION, command, options: identity, settings, seed },
  ...(fold && { fold }),
});

/** A run that is in its folder already, with the same data and settings; undefined if it has to be made. */
export async function finishedRun(runner: Runner, planned: PlannedRun): Promise<FinishedRun | undefined> {
  const folder = folderOf(runner, planned);
  if (!runner.resume || folder === undefined) return undefined;
  const state = await readState<State>(`${folder}/${STATE}`);
  if (!state?.sums || !isSame(state.identity, identityOf(runner, planned))) return undefined;
  try {
    await requireSums(openFiles(folder), state.sums);
  } catch (error) {
    runner.listeners.onMessage?.(`${(error as Error).message}: ${planned.name} is trained again`);
    return undefined;
  }
  return finished(runner, planned, state);
}

/** Makes a run as `finetune` or `pretrain` does, closes its model, and notes in its folder that it is finished. Errors: theirs. */
export async function makeRun(runner: Runner, planned: PlannedRun): Promise<FinishedRun> {
  const folder = folderOf(runner, planned);
  const identity = identityOf(runner, planned);
  const events: CurvePoint[] = [];
  const { listeners } = runner;
  const options = {
    ...runner.common,
    ...planned.alternative.settings,
    ...{ seed: planned.seed, ...listeners, ...boardOf(runner, planned) },
    ...(folder !== undefined && { out: folder, resume: await begin(runner, folder, identity) }),
    onEvaluation: (event: EvaluationEvent) => {
      events.push({ step: event.step, metrics: numbersOf(event.metrics) });
      listeners.onEvaluation?.(event);
    },
  };
  const { metrics, judged } = await train(runner.command, options, planned.fold);
  // Evaluations before a checkpoint are in the log alone.
  const curve = folder === undefined ? events : await curveIn(`${folder}/log.jsonl`);
  const sums = folder === undefined ? {} : await sumsOf(folder);
  const made: State = { ...{ identity, metrics, curve, judged, sums }, validation: validationOf(metrics, curve) };
  if (folder !== undefined) await saveFile(`${folder}/${STATE}`, await sealed(made));
  return finished(runner, planned, made);
}

/** Sums of a model's files, by which its folder is known again. */
async function sumsOf(folder: string): Promise<Sums> {
  const files = openFiles(folder);
  const names = ((await files.list()) ?? []).filter(
    (name) => /\.(json|jsonl|safetensors|txt)$/.test(name) && name !== STATE,
  );
  const sums = new Map<string, Sum>();
  for (const name of names) sums.set(name, await sumOf(files, name));
  return Object.fromEntries(sums);
}

/** Notes that a run begins; whether it goes on with what its folder holds of it. */
async function begin({ resume }: Runner, folder: string, identity: object): Promise<boolean> {
  const before = resume ? await readState<BegunState>(`${folder}/${STATE}`) : undefined;
  if (before && isSame(before.identity, identity)) return true;
  await saveFolder(folder, new Map([[STATE, await sealed({ identity })]]));
  return false;
}

/** The evaluations in a log. */
async function curveIn(path: string): Promise<CurvePoint[]> {
  const lines = new TextDecoder().decode(await platform.readFile(path)).split("\n");
  return lines.flatMap((line) => {
    const { step, valid } = JSON.parse(line || "{}") as { readonly step: number; readonly valid?: object };
    return valid ? [{ step, metrics: numbersOf(valid) }] : [];
  });
}

/** The run itself: the one place where a model is trained. */
async function train(command: Runner["command"], options: object, fold: Fold | undefined) {
  let judged: Judged | undefined;
  const onJudged = (own: Judged) => {
    judged = own;
  };
  const result = await (command === "pretrain"
    ? pretrain(options as PretrainOptions)
    : finetuneFold(options as FinetuneOptions<TaskName>, fold && { fold, onJudged }));
  result.model.close();
  return { metrics: JSON.parse(toJson(result.metrics)) as ComparedRun["metrics"], judged };
}

function finished(
  runner: Runner,
  { name, alternative, seed, fold }: PlannedRun,
  { metrics, validation, curve, judged }: State,
): FinishedRun {
  const folder = folderOf(runner, { name, alternative, seed });
  const where = { ...(fold && { fold }), ...(folder !== undefined && { folder }) };
  const differs = alternative.settings;
  return { run: { name, alternative: alternative.name, differs, seed, ...where, metrics, validation, curve }, judged };
}

function boardOf({ common }: Runner, { name }: PlannedRun): { readonly tensorboard?: string } {
  const { tensorboard } = common as { readonly tensorboard?: string };
  return tensorboard === undefined ? {} : { tensorboard: `${tensorboard}/${name}` };
}

/** The metric by which a run is judged, as it says itself. */
export function metricOf({ settings }: RunRecord): string {
  const { metric } = settings;
  return typeof metric === "string" ? metric : "loss";
}

/** The scores on validation data of the model that a run leaves: those at its best evaluation, or at its last one without an order. */
function validationOf(metrics: ComparedRun["metrics"], curve: readonly CurvePoint[]): Readonly<Record<string, number>> {
  if (metrics.part === "validation") return numbersOf(metrics, Object.keys(curve.at(-1)?.metrics ?? {}));
  const metric = metricOf(metrics);
  const scored = curve.filter((point) => point.metrics[metric] !== undefined);
  const better = betterBy(metric);
  const all = scored.map((point) => point.metrics);
  return all.reduce((best, one) => (better(one, best) ? one : best), all[0] ?? {});
}

/** The fields that are numbers; of these, those named. */
function numbersOf(metrics: object, names?: readonly string[]): Record<string, number> {
  const numbers = Object.entries(metrics).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === "number" && Number.isFinite(entry[1]) && (names?.includes(entry[0]) ?? true),
  );
  return Object.fromEntries(numbers);
}

/** JSON in which typed arrays are lists. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (ArrayBuffer.isView(one) ? Array.from(one as Uint8Array) : one));

const isSame = (a: unknown, b: unknown): boolean => toJson(a) === toJson(b);

/** What a sealed file holds; undefined if it is missing or damaged. */
async function readState<T>(path: string): Promise<T | undefined> {
  try {
    return (await unsealed(new TextDecoder().decode(await platform.readFile(path)))) as T | undefined;
  } catch {
    return undefined;
  }
}
