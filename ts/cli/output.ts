import { once } from "node:events";
import { SingleBar } from "cli-progress";
import pc from "picocolors";

/** A command's output: results to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** Whether messages go to a terminal, and are wanted. */
  readonly onTerminal: boolean;
  /** Prints a line, except with --quiet. */
  say(line: string): void;
  /** Prints a warning, even with --quiet. */
  warn(line: string): void;
  /** Prints the result: with --json the value on one line, else `lines`. */
  result(value: unknown, lines: readonly string[]): Promise<void>;
  /** Shows the progress of a job. `long`: if stderr is not a terminal, prints the first line at once instead of after 10 seconds. */
  progress(total: number, unit: string, long?: boolean): Progress;
  /** Shows the progress of a download, of `total` bytes if known; only on a terminal. */
  download(file: string, total: number | undefined): Progress;
  /** Removes progress bars when a command ends. */
  end(): void;
}

/** The progress of a long job: a bar on a terminal, otherwise occasional lines. */
export interface Progress {
  update(done: number, note: string): void;
  end(): void;
}

/** Seconds between lines without a terminal. */
const LINE_INTERVAL = 10;

/** The output of a process. */
export function output({ json = false, quiet = false }: { json?: boolean; quiet?: boolean }): Output {
  let shown: number | undefined;
  const say = (line: string) => {
    if (!quiet) process.stderr.write(`${line}\n`);
  };
  const due = () => {
    const now = performance.now() / 1000;
    if (shown !== undefined && now - shown < LINE_INTERVAL) return false;
    shown = now;
    return true;
  };
  const bars = new Set<Progress>();
  const bar = (total: number, format: string): Progress => {
    const shown = startBar(total, format);
    const end = () => {
      if (bars.delete(mine)) shown.end();
    };
    const mine: Progress = { update: (done, note) => bars.has(mine) && shown.update(done, note), end };
    bars.add(mine);
    return mine;
  };
  const onTerminal = !quiet && process.stderr.isTTY === true;
  return {
    json,
    onTerminal,
    say,
    warn: (line) => void process.stderr.write(`${pc.yellow("warning")}: ${line}\n`),
    result: async (value, lines) => print(json ? [JSON.stringify(value)] : lines),
    progress: (total, unit, long = false) => {
      shown ??= long ? Number.NEGATIVE_INFINITY : performance.now() / 1000;
      if (quiet) return NOTHING;
      return onTerminal ? bar(total, `{bar} {value}/{total} ${unit}  {note}`) : plainLines(total, unit, say, due);
    },
    download: (file, total) => {
      if (!onTerminal) return NOTHING;
      const [unit, bytes] = total !== undefined && total < 1e6 ? ["kB", 1e3] : ["MB", 1e6];
      const amount = (count: number) => Math.round((10 * count) / bytes) / 10;
      const name = file.replace(/[^\x20-\x7e]|[{}]/g, "?");
      const of = total === undefined ? "" : "/{total}";
      const shown = bar(total === undefined ? 0 : amount(total), `{bar} {value}${of} ${unit}  ${name}`);
      return { update: (done, note) => shown.update(amount(done), note), end: shown.end };
    },
    end: () => {
      for (const one of [...bars]) one.end();
    },
  };
}

/** Writes lines to stdout, waiting if a pipe is full. */
export async function print(lines: Iterable<string>): Promise<void> {
  for (const line of lines) if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

const NOTHING: Progress = { update: () => {}, end: () => {} };

function startBar(total: number, format: string): Progress {
  const single = new SingleBar({
    format,
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: false,
  });
  single.start(total, 0, { note: "" });
  return { update: (done, note) => single.update(done, { note }), end: () => single.stop() };
}

/** Limits lines to one every few seconds, also across jobs: `due` tells whether it is time. */
function plainLines(total: number, unit: string, say: (line: string) => void, due: () => boolean): Progress {
  return {
    update: (done, note) => {
      if (due()) say(`${done}/${total} ${unit}  ${note}`.trimEnd());
    },
    end: () => {},
  };
}
