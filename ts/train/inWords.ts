/** Formats seconds: 7 s, 3 min 20 s, 1 h 5 min. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** A number of things: "1 layer", "2 layers". */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** A share as a percentage with two decimals. */
export const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;
