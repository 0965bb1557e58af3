import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tensorBoard } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { failure, rows, session } from "./built.js";

const training = {
  train: rows(40),
  text: "text",
  label: "label",
  layers: 1,
  width: 8,
  heads: 2,
  vocabSize: 60,
  epochs: 2,
};

it("a training in a session is compared with a bag of words, and returns what to know of its scores", async () => {
  const { metrics, notes, evaluation } = await (await session()).finetune(training);
  expect(metrics).toMatchObject({ part: "validation", bagOfWords: { n: 4, accuracy: 1 }, intervalOf: "accuracy" });
  expect(evaluation.perClass.map(({ label }) => label)).toEqual(["no", "yes"]);
  expect(notes[0]).toMatch(/^With 4 rows an accuracy of \d+ % may be anything/);
});

it("a session writes event files by listeners, and says so where an option asks for them", async () => {
  const folder = join(temporaryFolder(), "runs");
  const asked = await session();
  const error = await failure(asked.finetune({ ...training, tensorboard: folder }));
  expect(error.name).toBe("ConfigError");
  expect(error.message).toMatch(/^tensorboard: a session writes no event files; pass the listeners of tensorBoard/);
  const board = await tensorBoard(folder);
  await asked.finetune({ ...training, onProgress: board.onProgress, onEvaluation: board.onEvaluation });
  await board.close();
  const [file] = readdirSync(folder);
  expect(statSync(join(folder, file!)).size).toBeGreaterThan(1000);
});
