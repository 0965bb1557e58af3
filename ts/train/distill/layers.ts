import { ConfigError } from "../../errors.js";

/** `count` of `all` layers, evenly spread, the first and the last one among them; one layer is the first. */
const spread = (all: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.floor((i * (all - 1)) / (count - 1))));

/** The numbers of the teacher's layers that a student begins with. Errors: ConfigError for layers that the teacher does not have. */
export function chosenLayers(
  all: number,
  { layers, keepLayers }: { readonly layers?: number | undefined; readonly keepLayers?: readonly number[] | undefined },
): number[] {
  if (keepLayers !== undefined) {
    if (layers !== undefined && layers !== keepLayers.length)
      throw new ConfigError(`layers is ${layers}, and keepLayers names ${keepLayers.length}: set one of them`);
    const unknown = keepLayers.find((layer) => layer >= all);
    if (unknown !== undefined)
      throw new ConfigError(`keepLayers names layer ${unknown}; the teacher has layers 0 to ${all - 1}`);
    return [...keepLayers];
  }
  if (layers !== undefined && layers > all)
    throw new ConfigError(`layers is ${layers}; expected at most ${all}, the teacher's`);
  return spread(all, layers ?? Math.ceil(all / 2));
}
