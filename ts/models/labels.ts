import type { FamilyConfig } from "./configFields.js";

/** Number of classes: as many as `id2label` names, else what `num_labels` says, else 2. */
export const numLabels = ({ id2label, num_labels }: FamilyConfig): number =>
  id2label ? Object.keys(id2label).length : (num_labels ?? 2);

/** Names of the classes in order of their ids; `LABEL_0`, … where the configuration has none. */
export function labelNames(config: FamilyConfig): string[] {
  return Array.from({ length: numLabels(config) }, (_, i) => config.id2label?.[i] ?? `LABEL_${i}`);
}
