import { DataError } from "../errors.js";
import type { ObjectFile } from "./textFiles.js";

/**
 * What a class of transformers makes of its files: BERT's tokenizer with settings of its own (`bert`), the same behind jieba
 * (`words`), or what `tokenizer.json` alone says (`plain`).
 */
export type Kind = "bert" | "words" | "plain";

/** The class of transformers that a folder is for. */
export interface TokenizerClass {
  readonly kind: Kind;
  /** Undefined where no file names or implies one. */
  readonly name: string | undefined;
  /** What messages call the file that says so. */
  readonly from: string;
}

/** BERT's classes, under their heirs' names. */
const BERT =
  /^(Bert|DistilBert|Electra|MobileBert|ConvBert|SqueezeBert|LayoutLM|Lxmert|RetriBert|Realm|DPR(ContextEncoder|QuestionEncoder|Reader))Tokenizer(Fast)?$/;

/** The class whose text jieba cuts. No `tokenizer.json` says so: it names BERT's pre-tokenizer. */
const WORDS = /^RoFormerTokenizer(Fast)?$/;

/** The class that has words cut by MeCab or another program, whatever `tokenizer.json` says. */
const JAPANESE = /^BertJapaneseTokenizer(Fast)?$/;

/** The classes that read `tokenizer.json` as it is. transformers 4 does not know the first two. */
const PLAIN = /^(TokenizersBackend|PythonBackend|PreTrainedTokenizer(Fast)?)$/;

/** The class by `model_type`, where no file names one. */
const BY_MODEL: Readonly<Record<string, string>> = {
  bert: "BertTokenizer",
  roformer: "RoFormerTokenizer",
  roformer_js: "RoFormerTokenizer",
};

/**
 * The class that `tokenizer_config.json` names, or else `config.json`, or else that of its `model_type`, as AutoTokenizer
 * chooses it. Errors: DataError for a name that is not one, and for a class whose tokens the files do not say.
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
        `${file}: tokenizer_class is "${name}", whose words a program such as MeCab cuts; not supported`,
      );
    }
    return { kind: kindOf(name), name, from: file };
  }
  const type = model.value.model_type;
  const name = typeof type === "string" && Object.hasOwn(BY_MODEL, type) ? BY_MODEL[type] : undefined;
  return { kind: name === undefined ? "plain" : kindOf(name), name, from: model.file };
}

const kindOf = (name: string): Kind => (BERT.test(name) ? "bert" : WORDS.test(name) ? "words" : "plain");

/** Whether a class makes a tokenizer of `vocab.txt` alone. Where none is named, BERT's does. */
export const readsVocabulary = ({ kind, name }: TokenizerClass): boolean =>
  kind !== "plain" || name === undefined || PLAIN.test(name);

/** The name under which a class is saved: one that transformers 4 and 5 both know. */
export const savedClass = (name: string): string => (/Backend$/.test(name) ? "PreTrainedTokenizerFast" : name);
