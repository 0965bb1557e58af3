// A session's worker that exits when it is told "now", whatever it does.
import { parentPort } from "node:worker_threads";
import "../../../dist/session/worker.js";

parentPort.on("message", (message) => {
  if (message === "now") process.exit(3);
});
