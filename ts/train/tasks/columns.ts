import { ConfigError } from "../../errors.js";
import type { Names } from "../../options.js";

/** Which columns of the rows mean what, and what the task makes of them. A task takes some of these. */
export interface TaskColumns {
  /** Column of the texts: of `classify`, `regress`, `multilabel`, `choose` and `embed`. */
  readonly text?: string | undefined;
  /** Column of second texts, where the texts are pairs. */
  readonly textPair?: string | undefined;
  /** Column of the labels: classes, numbers, lists of classes, numbers of choices, or similarities. */
  readonly label?: string | undefined;
  /**
   * Names of the classes of `classify` in the order of their ids.
   * @default those of the training rows, sorted
   */
  readonly labelNames?: readonly string[] | undefined;
  /** Separates the labels of a text in `multilabel`. Default: none; the column holds JSON lists, or one label. */
  readonly labelSeparator?: string | undefined;
  /**
   * Column of the words of `tag`: a JSON list, or words with spaces between.
   * @default "words"
   */
  readonly words?: string | undefined;
  /**
   * Column of the words' tags, likewise.
   * @default "tags"
   */
  readonly tags?: string | undefined;
  /**
   * Column of the questions of `span`.
   * @default "question"
   */
  readonly question?: string | undefined;
  /**
   * Column of the texts that hold the answers.
   * @default "context"
   */
  readonly context?: string | undefined;
  /**
   * Column of the answers, as SQuAD has them: `{ text: […], answer_start: […] }`, without any where there is no answer.
   * @default "answers"
   */
  readonly answers?: string | undefined;
  /** Columns of the choices of `choose`. */
  readonly choices?: readonly string[] | undefined;
  /** Column of the texts of `pairrank` that the two others are compared with. */
  readonly anchor?: string | undefined;
  /** Column of the texts that are more similar to the anchor. */
  readonly positive?: string | undefined;
  /** Column of the texts that are less similar: of `pairrank`, and of triplets of `embed`. */
  readonly negative?: string | undefined;
  /**
   * What the vectors of `embed` are trained with: "in-batch-negatives" of pairs and triplets; "cosent" or "cosine" (the squared error of
   * the cosine) of scored pairs.
   * @default "in-batch-negatives", with `label` "cosent"
   */
  readonly loss?: "in-batch-negatives" | "cosent" | "cosine" | undefined;
}

/** The names of {@link TaskColumns}. */
export const COLUMNS: Names<TaskColumns> = {
  ...{ text: true, textPair: true, label: true, labelNames: true, labelSeparator: true, words: true, tags: true },
  ...{ question: true, context: true, answers: true, choices: true, anchor: true, positive: true, negative: true },
  loss: true,
};

/** What is read of each row. */
export interface RowColumns {
  /** Columns whose values must be texts. */
  readonly texts: readonly string[];
  /** Columns of anything else. */
  readonly others: readonly string[];
}

/** The columns of a task as its options name them. */
export interface ColumnNames {
  /** Options of columns that hold texts; `?` ends the name of one that may be left out. */
  readonly texts: readonly string[];
  readonly others: readonly string[];
  /** Names of columns that need not be named. */
  readonly defaults?: Readonly<Partial<Record<keyof TaskColumns, string>>>;
}

/** The options without which a task has nothing to read. */
export function missingColumns({ texts, others, defaults = {} }: ColumnNames, options: TaskColumns): string[] {
  const needed = [...texts, ...others].filter((name) => !name.endsWith("?") && !Object.hasOwn(defaults, name));
  return needed.filter((name) => options[name as keyof TaskColumns] === undefined);
}

/** The names of a task's columns. Errors: ConfigError for one that is not named. */
export function columnsOf({ texts, others, defaults = {} }: ColumnNames, options: TaskColumns): RowColumns {
  const named = (names: readonly string[]) =>
    names.flatMap((entry) => {
      const option = entry.replace("?", "") as keyof TaskColumns;
      const value = options[option] ?? defaults[option];
      if (value === undefined && entry.endsWith("?")) return [];
      const columns: readonly unknown[] = option === "choices" && Array.isArray(value) ? value : [value];
      const wrong = columns.findIndex((column) => typeof column !== "string");
      if (wrong < 0 && columns.length > 0) return columns as string[];
      throw new ConfigError(`${option} is ${String(columns[wrong])}, not the name of a column`);
    });
  return { texts: named(texts), others: named(others) };
}
