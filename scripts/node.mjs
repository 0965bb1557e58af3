// Checks the version of Node. Modules that an old one cannot load must be imported after the check.
import { Stop } from "./say.mjs";

/** @throws {Stop} if this Node is too old for the project */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 16)) return;
  throw new Stop(
    `Node ${process.versions.node} is too old: 20.16 or later is needed. Install it from https://nodejs.org`,
  );
}
