// A session's worker with a test's own commands, for Node and browsers.
import { platform } from "../../ts/platform/index.js";
import type { Greeting } from "../../ts/session/protocol.js";
import { serve } from "../../ts/session/serve.js";
import { streamCommands } from "../session/streamCommands.js";

void platform.firstMessage().then((greeting) => serve(greeting as Greeting, streamCommands()));
