import type { TrainingEvent } from "../train/meter.js";
import { duration, type Output } from "./output.js";

/** Shows how far a training run is, between the lines that it says. */
export function trainingProgress(out: Output) {
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
      bar ??= out.progress(steps, "steps", true);
      bar.update(step, `loss ${loss.toFixed(4)}  ${tokensPerSecond} tokens/s  ${duration(secondsLeft)} left`);
    },
  };
}
