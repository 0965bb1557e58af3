/** Does nothing: what a worker is sent was checked on the caller's side, before it was sent. */
export function checkOptions(): void {}

/** A copy of options without those whose value is undefined. */
export const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
