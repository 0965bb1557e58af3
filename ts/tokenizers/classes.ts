import { DataError } from "../errors.js";
import type { ObjectFile } from "./textFiles.js";

/**
 * How a class of transformers reads its files: as BERT's tokenizer with its own settings (`bert`), the same after jieba
 * (`words`), or as `tokenizer.json` alone defines it (`plain`).
 */
export type Kind = "bert" | "words" | "plain";

/** The tokenizer class of a folder. */
export interface TokenizerClass {
  readonly kind: Kind;
  /** Undefined if no file names or implies one. */
  readonly name: string | undefined;
  /** The name in messages of the file that says so. */
  readonly from: string;
}

/** BERT's class and the classes that inherit from it. */
const BERT =
  /^(Bert|DistilBert|Electra|MobileBert|ConvBert|SqueezeBert|LayoutLM|Lxmert|RetriBert|Realm|DPR(ContextEncoder|QuestionEncoder|Reader))Tokenizer(Fast)?$/;

/** The class that segments text with jieba. A `tokenizer.json` does not tell: it names BERT's pre-tokenizer. */
const WORDS = /^RoFormerTokenizer(Fast)?$/;

/** The class that segments words with MeCab or another program, whatever `tokenizer.json` says. */
const JAPANESE = /^BertJapaneseTokenizer(Fast)?$/;

/** The classes that read `tokenizer.json` as it is. transformers 4 does not know the first two. */
const PLAIN = /^(TokenizersBackend|PythonBackend|PreTrainedTokenizer(Fast)?)$/;

/** The class by `model_type`, if no file names one. */
const BY_MODEL: Readonly<Record<string, string>> = {
  bert: "BertTokenizer",
  roformer: "RoFormerTokenizer",
  roformer_js: "RoFormerTokenizer",
};

/**
 * The class named by `tokenizer_config.json`, else by `config.json`, else that of its `model_type`, as AutoTokenizer
 * chooses it. Errors: DataError for an invalid name, and for a class whose tokens the files do not define.
 */
export function tokenizerClass(settings: ObjectFile, model: ObjectFile): TokenizerClass {
  for (const { value, file } of [settings, model]) {
    const name = value.tokenizer_class;
    if (name === undefined || name === null) continue;
    if (typeof name !== "string") {
      throw new DataError(`${file}: tokenizer_class is ${JSON.stringify(name)}, not the name of a class`);
    }
    if (JAPANESE.test(name)) {
      throw new DataError(
        `${file}: tokenizer_class is "${name}", which needs a program such as MeCab: it is not supported`,
      );
    }
    return { kind: kindOf(name), name, from: file };
  }
  const type = model.value.model_type;
  const name = typeof type === "string" && Object.hasOwn(BY_MODEL, type) ? BY_MODEL[type] : undefined;
  return { kind: name === undefined ? "plain" : kindOf(name), name, from: model.file };
}

const kindOf = (name: string): Kind => (BERT.test(name) ? "bert" : WORDS.test(name) ? "words" : "plain");

/** Whether a class can make a tokenizer from `vocab.txt` alone. Default: as BERT's class. */
export const readsVocabulary = ({ kind, name }: TokenizerClass): boolean =>
  kind !== "plain" || name === undefined || PLAIN.test(name);

/** The name that a class is saved with: one that both transformers 4 and 5 know. */
export const savedClass = (name: string): string => (/Backend$/.test(name) ? "PreTrainedTokenizerFast" : name);
