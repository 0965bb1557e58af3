/**
 * File formats. A `txt` file has one column, `text`, and one row per line, including blank lines. A `conll` file has the
 * columns `words` and `tags`, lists of strings, and one row per sentence. A `squad` file has `id`, `title`, `context`,
 * `question` and `answers`, and one row per question; a `json` file whose root is an object with `data` is one, too. `parquet` files
 * are read in Node, outside of sessions.
 */
export type Format = "csv" | "tsv" | "jsonl" | "json" | "txt" | "conll" | "squad" | "parquet";
