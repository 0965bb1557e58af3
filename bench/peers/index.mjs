// Who is measured: a file each. Loading these files loads no library: that is `start`'s, in a process of its own.
import { jaxJs } from "./jaxJs.mjs";
import { onnxruntimeWeb } from "./onnxruntimeWeb.mjs";
import { ours } from "./ours.mjs";
import { peak } from "./peak.mjs";
import { tfjs } from "./tfjs.mjs";
import { torch } from "./torch.mjs";

/**
 * @typedef {import("../child.mjs").Work} Work
 * @typedef {import("../children.mjs").Settings} Settings
 */

/**
 * @typedef {object} Peer
 * @property {string} title what the table calls it
 * @property {boolean} [installed] whether it comes with bench/package.json
 * @property {(settings: Settings) => string | undefined} missing why it cannot be measured so, if it cannot
 * @property {(settings: Settings) => Promise<{ about: object, works: { [name: string]: (options: any) => Work | Promise<Work> } }>} [start]
 *   loads it; `about` says what it runs with
 * @property {(settings: Settings) => string[]} [command] another program that speaks child.mjs's lines
 */

/** @type {Readonly<Record<string, Peer>>} */
export const peers = { ours, peak, onnxruntimeWeb, tfjs, jaxJs, torch };
