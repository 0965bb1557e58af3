// Two sides, taken in turn: what disturbs one disturbs the other, and a ratio of neighbours is worth more than a time.
import { Child } from "./children.mjs";
import { difference } from "./statistics.mjs";
import { Unavailable } from "./unavailable.mjs";

/**
 * What one side does.
 * @typedef {object} Side
 * @property {string} peer
 * @property {string} work
 * @property {object} options of the work
 * @property {number} [threads]
 * @property {string} [variant] the build of the kernels, of ours
 * @property {number} [maxMemory] bytes that the engine may use, of ours
 * @property {string} [dist] another package than this checkout's
 */

/** @typedef {{ threads: number, dist: string, node: string, pairs: number, sliceMs: number }} Conditions */

/** Until the engine's compilers have seen everything. */
const WARM_MS = 400;

/** A pair that takes this long is not repeated as often. */
const PATIENCE_MS = 40_000;

/** A run that takes this long is not repeated at all where there are many sides. */
const ONCE_MS = 10_000;

/** Results that differ by more, of 1 or of the largest number, mean that the sides do not compute the same. */
const TOLERANCE = 1e-3;

/**
 * A process for `side`; an `Unavailable` where it does not have the threads that were asked for.
 * @param {Side} side
 * @param {Conditions} conditions
 */
async function open(side, conditions) {
  const settings = settingsOf(side, conditions);
  const child = new Child(side.peer, settings, conditions.node);
  try {
    const { threads = settings.threads } = await child.ask("about");
    if (threads !== settings.threads) throw new Unavailable(`it has ${threads} thread, not ${settings.threads}`);
    return child;
  } catch (error) {
    await child.close();
    throw error;
  }
}

/**
 * @param {Side} side
 * @param {Conditions} conditions
 */
function settingsOf({ threads, dist, variant, maxMemory }, conditions) {
  return { threads: threads ?? conditions.threads, dist: dist ?? conditions.dist, variant, maxMemory };
}

/**
 * Times both sides in turn; gives the milliseconds of each turn, and what a run does.
 * @param {Side} left
 * @param {Side} right
 * @param {Conditions} conditions
 * @param {number} [tolerance] by how much their results may differ
 */
export async function alternate(left, right, conditions, tolerance = TOLERANCE) {
  /** @type {Child[]} */
  const children = [];
  try {
    for (const side of [left, right]) children.push(await open(side, conditions));
    const amounts = await prepare(children, [left, right], tolerance);
    const { sliceMs } = conditions;
    const warm = [];
    for (const child of children) warm.push(await child.ask("warm", { ms: WARM_MS }));
    const affordable = Math.floor(PATIENCE_MS / warm.reduce((sum, ms) => sum + Math.max(ms, sliceMs), 0));
    const turns = Math.max(2, Math.min(conditions.pairs, affordable));
    const times = children.map(() => /** @type {number[]} */ ([]));
    for (let turn = 0; turn < turns; turn++) {
      for (const [i, child] of children.entries()) times[i].push(await child.ask("time", { ms: sliceMs }));
    }
    return { times, amounts };
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/**
 * Times any number of sides in turn, and asks each for its most bytes. What takes longer than `ONCE_MS` is run once, cold: the
 * engine's compilers have no say in that much time.
 * @param {Side[]} sides
 * @param {Conditions} conditions
 */
export async function inTurn(sides, conditions) {
  /** @type {Child[]} */
  const children = [];
  try {
    for (const side of sides) children.push(await open(side, conditions));
    await prepare(children, sides, Number.POSITIVE_INFINITY);
    const warm = [];
    for (const child of children) warm.push(await child.ask("warm", { ms: conditions.sliceMs }));
    const times = warm.map((ms) => (ms > ONCE_MS ? [ms] : []));
    const repeated = [...children.keys()].filter((i) => times[i].length === 0);
    const affordable = Math.floor(
      PATIENCE_MS / repeated.reduce((sum, i) => sum + Math.max(warm[i], conditions.sliceMs), 0),
    );
    const turns = Math.max(2, Math.min(conditions.pairs, affordable));
    for (let turn = 0; turn < turns; turn++) {
      for (const i of repeated) times[i].push(await children[i].ask("time", { ms: conditions.sliceMs }));
    }
    const peaks = [];
    for (const child of children) peaks.push((await child.ask("measure")).peak);
    return times.map((list, i) => ({ times: list, peak: /** @type {number} */ (peaks[i]) }));
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/**
 * @param {Child[]} children
 * @param {Side[]} sides
 * @param {number} tolerance
 * @returns {Promise<number[]>} what a run of each does
 */
async function prepare(children, sides, tolerance) {
  const ready = [];
  for (const [i, child] of children.entries()) ready.push(await child.ask("prepare", sides[i]));
  const outputs = ready.map(({ output }) => output);
  if (sides[0].work === sides[1]?.work) checkAgreement(outputs, tolerance);
  return ready.map(({ amount }) => amount);
}

/** @param {(string | undefined)[]} outputs of two sides, in base64 */
function checkAgreement([left, right], tolerance = TOLERANCE) {
  if (!left || !right) return;
  const apart = difference(numbers(left), numbers(right));
  if (!(apart < tolerance))
    throw new Error(`the two sides do not compute the same: they differ by ${apart.toPrecision(2)}`);
}

/** @param {string} base64 */
function numbers(base64) {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Float32Array(bytes.buffer);
}

/**
 * What a fresh process needs from its start to the end of its work: milliseconds, and the most bytes it had.
 * @param {Side} side
 * @param {Conditions} conditions
 */
export async function fresh(side, conditions) {
  const from = performance.now();
  const child = new Child(side.peer, settingsOf(side, conditions), conditions.node);
  try {
    const { output } = await child.ask("prepare", side);
    const ms = performance.now() - from;
    return { ms, bytes: await child.ask("peakMemory"), output };
  } finally {
    await child.close();
  }
}

/**
 * `fresh` for both sides in turn.
 * @param {Side} left
 * @param {Side} right
 * @param {Conditions} conditions
 */
export async function alternateFresh(left, right, conditions) {
  const turns = Math.min(conditions.pairs, 5);
  /** @type {{ ms: number, bytes: number }[][]} */
  const found = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    const pair = [await fresh(left, conditions), await fresh(right, conditions)];
    if (turn === 0) checkAgreement(pair.map(({ output }) => output));
    for (const [i, one] of pair.entries()) found[i].push(one);
  }
  return found;
}

/**
 * What the work of one side measures itself, in a process of its own.
 * @param {Side} side
 * @param {Conditions} conditions
 */
export async function ask(side, conditions) {
  const child = await open(side, conditions);
  try {
    await child.ask("prepare", side);
    return await child.ask("measure");
  } finally {
    await child.close();
  }
}

/**
 * Ratios of neighbours.
 * @param {readonly number[]} left
 * @param {readonly number[]} right
 */
export const ratios = (left, right) => left.map((value, i) => value / right[i]);
