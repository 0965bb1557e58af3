// One literal URL a file: so bundlers see which files to copy.
export default new Map([
  ["config.json", new URL("./int8/config.json", import.meta.url).href],
  ["model.safetensors", new URL("./int8/model.safetensors", import.meta.url).href],
  ["tokenizer.json", new URL("./int8/tokenizer.json", import.meta.url).href],
  ["tokenizer_config.json", new URL("./int8/tokenizer_config.json", import.meta.url).href],
  ["modules.json", new URL("./int8/modules.json", import.meta.url).href],
  ["sentence_bert_config.json", new URL("./int8/sentence_bert_config.json", import.meta.url).href],
  ["1_Pooling/config.json", new URL("./int8/1_Pooling/config.json", import.meta.url).href],
]);
