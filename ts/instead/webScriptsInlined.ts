import { worker } from "inlined";

let url: string | undefined;

/** What stands for `webScripts.ts` in the inlined build. */
export const webScripts = {
  start: (): Worker => {
    url ??= URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
    return new Worker(url, { type: "module" });
  },
};
