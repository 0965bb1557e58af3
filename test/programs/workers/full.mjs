// A session's worker that runs out of JavaScript's memory when it is told "now".
import { parentPort } from "node:worker_threads";
import "../../../dist/session/worker.js";

parentPort.on("message", (message) => {
  const held = [];
  while (message === "now") held.push(new Array(1_000_000).fill(held.length));
});
