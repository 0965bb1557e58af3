/** What cannot be measured here, for a reason that is nobody's fault: the row is skipped, and the message says why. */
export class Unavailable extends Error {}
