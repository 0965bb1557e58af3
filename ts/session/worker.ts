// The script of workers (`roformer/worker`). What it is sent first says what it is: a session, which answers calls until it is ended,
// or in browsers a thread of an engine.
import { expose } from "comlink";
import { takePart } from "../engine/thread.mjs";
import { shareModules } from "../engine/wasmSource.js";
import { platform, takeInlined } from "../platform/index.js";
import { keepErrorClasses } from "./errors.js";
import { Host } from "./host.js";
import { type Compiled, type Greeting, UNREADABLE } from "./protocol.js";

// Not `await`: bundlers also make classic scripts of workers.
void platform.firstMessage().then(async (first) => {
  if ("thread" in (first as object)) return takePart(first as Parameters<typeof takePart>[0]);
  const { port, lock, files, modules } = first as Greeting;
  if (files) takeInlined(files);
  shareModules(modules, (compiled, module) => port.postMessage({ compiled, module } satisfies Compiled));
  keepErrorClasses();
  await platform.holdLock(lock);
  port.addEventListener("messageerror", () => port.postMessage(UNREADABLE));
  expose(new Host(port), port);
});
