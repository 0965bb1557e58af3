import type { FileOptions } from "../../data/rows.js";
import type { DataSource } from "../../data/source.js";
import type { FileSource } from "../../io/files.js";
import type { Names } from "../../options.js";
import type { TextSource } from "../examples.js";
import { DISTILL_SETTINGS, type DistillSettings } from "../settings/distill.js";
import { RUN, type RunOptions, type WhenAborted } from "../settings/run.js";

/** Settings of `distill`. */
export interface DistillOptions extends DistillSettings, FileOptions, Omit<RunOptions, "init"> {
  /** The model to learn from: any encoder with BERT's layers, a sentence-transformers folder among them. */
  readonly teacher: FileSource;
  /** Texts to learn from, without labels: a text a line, or the rows of a column. */
  readonly data: DataSource | readonly DataSource[];
  /**
   * The column of the texts of `data`, for formats that have some.
   * @default `text`, else "text"
   */
  readonly dataText?: string | undefined;
  /**
   * The column of second texts of `data`: texts of the same meaning for "contrastive", the second texts of pairs for classifiers.
   * @default none
   */
  readonly dataTextPair?: string | undefined;
  /**
   * Labeled rows that both models are scored on. The student is not trained on them.
   * @default none
   */
  readonly valid?: TextSource | undefined;
  /** The column of the texts of `valid`. */
  readonly text?: string | undefined;
  /** The column of its second texts. */
  readonly textPair?: string | undefined;
  /** The column of its labels; for text vectors, of similarities. */
  readonly label?: string | undefined;
  /**
   * A folder for what the teacher makes of the texts, which later runs read instead of computing it again. It stays after the run.
   * @default the folder `teacher-cache` in `out`; without `out`, and in pages, memory
   */
  readonly cache?: string | undefined;
}

/** The names of {@link DistillOptions}. */
export const DISTILL: Names<DistillOptions & WhenAborted> = /* @__PURE__ */ Object.assign(
  {
    ...{ teacher: true, data: true, dataText: true, dataTextPair: true, valid: true, text: true, textPair: true },
    ...{ label: true, cache: true, format: true, separator: true, quoted: true },
  },
  DISTILL_SETTINGS,
  /* @__PURE__ */ withoutInit(RUN),
);

function withoutInit<T extends { readonly init: unknown }>({ init: _, ...names }: T): Omit<T, "init"> {
  return names;
}
