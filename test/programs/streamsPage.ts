// Streams of a worker in a page: what became of them, as plain data.
import { platform } from "../../ts/platform/index.js";
import { Link } from "../../ts/session/link.js";
import type { StreamCommands } from "../session/streamCommands.js";

const failure = (promised: Promise<unknown>) =>
  promised.then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** Reads, breaks, aborts and closes streams of the worker whose script has the address `script`. */
export async function streams(script: string) {
  const link = new Link<StreamCommands>((onEnd) => platform.startWorker(new URL(script, location.href), onEnd));
  const heard: unknown[] = [];
  const read: number[] = [];
  for await (const n of await link.call("count", 3, { onValue: (...args) => void heard.push(args) })) read.push(n);
  for await (const n of await link.call("count", 1000)) if (n === 1) break;
  const log = await link.call("log");
  const moved: boolean[] = [];
  for await (const one of await link.call("arrays")) moved.push(one.moved);
  const controller = new AbortController();
  const aborted = await link.call("heed", { signal: controller.signal });
  const step = failure(aborted.next());
  setTimeout(() => controller.abort(), 20);
  const abort = await step;
  const left = await link.call("slow", 1000);
  const waiting = failure(left.next());
  await link.close("the session was closed");
  return { heard, read, log, moved, abort, closed: [await waiting, await failure(left.next())] };
}
