import { doctor, init } from "roformer";
import { createSession } from "roformer/session";
import { finetune } from "roformer/train";
import { run } from "./common.mjs";

globalThis.answer = run({ doctor, init, finetune, createSession });
