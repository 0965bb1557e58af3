// A thread of the engine: an instance of the same module over the same memory, which takes part in every job until the
// process or page ends. Plain JavaScript, since Node starts no worker from TypeScript everywhere.
import { initSync, team_fail, team_work } from "../../wasm/glue.js";

/** Bytes; kernels keep little on the stack. */
const STACK = 256 * 1024;

/** Works until the engine ends. */
export function takePart({ module, memory, thread }) {
  initSync({ module, memory, thread_stack_size: STACK });
  try {
    team_work(thread);
  } catch (error) {
    // The coordinator may be asleep, waiting for what this thread had begun.
    team_fail();
    throw error;
  }
}
