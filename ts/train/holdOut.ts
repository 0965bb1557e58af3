import { sameText, split } from "../data/split.js";
import type { Row } from "../data/values.js";
import { DataError } from "../errors.js";
import type { AnyTask } from "./tasks/index.js";

/** The rows in two parts: nine tenths to train on, a tenth to validate with. Errors: DataError for rows that cannot be parted. */
export function holdOut(rows: readonly Row[], task: AnyTask, seed: number): [Row[], Row[]] {
  const texts = rows.map((row) => task.texts(row)[0]!);
  const [train, valid] = split(texts, rows.map(task.stratum), { shares: [0.9, 0.1], seed });
  if (valid!.length === 0) throw tooFew(rows, texts);
  return [train!.map((i) => rows[i]!), valid!.map((i) => rows[i]!)];
}

/** Rows from which a tenth should be enough, but that cannot be parted. */
const ENOUGH = 10;

function tooFew(rows: readonly Row[], texts: readonly string[]): DataError {
  const different = new Set(texts.map(sameText)).size;
  const together = `have only ${different} different texts, and rows of one text stay together`;
  const what =
    rows.length === 1
      ? "is too little to hold some out"
      : different === rows.length
        ? "are too few to hold some out"
        : rows.length < ENOUGH
          ? `are too few to hold some out: they ${together}`
          : `${together}, so that none can be held out`;
  return new DataError(
    `${rows[0]!.file}: ${rows.length} row${rows.length === 1 ? "" : "s"} ${what}; name rows to validate with (valid)`,
  );
}
