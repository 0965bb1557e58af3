import { thread, worker } from "inlined";

/** What stands for `nodeScripts.ts` in the inlined build: the scripts themselves. */
export const nodeScripts = { thread: (): string => thread, session: (): string => worker };
