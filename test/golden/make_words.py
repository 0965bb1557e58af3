"""What transformers' RoFormerTokenizerFast makes of texts: writes tokenizers/roformer-words beside this file.

Needs transformers 4.57.6, tokenizers 0.22.2, rjieba 0.2.2. The vocabulary is made up here.
"""

import json
import random
from pathlib import Path

import tokenizers
import transformers
from transformers import RoFormerTokenizerFast

FOLDER = Path(__file__).resolve().parent / "tokenizers" / "roformer-words"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "今天 天气 明天 我们 学习 中国 北京 大学 图书馆 非常 喜欢 音乐 3d打印 c++ t恤 不亦乐乎 研究 生命 起源 wifi hello"
CHARACTERS = "今天气明我们学习中国北京大图书馆非常喜欢音乐不亦乎研究生命起源的是在了和，。！？、“”《》𠮷"
PIECES = "a b c d e f g h i l o r s t u w z ##a ##b ##c ##d ##e ##f ##i ##l ##o ##r ##s ##t ##u ##w ##1 ##2 ##3 0 1 2 3 4 . , - + # % _ @ ( ) : / ' é ß"
STRINGS = {
    "sentence": "今天天气非常好，我们在北京大学图书馆学习。",
    "word of the dictionary that the vocabulary lacks": "图书馆学和生命科学",
    "upper case before jieba": "3D打印和T恤，C++与WiFi：HELLO World",
    "decimals, versions, per cent": "涨了3.14%，v2.0.1，1,234.56元 A_1-b",
    "marks that are dropped": "今\u00ad天\u200b天\ufeff气 非\u0301常 cafe\u0301 了",
    "control characters and U+FFFD": "今\u0000天\u0007\u007f音\ufffd乐\u0085了",
    "white space of all kinds": " \u3000今天\t明天\r\n\n研究\u00a0生命\u2028起源  ",
    "special tokens between words": "今天[MASK]天气[SEP][sep]我们[ MASK]",
    "kana, Hangul, Cyrillic, full width": "こんにちは 한국어 Москва ＡＢＣ１２３！ ﬁ ½",
    "emoji and astral ideographs": "𠮷野家👨\u200d👩\u200d👧喜欢😀音乐\U0002b820\U0002a6d6",
    "compatibility ideographs": "豈更車\uf900\ufa0e",
    "long word": "a" * 101 + "今天" + "é" * 100,
    "empty": "",
    "space": " ",
    "accents": "Straße İstanbul Zürich ẞ",
    "contraction, which is not cleaned up": "i don't",
}
OPTIONS = [
    ("pair", "今天天气", "我们喜欢音乐", {}),
    ("pair, cut", "今天天气非常好，我们学习", "北京大学图书馆", {"maxLength": 9, "truncation": "longest_first"}),
    ("windows", "今天天气非常好，我们学习", None, {"maxLength": 6, "truncation": "longest_first", "stride": 1}),
    ("padded", "今天", None, {"maxLength": 7, "padding": "max_length"}),
    ("alone", "今天[MASK]", None, {"addSpecialTokens": False}),
]


def made_up(count):
    parts = WORDS.split() + list(CHARACTERS) + ["A", "Ü", "e\u0301", " ", "\u3000", "\u00ad", "[MASK]", "😀", "3", ".", "1", "%", "+", "-", "の", "한"]
    source = random.Random(7)
    return {f"made up {i}": "".join(source.choice(parts) for _ in range(source.randint(1, 14))) for i in range(count)}


def case(tokenizer, name, text, pair=None, options=None):
    options = options or {}
    stride = options.get("stride")
    encodings = tokenizer(
        text, pair, add_special_tokens=options.get("addSpecialTokens", True), max_length=options.get("maxLength"),
        truncation=options.get("truncation", False), padding=options.get("padding", False),
        stride=stride or 0, return_overflowing_tokens=stride is not None,
    ).encodings
    results = [result(one, text, pair) for one in encodings]
    out = {"name": name, "text": text} | ({"pair": pair} if pair is not None else {}) | {"options": options} | results[0]
    if stride is not None:
        out["overflow"] = results[1:]
    out["decode"] = tokenizer.decode(out["ids"])
    out["decodeSkip"] = tokenizer.decode(out["ids"], skip_special_tokens=True)
    return out


def result(encoding, text, pair):
    """Offsets in UTF-16 units, of the second text in the second text."""
    def place(part, span):
        if part is None:
            return [0, 0]
        return [len((text, pair)[part][:at].encode("utf-16-le")) // 2 for at in span]

    return {
        "ids": encoding.ids, "tokens": encoding.tokens, "typeIds": encoding.type_ids,
        "attentionMask": encoding.attention_mask,
        "offsets": [place(*one) for one in zip(encoding.sequence_ids, encoding.offsets)],
    }


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    vocabulary = dict.fromkeys(SPECIAL + WORDS.split() + list(CHARACTERS) + PIECES.split())
    (FOLDER / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary))
    config = {"do_lower_case": True}
    (FOLDER / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RoFormerTokenizer"} | config) + "\n")
    tokenizer = RoFormerTokenizerFast(str(FOLDER / "vocab.txt"), **config)
    cases = [case(tokenizer, *one) for one in (STRINGS | made_up(120)).items()]
    cases += [case(tokenizer, *one) for one in OPTIONS]
    reference = f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, rjieba 0.2.2"
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    (FOLDER / "expected.json").write_text(f'{{"reference": "{reference}", "cases": [\n{lines}\n]}}\n')


main()
