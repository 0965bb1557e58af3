import { type FileSource, isFolderPath, openFiles } from "../io/files.js";
import type { Call } from "./command.js";
import type { Progress } from "./output.js";

/**
 * A model's folder, URL or name on the hub, as given to a command. Downloads show their progress on a terminal, and stop on
 * Ctrl-C. A URL of a file of weights is passed on unchanged.
 */
export function modelSource(source: string, { out, signal }: Pick<Call, "out" | "signal">): FileSource {
  if (isFolderPath(source) || /\.(safetensors|bin)$/.test(source)) return source;
  const bars = new Map<string, Progress>();
  return openFiles(source, {
    signal,
    onProgress({ file, loaded, total }) {
      const bar = bars.get(file) ?? out.download(file, total);
      bars.set(file, bar);
      bar.update(loaded, "");
      if (loaded === total) bar.end();
    },
  });
}
