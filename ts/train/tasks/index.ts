import type { HeadName } from "../../nn/heads/index.js";
import { type ChoiceScores, choose } from "./choose.js";
import { type ClassifierScores, classify } from "./classify.js";
import { type EmbeddingScores, embed } from "./embed.js";
import { type MultiLabelScores, multilabel } from "./multilabel.js";
import { pairrank, type RankScores } from "./pairrank.js";
import { type RegressionScores, regress } from "./regress.js";
import { type SpanScores, span } from "./span.js";
import { type TagScores, tag } from "./tag.js";
import type { Scores, Task, TaskKind } from "./task.js";

/** What a task's evaluations and models are. */
export interface TaskType<S extends Scores, H extends HeadName> {
  /** Its scores. */
  scores: S;
  /** The head of its models. */
  head: H;
}

/** What `finetune` can train a model for: the scores and the head of each task. */
export interface TaskTypes {
  /** One of several classes per text. */
  classify: TaskType<ClassifierScores, "sequence-classification">;
  /** A number per text. */
  regress: TaskType<RegressionScores, "sequence-classification">;
  /** Any number of labels per text. */
  multilabel: TaskType<MultiLabelScores, "sequence-classification">;
  /** A tag per word: names, parts of speech. */
  tag: TaskType<TagScores, "token-classification">;
  /** Where in a text the answer to a question lies. */
  span: TaskType<SpanScores, "question-answering">;
  /** Which of several texts follows another. */
  choose: TaskType<ChoiceScores, "multiple-choice">;
  /** Which of two texts is more similar to a third. */
  pairrank: TaskType<RankScores, "sequence-classification">;
  /** Vectors of texts. */
  embed: TaskType<EmbeddingScores, "base">;
}

/** The name of a task. */
export type TaskName = keyof TaskTypes;

/** The scores of a task. */
export type ScoresOf<T extends TaskName> = TaskTypes[T]["scores"];

/** The head of a task's models. */
export type HeadOf<T extends TaskName> = TaskTypes[T]["head"];

/** A task whose rows, scores and head are its own business. */
export type AnyTask = Task<unknown, Scores, HeadName>;

/** A kind of task, likewise. */
export type AnyTaskKind = TaskKind<unknown, Scores, HeadName>;

const tasks = { classify, regress, multilabel, tag, span, choose, pairrank, embed } satisfies {
  [T in TaskName]: { readonly head: HeadOf<T> };
};

/** The kind of a task. */
export const taskKind = (name: TaskName): AnyTaskKind => tasks[name] as unknown as AnyTaskKind;

/** The names of all tasks. */
export const TASKS = Object.keys(tasks) as TaskName[];
