"""What AutoTokenizer makes of folders whose files name class and case in every way: writes tokenizerFlags/cases.json.

Run it once with each version of transformers; each run fills in what its version does and keeps the other's:

    TRANSFORMERS-4.57.6/bin/python make_tokenizer_flags.py
    TRANSFORMERS-5.24.0/bin/python make_tokenizer_flags.py

Needs rjieba. The vocabulary and the texts are made up here. A case names its files; the test builds the same folders.
"""

import contextlib
import io
import itertools
import json
import logging
import os
import tempfile
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="", TRANSFORMERS_VERBOSITY="error")
warnings.simplefilter("ignore")

import transformers
from transformers import AutoTokenizer

logging.disable(logging.CRITICAL)
FILE = Path(__file__).resolve().parent / "tokenizerFlags" / "cases.json"
SPECIAL = "[PAD] [UNK] [CLS] [SEP] [MASK]".split()
VOCABULARY = SPECIAL + (
    "Hello hello WORLD world CAFÉ café CAFE cafe Zürich zürich Zurich zurich 我 喜 欢 音 乐 喜欢 音乐 ##喜 ##欢 ##音 ##乐 "
    "a b B x mask ok [ ] ! , ' t don ##t new word <p> Ġa"
).split()
TEXTS = ["Hello WORLD CAFÉ Zürich", "我喜欢音乐ok", "a[MASK]B [mask], don't! <p>new word [PAD]"]
TOKEN = {"lstrip": False, "rstrip": False, "single_word": False}


def special(content, **fields):
    return {"content": content, **TOKEN, "normalized": False, "special": True, **fields}


def bert_normalizer(lowercase, strip_accents, chinese):
    return {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": chinese,
            "strip_accents": strip_accents, "lowercase": lowercase}


NORMALIZERS = {
    "lower": bert_normalizer(True, None, True),
    "cased": bert_normalizer(False, None, True),
    "odd": bert_normalizer(True, False, False),
    "sequence": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]},
    "nfc": {"type": "NFC"},
}


BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}


