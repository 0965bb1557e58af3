import { createSession, type SessionModel } from "roformer/session";
import type { TrainingEvent } from "roformer/train";
import { LossChart } from "./chart.js";
import { countLabels, guessColumns, readFile, sampleTable, type Table } from "./data.js";
import { element, fill, say, words } from "./page.js";
import { download, zipFiles } from "./save.js";

const [file, drop] = [element<HTMLInputElement>("file"), element("drop")];
const [text, label] = [element<HTMLSelectElement>("text"), element<HTMLSelectElement>("label")];
const [train, stop] = [element<HTMLButtonElement>("train"), element<HTMLButtonElement>("stop")];
const [ask, save] = [element<HTMLButtonElement>("ask"), element<HTMLButtonElement>("save")];
const question = element<HTMLInputElement>("question");

let table: Table | undefined;
let model: SessionModel | undefined;
let running: AbortController | undefined;

/** One worker with an engine: the page stays free while it computes. */
const session = await createSession().catch((error) => {
  say(words(error), true);
  throw error;
});

/** Buttons can be pressed when what they need is there. */
function enable(): void {
  train.disabled = !table || running !== undefined;
  stop.disabled = !running;
  text.disabled = label.disabled = !table || running !== undefined;
  ask.disabled = save.disabled = !model || running !== undefined;
}

async function open(read: () => Table | Promise<Table>): Promise<void> {
  const summary = element("summary");
  summary.classList.remove("bad");
  try {
    table = await read();
    const columns = table.columns;
    for (const select of [text, label]) select.replaceChildren(...columns.map((name) => new Option(name)));
    Object.assign(text, { value: guessColumns(table).text });
    Object.assign(label, { value: guessColumns(table).label });
    describe();
  } catch (error) {
    table = undefined;
    fill(element("preview"), []);
    summary.classList.add("bad");
    summary.textContent = words(error);
  }
  enable();
}

/** Says what the chosen columns hold. */
function describe(): void {
  if (!table) return;
  const counts = countLabels(table, label.value);
  const some = counts.slice(0, 5).map(([name, rows]) => `${name} (${rows})`);
  element("summary").textContent =
    `${table.name}: ${table.rows.length} texts, ${counts.length} labels: ${some.join(", ")}${counts.length > 5 ? ", …" : ""}`;
  const first = table.rows.filter((_, i) => i % Math.ceil(table!.rows.length / 4) === 0);
  fill(
    element("preview"),
    first.map((row) => [row[text.value] ?? "", row[label.value] ?? ""]),
  );
}

async function startTraining(): Promise<void> {
  if (!table) return;
  const chart = new LossChart();
  running = new AbortController();
  enable();
  stop.focus();
  say("Training …");
  try {
    await model?.close();
    model = undefined;
    const result = await session.finetune({
      train: table.rows,
      text: text.value,
      label: label.value,
      signal: running.signal,
      whenAborted: "return",
      onMessage: (line) => say(line),
      onProgress: (event) => {
        show(event);
        chart.add(event.loss, event.steps);
      },
    });
    model = result.model;
    const { steps, seconds } = result.metrics;
    const took = `${steps} steps in ${seconds.toFixed(0)} s`;
    // A run that was stopped is not evaluated.
    if (result.evaluation) {
      const right = `${(100 * result.evaluation.metrics.accuracy).toFixed(0)} %`;
      say(`Trained: ${took}. Of the texts that were kept out of training, ${right} are labeled right.`);
    } else {
      say(`Stopped: ${took}.`);
    }
  } catch (error) {
    say(words(error), !running.signal.aborted);
  }
  running = undefined;
  enable();
  (model ? question : train).focus();
}

function show({ step, steps, loss, tokensPerSecond, secondsLeft }: TrainingEvent): void {
  Object.assign(element("progress"), { max: steps, value: step });
  element("step").textContent = `${step} / ${steps}`;
  element("loss").textContent = loss.toFixed(3);
  element("speed").textContent = tokensPerSecond.toLocaleString("en");
  element("left").textContent = Math.ceil(secondsLeft).toString();
}

async function answer(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  if (!model || question.value.trim() === "") return;
  try {
    const { scores } = await model.classify(question.value);
    const likeliest = Object.entries(scores).sort((a, b) => b[1] - a[1]);
    const shares = likeliest.map(([name, score]) => [name, `${(100 * score).toFixed(1)} %`] as const);
    const items = fill(element("answer"), shares);
    for (const [i, item] of items.entries()) item.style.setProperty("--share", shares[i]![1].replace(" ", ""));
  } catch (error) {
    say(words(error), true);
  }
}

async function saveModel(): Promise<void> {
  if (!model) return;
  save.disabled = true;
  try {
    download("my-model.zip", await zipFiles(await model.files()));
  } catch (error) {
    say(words(error), true);
  }
  enable();
}

element("sample").addEventListener("click", () => open(sampleTable));
file.addEventListener("change", () => {
  const chosen = file.files?.[0];
  if (chosen) open(() => readFile(chosen));
  file.value = ""; // so that the same file can be chosen again when it has been mended
});
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const dropped = event.dataTransfer?.files[0];
  if (dropped) open(() => readFile(dropped));
});
for (const select of [text, label]) select.addEventListener("change", describe);
train.addEventListener("click", startTraining);
stop.addEventListener("click", () => running?.abort());
element("try").addEventListener("submit", (event) => answer(event as SubmitEvent));
save.addEventListener("click", saveModel);

const { variant, threads, cores, reasons } = await session.doctor();
fill(element("doctor"), [
  [`Cores, without hyper-threads: ${cores}. Threads that compute: ${threads}. Build of the engine: ${variant}.`],
  ...reasons.map((reason) => [reason]),
]);
say("Ready.");
