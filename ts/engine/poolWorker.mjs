// A thread of the engine: an instance of the same module over the same memory, which takes part in every job until the
// process or page ends. Plain JavaScript, since no runtime starts a worker from TypeScript everywhere.
import { initSync, team_fail, team_work } from "../wasm/glue.js";

/** Bytes; kernels keep little on the stack. */
const STACK = 256 * 1024;

function run({ module, memory, thread }) {
  initSync({ module, memory, thread_stack_size: STACK });
  try {
    team_work(thread);
  } catch (error) {
    // The coordinator may be asleep, waiting for what this thread had begun.
    team_fail();
    throw error;
  }
}

const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
if (threads) run(threads.workerData);
else globalThis.onmessage = ({ data }) => run(data);
