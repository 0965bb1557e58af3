// Prints what whole models come to as one line of JSON: `node hash.mjs '{"variant":"simd-threads","threads":3}'`. With
// "shareAll" every job that has two items is shared, however small.
import * as roformer from "../../dist/index.js";
import { joined } from "./joined.mjs";
import { wholeModels } from "./wholeModel.mjs";

const { shareAll = false, names, ...options } = JSON.parse(process.argv[2] ?? "{}");
await roformer.init({ v8Flags: true, ...options });
const tookPart = shareAll ? await joined(true) : undefined;
const { variant, threads } = roformer.engineStatus();
console.log(JSON.stringify({ variant, threads, tookPart, ...(await wholeModels(roformer, names)) }));
