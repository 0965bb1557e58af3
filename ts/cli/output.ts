import { once } from "node:events";
import { SingleBar } from "cli-progress";
import pc from "picocolors";

/** Where a command's words go: results to stdout, all else to stderr. */
export interface Output {
  readonly json: boolean;
  /** A line for people, unless they want quiet. */
  say(line: string): void;
  /** A warning, always. */
  warn(line: string): void;
  /** The result: with --json the value on one line, else `lines`. */
  result(value: unknown, lines: readonly string[]): Promise<void>;
  /** Shows how far a job is. `long`: on a stderr that is not a terminal, the first line comes at once and not after 10 seconds. */
  progress(total: number, unit: string, long?: boolean): Progress;
  /** Shows how far a download is, of `total` bytes if known: on a terminal alone. */
  download(file: string, total: number | undefined): Progress;
  /** Ends what is still shown, when a command ends. */
  end(): void;
}

/** How far a long job is: a bar on a terminal, else a line now and then. */
export interface Progress {
  update(done: number, note: string): void;
  end(): void;
}

/** Seconds between lines where there is no terminal. */
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
  const onTerminal = !quiet && process.stderr.isTTY;
  return {
    json,
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

/** Writes lines to stdout, waiting where a pipe is full. */
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

/** A line every few seconds, also where one job follows another: `due` says whether it is time. */
function plainLines(total: number, unit: string, say: (line: string) => void, due: () => boolean): Progress {
  return {
    update: (done, note) => {
      if (due()) say(`${done}/${total} ${unit}  ${note}`.trimEnd());
    },
    end: () => {},
  };
}

/** Seconds as people say them: 7 s, 3 min 20 s, 1 h 5 min. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
