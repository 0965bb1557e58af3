import { doctor as diagnose } from "../../engine/doctor.js";
import type { CommandSpec } from "../command.js";

/** Shows what the engine uses on this machine. */
export const doctor: CommandSpec = {
  name: "doctor",
  summary: "show which engine runs on this machine, and why",
  options: [],
  required: [],
  async run({ out }) {
    const found = await diagnose();
    const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    await out.result(found, [
      `build    ${found.variant}`,
      `threads  ${found.threads} (${found.cores} cores)`,
      `memory   ${mebibytes(found.memory.total)} used, at most ${mebibytes(found.memory.limit)}`,
      `node     ${found.node}`,
      ...found.reasons.map((reason) => `- ${reason}`),
    ]);
    return undefined;
  },
};
