// A session's worker with a test's own commands, from the TypeScript sources.
import { register } from "tsx/esm/api";

register();
await import("../streamsWorker.ts");
