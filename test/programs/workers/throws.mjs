// A session's worker in which, when it is told "now", something fails that nobody waits for.
import { parentPort } from "node:worker_threads";
import "../../../dist/session/worker.js";

parentPort.on("message", (message) => {
  if (message === "now") throw new TypeError("nobody's");
});
