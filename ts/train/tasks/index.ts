import type { HeadName } from "../../nn/heads/index.js";
import { choose } from "./choose.js";
import { classify } from "./classify.js";
import { embed } from "./embed.js";
import { multilabel } from "./multilabel.js";
import { pairrank } from "./pairrank.js";
import { regress } from "./regress.js";
import { span } from "./span.js";
import { tag } from "./tag.js";
import type { Scores, Task, TaskKind } from "./task.js";

/** What `finetune` can teach a model, by name: a file and a line each. */
export const tasks = {
  /** One of several classes per text. */
  classify,
  /** A number per text. */
  regress,
  /** Any number of labels per text. */
  multilabel,
  /** A tag per word: names, parts of speech. */
  tag,
  /** Where in a text the answer to a question lies. */
  span,
  /** Which of several texts follows another. */
  choose,
  /** Which of two texts is more similar to a third. */
  pairrank,
  /** Vectors of texts. */
  embed,
};

/** The name of a task. */
export type TaskName = keyof typeof tasks;

/** The scores of a task. */
export type ScoresOf<T extends TaskName> = {
  [K in T]: (typeof tasks)[K] extends TaskKind<infer _L, infer E, infer _H> ? E : never;
}[T];

/** The head of a task's models. */
export type HeadOf<T extends TaskName> = {
  [K in T]: (typeof tasks)[K] extends TaskKind<infer _L, infer _E, infer H> ? H : never;
}[T];

/** A task whose rows, scores and head are its own business. */
export type AnyTask = Task<unknown, Scores, HeadName>;

/** A kind of task, likewise. */
export type AnyTaskKind = TaskKind<unknown, Scores, HeadName>;

/** The kind of a task. */
export const taskKind = (name: TaskName): AnyTaskKind => tasks[name] as AnyTaskKind;

/** The names of all tasks. */
export const TASKS = Object.keys(tasks) as TaskName[];
