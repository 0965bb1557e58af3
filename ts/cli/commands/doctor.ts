import { doctor as diagnose } from "../../engine/doctor.js";
import type { CommandSpec } from "../command.js";

/** Says what this machine offers. */
export const doctor: CommandSpec = {
  name: "doctor",
  summary: "say what the engine makes of this machine, and why",
  options: [],
  required: [],
  async run({ out }) {
    const found = await diagnose();
    const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    await out.result(found, [
      `build    ${found.variant}`,
      `threads  ${found.threads} (${found.cores} cores)`,
      `memory   ${mebibytes(found.memory.total)} taken, ${mebibytes(found.memory.limit)} at most`,
      `node     ${found.node}`,
      ...found.reasons.map((reason) => `- ${reason}`),
    ]);
    return undefined;
  },
};
