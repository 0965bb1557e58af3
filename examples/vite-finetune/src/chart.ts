import { element } from "./page.js";

/** The curve of a loss that is still going on: every step in faint, and their running mean. */
export class LossChart {
  readonly #chart = element<SVGSVGElement>("chart");
  readonly #lines = ["steps", "mean"].map((name) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("class", name);
    return line;
  });
  readonly #losses: number[] = [];
  readonly #means: number[] = [];
  #drawing = false;

  constructor() {
    this.#chart.replaceChildren(...this.#lines);
  }

  /** Notes the loss of a step of `steps`; it is drawn with the next frame. */
  add(loss: number, steps: number): void {
    this.#losses.push(loss);
    const before = this.#means.at(-1) ?? loss;
    this.#means.push(before + (loss - before) / Math.min(20, this.#losses.length));
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw(steps);
    });
  }

  #draw(steps: number): void {
    const { width, height } = this.#chart.viewBox.baseVal;
    const top = 1.2 * this.#means.reduce((most, mean) => Math.max(most, mean), 1e-9);
    const place = (loss: number, step: number) =>
      `${(width * step) / Math.max(1, steps - 1)},${height * (1 - Math.min(1, loss / top))}`;
    for (const [i, values] of [this.#losses, this.#means].entries())
      this.#lines[i]!.setAttribute("points", values.map(place).join(" "));
    const [first, latest] = [this.#means[0]!, this.#means.at(-1)!];
    this.#chart.setAttribute("aria-label", `Loss by step: it was ${first.toFixed(2)} and is ${latest.toFixed(2)}`);
  }
}
