// What a server renders with: the package is imported as it is, by Node.
import { doctor, init } from "roformer";
import { createSession } from "roformer/session";
import { finetune } from "roformer/train";
import { run } from "./common.mjs";

/** Renders. */
export const render = () => run({ doctor, init, finetune, createSession });