def tokenizer_json(name):
    """`lower`, …: a normalizer; `-bare`: no token is special; `-bytes`: byte-level BPE's pre-tokenizer, which adds a space."""
    normalizer, _, kind = name.partition("-")
    frame = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    pair = frame + [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [] if kind == "bare" else [{"id": i, **special(token)} for i, token in enumerate(SPECIAL)],
        "normalizer": NORMALIZERS[normalizer], "pre_tokenizer": BYTES if kind == "bytes" else {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": frame, "pair": pair, "special_tokens": {
            token: {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {token: i for i, token in enumerate(VOCABULARY)}},
    }


def case(json_name=None, vocab=True, config=None, settings=None, map=None, added=None):
    found = {"json": json_name, "vocab": vocab, "config": config, "settings": settings, "map": map, "added": added}
    return {name: value for name, value in found.items() if value is not None and value is not True}


BERT, ROFORMER = {"model_type": "bert"}, {"model_type": "roformer"}
CLASSES = [None, "BertTokenizer", "BertTokenizerFast", "RoFormerTokenizer", "RoFormerTokenizerFast",
           "PreTrainedTokenizerFast", "DistilBertTokenizer", "ElectraTokenizerFast"]
FLAGS = [{}, {"do_lower_case": False}, {"do_lower_case": True, "strip_accents": False},
         {"do_lower_case": False, "strip_accents": True}, {"tokenize_chinese_chars": False}]


def named(name, **fields):
    return {**({} if name is None else {"tokenizer_class": name}), **fields}


def grid():
    """Every class in either file, under every model, with and without tokenizer.json; then flag by flag."""
    for model, name, json_name in itertools.product([BERT, ROFORMER], CLASSES, [None, "lower", "cased", "odd"]):
        yield case(json_name, config=model, settings=named(name))
        yield case(json_name, config=model, settings=named(name, do_lower_case=False))
    for name, json_name in itertools.product(CLASSES[1:], [None, "cased"]):
        yield case(json_name, config={**BERT, "tokenizer_class": name}, settings={})
        yield case(json_name, config={**ROFORMER, "tokenizer_class": name})
    values = {"do_lower_case": [..., True, False], "strip_accents": [..., None, True, False],
              "tokenize_chinese_chars": [..., True, False]}
    for flags in itertools.product(*values.values()):
        settings = {key: value for key, value in zip(values, flags) if value is not ...}
        for json_name in [None, "odd"]:
            yield case(json_name, config=BERT, settings=settings)
            if len(settings) != 1:
                yield case(json_name, config=ROFORMER, settings=settings)
    for json_name, flags in itertools.product(["sequence", "nfc"], FLAGS):
        yield case(json_name, config=BERT, settings=flags)


def corners():
    for model, json_name in itertools.product([BERT, ROFORMER], [None, "lower", "cased"]):
        yield case(json_name, config=model)  # no tokenizer_config.json
        yield case(json_name, config=model, settings={"do_basic_tokenize": False})
        yield case(json_name, config=model, settings={"do_basic_tokenize": False, "do_lower_case": False})
        yield case(json_name, config=model, settings={"do_basic_tokenize": True, "never_split": ["Hello"]})
        yield case(json_name, config=model, settings={"model_max_length": 10**30, "do_lower_case": False})
        yield case(json_name, config=model, settings={"tokenizer_class": None, "do_lower_case": False})
    for json_name in ["lower", "cased", "odd"]:
        yield case(json_name, vocab=False, config=BERT)
        yield case(json_name, vocab=False, config=BERT, settings={"do_lower_case": False})
        yield case(json_name, vocab=False, config=BERT, settings=named("PreTrainedTokenizerFast", do_lower_case=False))
        yield case(json_name, vocab=False, config=BERT, settings=named("TokenizersBackend", do_lower_case=False))
        yield case(json_name, vocab=False, settings=named("BertTokenizer"))
    for json_name, name in itertools.product([None, "cased"], ["BertJapaneseTokenizer", "NoSuchTokenizer"]):
        yield case(json_name, config=BERT, settings=named(name))
    for json_name, name in itertools.product([None, "lower", "odd"], [None, "BertTokenizer", "RoFormerTokenizer", "PreTrainedTokenizerFast"]):
        yield case(json_name, config={"model_type": "roformer_js"}, settings=named(name))
        yield case(json_name, config={"model_type": "roformer_js", **named(name)}, settings={"do_lower_case": False})
    for name, fields in itertools.product([None, "PreTrainedTokenizerFast"], [{}, {"add_prefix_space": True}, {"add_prefix_space": False}]):
        yield case("lower-bytes", config=BERT, settings=named(name, **fields))
    for json_name in [None, "cased"]:
        yield case(json_name, config=BERT, settings={"tokenizer_file": None})
    for json_name, flags in itertools.product([None, "lower"], ["do_lower_case", "tokenize_chinese_chars"]):
        yield case(json_name, config=BERT, settings={flags: None})
    yield from special_tokens()


def special_tokens():
    decoder = {str(i): special(token) for i, token in enumerate(SPECIAL)}
    size = len(VOCABULARY)
    for json_name in [None, "lower", "lower-bare"]:
        yield case(json_name, config=BERT, settings={"unk_token": special("[UNK]"), "mask_token": "[MASK]"})
        yield case(json_name, config=BERT, map={"mask_token": special("[MASK]", lstrip=True), "pad_token": "[PAD]"})
        yield case(json_name, config=BERT, settings={"added_tokens_decoder": decoder})
        yield case(json_name, config=BERT, settings={"added_tokens_decoder": {**decoder, str(size): special("new word")}})
        yield case(json_name, config=BERT, settings={
            "added_tokens_decoder": {**decoder, str(size): special("new word", special=False, normalized=True)}})
        yield case(json_name, config=BERT, added={"new word": size})
        yield case(json_name, config=BERT, settings={}, map={"additional_special_tokens": ["<p>", "new word"]})
        yield case(json_name, config=BERT, settings={"additional_special_tokens": ["<p>"]})
        yield case(json_name, config=BERT, settings={"extra_special_tokens": {"paragraph": "<p>"}})
        yield case(json_name, config=BERT, settings={"extra_special_tokens": ["<p>"]})
        yield case(json_name, config=BERT, settings={"mask_token": None})
        yield case(json_name, config=BERT, settings={"mask_token": "<p>", "pad_token": "[MASK]"})
        yield case(json_name, config=BERT, settings={"mask_token": {"__type": "AddedToken", **special("<p>")}})
        yield case(json_name, config=BERT, settings={"mask_token": "<p>"}, map={"mask_token": "[MASK]"})
        yield case(json_name, config=BERT, settings={"mask_token": "<p>", "added_tokens_decoder": decoder},
                   map={"mask_token": "[MASK]"})
        yield case(json_name, config=BERT, settings=named("PreTrainedTokenizerFast", mask_token="<p>"))
        yield case(json_name, config=BERT, settings=named("PreTrainedTokenizerFast"))


def build(folder, one):
    # transformers does not know `roformer_js`, which is RoFormer with what its class of that name cannot compute.
    config = one.get("config") and {**one["config"], "model_type": one["config"]["model_type"].removesuffix("_js")}
    files = {"config.json": config, "tokenizer_config.json": one.get("settings"),
             "special_tokens_map.json": one.get("map"), "added_tokens.json": one.get("added"),
             "tokenizer.json": tokenizer_json(one["json"]) if "json" in one else None}
    for name, value in files.items():
        if value is not None:
            (folder / name).write_text(json.dumps(value), encoding="utf-8")
    if one.get("vocab", True):
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in VOCABULARY), encoding="utf-8")


