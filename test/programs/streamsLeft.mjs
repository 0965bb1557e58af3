// Leaves a stream of a worker unfinished, and has nothing else to do.
import { register } from "tsx/esm/api";

register();
const { platform } = await import("../../ts/platform/index.ts");
const { Link } = await import("../../ts/session/link.ts");

const script = new URL("workers/streams.mjs", import.meta.url);
const link = new Link((onEnd) => platform.startWorker(script, onEnd));
const stream = await link.call("count", 3);
console.log(JSON.stringify(await stream.next()));
