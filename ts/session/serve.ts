import { expose } from "comlink";
import { shareModules } from "../engine/wasm/source.js";
import { platform, takeInlined } from "../platform/index.js";
import { keepSentErrors } from "./errors.js";
import { type CommandTable, Host } from "./host.js";
import { type Compiled, type Greeting, UNREADABLE } from "./protocol.js";

/** Answers calls of `table`'s commands over the greeting's port, until the worker is ended. */
export async function serve({ port, lock, files, modules }: Greeting, table: CommandTable): Promise<void> {
  if (files) takeInlined(files);
  shareModules(modules, (compiled, module) => port.postMessage({ compiled, module } satisfies Compiled));
  keepSentErrors();
  await platform.holdLock(lock);
  port.addEventListener("messageerror", () => port.postMessage(UNREADABLE));
  expose(new Host(port, table), port);
}
