// A session's worker with commands of its own, from the TypeScript sources.
import { register } from "tsx/esm/api";

register();
const { platform } = await import("../../../ts/platform/index.ts");
const { serve } = await import("../../../ts/session/serve.ts");
const { streamCommands } = await import("../../session/streamCommands.ts");

void platform.firstMessage().then((greeting) => serve(greeting, streamCommands()));
