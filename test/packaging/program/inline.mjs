import { createSession, doctor, finetune, init } from "roformer/inline";
import { run } from "./common.mjs";

console.log(JSON.stringify(await run({ doctor, init, finetune, createSession })));
