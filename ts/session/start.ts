import { EngineError, RoFormerError } from "../errors.js";
import { platform, type StartedWorker, type WorkerEnd, type WorkerSource } from "../platform/index.js";
import { Link } from "./link.js";
import type { SentEngineOptions } from "./protocol.js";

/** Why calls of a closed session fail. */
export const CLOSED = "the session was closed";

/** Starts a worker and its engine; cleans up on failure. */
export async function startLink(worker: WorkerSource | undefined, options: SentEngineOptions): Promise<Link> {
  const link = new Link((onEnd) => startWorker(worker, onEnd));
  try {
    await link.start(options);
    return link;
  } catch (error) {
    await link.close(CLOSED);
    throw error;
  }
}

/** Browsers refuse some scripts at once, such as those of other origins. */
function startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker {
  try {
    return platform.startWorker(source, onEnd);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new EngineError(`the session's worker cannot be started: ${(error as Error | null)?.message}`, {
      cause: error,
    });
  }
}
