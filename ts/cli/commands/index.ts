import type { CommandSpec } from "../command.js";
import { answer } from "./answer.js";
import { convert } from "./convert.js";
import { distill } from "./distill.js";
import { doctor } from "./doctor.js";
import { embed } from "./embed.js";
import { evaluate } from "./evaluate.js";
import { fillMask } from "./fillMask.js";
import { finetune } from "./finetune.js";
import { inspect } from "./inspect.js";
import { predict } from "./predict.js";
import { pretrain } from "./pretrain.js";
import { search } from "./search.js";
import { trainTokenizer } from "./trainTokenizer.js";

/** The program's commands. To add one, add a file and a line here. */
export const commands: readonly CommandSpec[] = [
  ...[trainTokenizer, pretrain, finetune, distill, evaluate],
  ...[predict, embed, search, fillMask, answer],
  ...[convert, inspect, doctor],
];
