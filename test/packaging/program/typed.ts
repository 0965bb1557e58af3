import { type Classification, doctor, init } from "roformer";
import { createSession, type Session } from "roformer/session";
import { finetune } from "roformer/train";

// What only TypeScript has, so that nothing but a compiler runs this.
enum Where {
  Here = "./common.mjs",
}
export type Both = Classification | Session;
const { run } = (await import(Where.Here)) as { run(parts: object): Promise<object> };
console.log(JSON.stringify(await run({ doctor, init, finetune, createSession })));
