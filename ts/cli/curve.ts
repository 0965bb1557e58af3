import { plot } from "asciichart";
import pc from "picocolors";
import type { TrainingEvent } from "../train/meter.js";
import type { EvaluationEvent } from "../train/settings/run.js";

/** Rows of a chart; and columns, of which the numbers beside it take some. */
const [HEIGHT, WIDEST, BESIDE] = [10, 100, 14];

/** Training and validation loss of a run, to be drawn at its end. */
export class Curve {
  private readonly losses: number[] = [];
  private readonly held: { readonly step: number; readonly loss: number }[] = [];

  /** Notes the loss of a step. */
  step({ loss }: Pick<TrainingEvent, "loss">): void {
    this.losses.push(loss);
  }

  /** Notes the loss of an evaluation, if it has one. */
  evaluation({ step, metrics }: EvaluationEvent): void {
    const { loss } = metrics as { readonly loss?: unknown };
    if (typeof loss === "number" && Number.isFinite(loss)) this.held.push({ step, loss });
  }

  /** The chart for a terminal of so many columns; nothing for fewer than two steps. */
  lines(columns: number): string[] {
    const steps = this.losses.length;
    if (steps < 2) return [];
    const width = Math.max(2, Math.min(steps, WIDEST, columns - BESIDE));
    const trained = Array.from({ length: width }, (_, i) =>
      mean(this.losses.slice(at(i, width, steps), at(i + 1, width, steps))),
    );
    const held =
      this.held.length === 0 ? [] : Array.from({ length: width }, (_, i) => this.heldAt(at(i + 1, width, steps)));
    const series = held.length === 0 ? [trained] : [trained, held];
    const isColored = pc.isColorSupported;
    const chart = plot(series, {
      height: HEIGHT,
      format: (x) => x.toPrecision(3).padStart(9),
      ...(isColored && { colors: COLORS.slice(0, series.length) }),
    });
    const names = [pc.blue("training loss"), ...(held.length === 0 ? [] : [pc.yellow("validation loss")])];
    return [`${names.join(", ")}, step 1 to ${steps}`, ...chart.split("\n")];
  }

  /** The validation loss after a step, on straight lines between evaluations, level before the first and after the last. */
  private heldAt(step: number): number {
    const after = this.held.findIndex((one) => one.step >= step);
    if (after < 0) return this.held.at(-1)!.loss;
    const [a, b] = [this.held[after - 1], this.held[after]!];
    if (!a) return b.loss;
    return a.loss + ((step - a.step) / (b.step - a.step)) * (b.loss - a.loss);
  }
}

/** Blue and yellow. */
const COLORS = ["\x1b[34m", "\x1b[33m"];

/** Where the `i`-th of `width` parts of some steps begins. */
const at = (i: number, width: number, steps: number): number => Math.floor((i * steps) / width);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
