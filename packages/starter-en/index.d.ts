/**
 * The model, as `init` of roformer's trainings and as the source of `RoFormer.load` and `session.load`: in Node the folder with the weights
 * as bf16; in builds for browsers the addresses of the files, by name, with the weights as int8.
 */
declare const starter: string | ReadonlyMap<string, string>;
export default starter;
