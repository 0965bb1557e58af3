import { bootstrapInterval, wilsonInterval } from "../metrics/intervals.js";
import type { Detailed, MainScore } from "./tasks/details.js";
import type { Scores } from "./tasks/task.js";

/** How far a score can be trusted for so many rows. */
export interface ScoreInterval {
  /** The metric that the interval is for. */
  readonly intervalOf: string;
  /** Lower bound of its 95 % interval: Wilson's for shares of rows, the bootstrap's for other metrics. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** Numbers that a bootstrap draws in all, and the fewest and the most times that it draws all rows. */
const [DRAWS, FEWEST, MOST] = [2 ** 22, 100, 1000];

function interval(n: number, main: MainScore): ScoreInterval {
  const resamples = Math.min(MOST, Math.max(FEWEST, Math.floor(DRAWS / n)));
  const found = main.of ? bootstrapInterval(n, main.of, { resamples }) : wilsonInterval(main.hits, n);
  return { intervalOf: main.metric, low: rounded(found.low), high: rounded(found.high) };
}

/** Without the last digits, in which logarithms of one JavaScript engine differ from another's. */
const rounded = (x: number): number => Number(x.toPrecision(12));

/** An evaluation whose metrics have an interval. */
export interface WithInterval {
  /** The interval, among the metrics. */
  readonly metrics: ScoreInterval;
}

/** Scores with the interval of the main one. */
export type Reported<E> = E & WithInterval;

/** Scores as they are returned: with the interval of the main one, without what is known of the rows. */
export function reported<E extends Scores>(scores: Detailed<E>): Reported<E> {
  const { details, ...own } = scores;
  const { n } = scores.metrics as { n: number };
  return { ...own, metrics: { ...scores.metrics, ...interval(n, details.main) } } as unknown as Reported<E>;
}
