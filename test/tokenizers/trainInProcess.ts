/** Trains on the file named and prints the `tokenizer.json`, as a JSON string. */
import { readFileSync } from "node:fs";
import { trainTokenizer } from "../../ts/tokenizers/train.js";

const { kind, options, corpus } = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
trainTokenizer({ kind, lines: corpus, ...options }).then((tokenizer) => {
  process.stdout.write(JSON.stringify(new TextDecoder().decode(tokenizer.files().get("tokenizer.json"))));
});
