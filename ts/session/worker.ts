// The script of a session's worker (`roformer/worker`): waits for a greeting, then answers calls until it is ended.
import { expose } from "comlink";
import { platform } from "../platform/index.js";
import { keepErrorClasses } from "./errors.js";
import { Host } from "./host.js";
import type { Greeting } from "./protocol.js";

keepErrorClasses();
// Not `await`: bundlers also make classic scripts of workers.
void platform.firstMessage().then(async (greeting) => {
  const { port, lock } = greeting as Greeting;
  await platform.holdLock(lock);
  expose(new Host(port), port);
});
