import type { CommandSpec } from "../command.js";
import { doctor } from "./doctor.js";
import { evaluate } from "./evaluate.js";
import { finetune } from "./finetune.js";
import { predict } from "./predict.js";
import { trainTokenizer } from "./trainTokenizer.js";

/** The program's commands. A new one is a file and a line. */
export const commands: readonly CommandSpec[] = [trainTokenizer, finetune, evaluate, predict, doctor];