def outcome(one):
    """Tokens of each text and the special token of each role; None where transformers refuses the folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        build(Path(folder), one)
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            texts = [tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]) for text in TEXTS]
        except Exception as error:
            if os.environ.get("SHOW"):
                print(json.dumps(one)[:200], type(error).__name__, str(error)[:150].replace("\n", " "))
            return None
        roles = {role: getattr(tokenizer, f"{role}_token") for role in ("unk", "pad", "cls", "sep", "mask")}
        return {"tokens": [" ".join(tokens) for tokens in texts], "roles": list(roles.values())}


def main():
    cases = [json.loads(line) for line in dict.fromkeys(json.dumps(one) for one in [*grid(), *corners()])]
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    outcomes, versions = [], {}
    for version in ("4.57.6", "5.24.0"):
        if version == transformers.__version__:
            results = [outcome(one) for one in cases]
        elif old.get("cases") == cases and version in old["versions"]:
            results = [None if at is None else old["outcomes"][at] for at in old["versions"][version]]
        else:
            continue
        for result in results:
            if result is not None and result not in outcomes:
                outcomes.append(result)
        versions[version] = [None if result is None else outcomes.index(result) for result in results]
    jsons = {name: tokenizer_json(name) for name in sorted({one["json"] for one in cases if "json" in one})}
    vocabulary = {token: i for i, token in enumerate(VOCABULARY)}
    for value in jsons.values():
        assert value["model"].pop("vocab") == vocabulary
    parts = {"vocabulary": VOCABULARY, "texts": TEXTS, "jsons": jsons, "outcomes": outcomes}
    lines = [f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in parts.items()]
    lines.append('"versions": {\n' + ",\n".join(f'"{v}": {json.dumps(at)}' for v, at in versions.items()) + "\n}")
    lines.append('"cases": [\n' + ",\n".join(json.dumps(one, ensure_ascii=False) for one in cases) + "\n]")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(transformers.__version__, len(cases), "cases,", len(outcomes), "outcomes", versions.keys())


main()
