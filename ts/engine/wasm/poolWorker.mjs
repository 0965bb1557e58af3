// The script of an engine's threads in Node.
import { takePart } from "./thread.mjs";

takePart(process.getBuiltinModule("node:worker_threads").workerData);
