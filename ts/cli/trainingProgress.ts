import type { TrainingEvent } from "../train/meter.js";
import type { Call } from "./command.js";
import { duration, type Output } from "./output.js";

/** Shows the progress of a training run, between its messages. From the first step on, a stop saves the model. */
export function trainingProgress({ out, protect }: Call) {
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
    step: ({ step, steps, loss, tokensPerSecond, secondsLeft }: TrainingEvent) => {
      protect();
      bar ??= out.progress(steps, "steps", true);
      bar.update(step, `loss ${loss.toFixed(4)}  ${tokensPerSecond} tokens/s  ${duration(secondsLeft)} left`);
    },
  };
}
