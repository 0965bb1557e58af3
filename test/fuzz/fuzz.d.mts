export const READERS: readonly string[];

export interface Findings {
  readonly inputs: number;
  readonly read: number;
  /** Refusals by class of error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly input: number; readonly why: string; readonly detail: string }[];
  readonly peakMemory: number;
}

export function fuzz(reader: string, inputs: { seed: number; from: number; to: number }): Promise<Findings>;
