import { duration } from "../train/inWords.js";
import type { TrainingEvent } from "../train/meter.js";
import type { EvaluationEvent } from "../train/settings/run.js";
import type { Call } from "./command.js";
import { Curve } from "./curve.js";
import type { Output } from "./output.js";

/** Shows the progress of a training run, between its messages. From the first step on, a stop saves the model. */
export function trainingProgress({ out, protect }: Call) {
  const curve = new Curve();
  let bar: ReturnType<Output["progress"]> | undefined;
  const end = () => {
    bar?.end();
    bar = undefined;
  };
  return {
    end,
    message: (line: string) => {
      end(); // a line between two bars, not through one
      out.say(line);
    },
    evaluation: (event: EvaluationEvent) => curve.evaluation(event),
    /** Shows how the losses went, on a terminal. */
    curve: () => {
      if (out.json || !out.onTerminal) return;
      for (const line of curve.lines(process.stderr.columns || 80)) out.say(line);
    },
    step: (event: TrainingEvent) => {
      const { step, steps, loss, lr, tokensPerSecond, secondsLeft, memory } = event;
      protect();
      curve.step(event);
      bar ??= out.progress(steps, "steps", true);
      bar.update(
        step,
        [
          ...[`loss ${loss.toFixed(4)}`, `rate ${lr.toExponential(1)}`, `${tokensPerSecond} tokens/s`],
          ...[
            `${duration(secondsLeft)} left`,
            ...(memory === undefined ? [] : [`${Math.round(memory / 2 ** 20)} MiB`]),
          ],
        ].join("  "),
      );
    },
  };
}
