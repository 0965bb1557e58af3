// The script of workers (`roformer/worker`). The first message selects its role: a session, which answers calls until it is ended,
// or in browsers a thread of an engine.
import { takePart } from "../engine/wasm/thread.mjs";
import { platform } from "../platform/index.js";
import { sessionCommands } from "./commands.js";
import type { Greeting } from "./protocol.js";
import { serve } from "./serve.js";

// Not `await`: bundlers also make classic scripts of workers.
void platform.firstMessage().then((first) => {
  if ("thread" in (first as object)) return takePart(first as Parameters<typeof takePart>[0]);
  return serve(first as Greeting, sessionCommands());
});
