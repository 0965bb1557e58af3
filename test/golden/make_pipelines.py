"""What transformers' question-answering and token-classification pipelines make of texts: writes pipelines/ beside this file.

Needs transformers 4.57.6, tokenizers 0.22.2, torch, rjieba. Vocabularies are trained on the lines below, in each run anew. Each
folder holds a tokenizer, `answer/` and `tags/` a model each, and `cases.json` what came out: answers as `[answer, score, start,
end]`, tags as `[label, score, word, start, end, index]`, without an index if tokens are joined. Places are UTF-16 units.
Cases whose order would hang on the last bit of a float are refused: choose other texts.
"""

import json
import shutil
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer, BertConfig, BertForQuestionAnswering, BertForTokenClassification, BertTokenizerFast, PreTrainedTokenizerFast,
    RoFormerConfig, RoFormerForQuestionAnswering, RoFormerForTokenClassification, RoFormerTokenizerFast, pipeline,
)
from transformers.pipelines import question_answering as qa

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "pipelines"
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA = ["<s>", "</s>", "<pad>", "<unk>", "<mask>"]
ROLES = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
         "unk_token": "<unk>", "mask_token": "<mask>"}
CORPUS = [
    "Hello World, John Smith lives in Londonderry! He's been there since 1987.",
    "Anna Müller and Zoë Brontë met at the café in Zürich; it cost 3,50 € each.",
    "The quick brown fox jumps over the lazy dog near St. John's Wood.",
    "Mr. O'Neill works for Microsoft-Research in New York City, doesn't he?",
    "北京大学在中国北京，今天天气非常好。我们喜欢音乐。",
    "Emoji 😀 and 👩‍💻 are characters too 🇩🇪, naïve résumé Ångström.",
    "Where does John Smith live? Who met Anna in Zürich? What did it cost?",
    "ＡＢＣ１２３ ﬁne Straße İstanbul Москва 한국어 こんにちは",
] * 3

QUESTIONS = ["Where does John Smith live?", "who met anna", "What?", "北京大学在哪里？", "Who is 👩‍💻 Zoë?"]
SHORT = [
    "Hello World, John Smith lives in Londonderry! He's been there since 1987.",
    "Anna Müller and Zoë Brontë met at the  café in Zürich; it cost 3,50 € each.",
    "Emoji 😀 and 👩‍💻 are characters too 🇩🇪, naïve résumé e\u0301cole\tÅngström\n\nend.",
    "北京大学在中国北京，今天天气非常好。我们喜欢音乐 and Hello World。",
    " leading and   many spaces , John Smith !  ",
    "Mr. O'Neill-Smith's ＡＢＣ１２３ ﬁne Straße İstanbul Москва 한국어 zzz qqq 𠮷野家 <unk> [UNK] [MASK]",
]
LONG = " ".join([SHORT[1], "The quick brown fox jumps over the lazy dog.", SHORT[3], SHORT[0], SHORT[2], SHORT[1]])


def trained(model, trainer, pre, normalizer=None, decoder=None, processor=None):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(CORPUS, trainer)
    if processor:
        tokenizer.post_processor = processor(tokenizer)
    return tokenizer


def word_piece(size=260, **fold):
    options = {"lowercase": True, **fold}
    model = trained(
        models.WordPiece(unk_token="[UNK]"),
        trainers.WordPieceTrainer(vocab_size=size, special_tokens=BERT, show_progress=False),
        pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(**options),
    )
    vocab = sorted(model.get_vocab().items(), key=lambda one: one[1])
    path = FOLDER / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token, _ in vocab), encoding="utf-8")
    return path


def bert(size=260, lowercase=True, **more):
    path = word_piece(size, lowercase=lowercase)
    tokenizer = BertTokenizerFast(str(path), do_lower_case=lowercase, **more)
    path.unlink()
    return tokenizer


def roberta_ends(trim, prefix):
    return lambda _: processors.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=trim, add_prefix_space=prefix)


def byte_level(prefix, trim, size=330, ends=None, roles=ROLES, **more):
    tokenizer = trained(
        models.BPE(unk_token=None),
        trainers.BpeTrainer(vocab_size=size, special_tokens=ROBERTA, show_progress=False,
                            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())),
        pre_tokenizers.ByteLevel(add_prefix_space=prefix), decoder=decoders.ByteLevel(),
        processor=ends or roberta_ends(trim, prefix),
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles, **more)


def template(first, last, pair):
    return lambda tokenizer: processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=pair,
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in {first, last}],
    )


def metaspace(kind, size=330, scheme="always", **more):
    piece = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme)
    shared = {"special_tokens": ROBERTA, "vocab_size": size, "show_progress": False}
    model, trainer = {
        "bpe": (models.BPE(unk_token="<unk>", fuse_unk=True), trainers.BpeTrainer(**shared)),
        "unigram": (models.Unigram(), trainers.UnigramTrainer(unk_token="<unk>", **shared)),
    }[kind]
    tokenizer = trained(
        model, trainer, piece, normalizers.NFKC() if kind == "unigram" else None,
        decoders.Metaspace(replacement="▁", prepend_scheme=scheme),
        template("<s>", "</s>", "<s> $A </s> </s> $B </s>"),
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ROLES, **more)


def prefixed_bpe():
    tokenizer = trained(
        models.BPE(unk_token="[UNK]", continuing_subword_prefix="##"),
        trainers.BpeTrainer(vocab_size=300, special_tokens=BERT, continuing_subword_prefix="##", show_progress=False),
        pre_tokenizers.WhitespaceSplit(), decoder=decoders.WordPiece(cleanup=False),
        processor=template("[CLS]", "[SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"),
    )
    roles = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], BERT))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)


def characters():
    """No special tokens around texts, no decoder, a word for each character."""
    letters = sorted({c for line in CORPUS for c in line} - set("zq"))
    vocab = {token: i for i, token in enumerate(["<pad>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    tokenizer.add_special_tokens(["<pad>", "<unk>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>")


def chinese_words():
    vocab = (HERE / "tokenizers" / "roformer-words" / "vocab.txt")
    return RoFormerTokenizerFast(str(vocab))


BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
MIXED = ["O", "I-PER", "PER", "E-ORG-X", "S-ORG-X", "B-B-LOC", "I-"]
POS = ["NOUN", "VERB", "B-", "O"]
# name: tokenizer, family, labels, layers, scale of the tags' head
KINDS = {
    "wordpiece-uncased": (bert, "bert", BIO, 1, 1),
    "wordpiece-cased": (lambda: bert(280, False), "bert", MIXED, 1, 1),
    "wordpiece-left": (lambda: bert(padding_side="left"), "bert", POS, 0, 1),
    "wordpiece-cut-left": (lambda: bert(truncation_side="left", strip_accents=False), "bert", BIO, 0, 1),
    "bytes-trimmed": (lambda: byte_level(False, True), "bert", BIO, 1, 1),
    "bytes-prefixed": (lambda: byte_level(True, False), "bert", MIXED, 0, 1),
    "bytes-prefixed-trimmed": (lambda: byte_level(True, True), "bert", POS, 0, 40),
    "bytes-bare": (lambda: byte_level(False, True, ends=lambda _: processors.ByteLevel(trim_offsets=True),
                                      roles={"pad_token": "<pad>"}), "bert", BIO, 0, 1),
    "bytes-left": (lambda: byte_level(False, True, padding_side="left"), "bert", BIO, 0, 1),
    "metaspace": (lambda: metaspace("bpe"), "bert", BIO, 1, 1),
    "metaspace-first": (lambda: metaspace("bpe", scheme="first"), "bert", MIXED, 0, 1),
    "unigram": (lambda: metaspace("unigram", 240), "bert", BIO, 1, 2),
    "bpe-prefixed": (prefixed_bpe, "bert", MIXED, 0, 1),
    "characters": (characters, "bert", POS, 0, 1),
    "roformer-uncased": (bert, "roformer", BIO, 1, 1),
    "roformer-words": (chinese_words, "roformer", BIO, 1, 1),
}


def weights(model, seed, head, scale):
    """Random ones that half precision holds."""
    random = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        if "embed_positions" in name:
            continue
        deviation = 0.4 if "position" in name or "token_type" in name else 0.7 if value.dim() == 2 else 0.2
        drawn = torch.randn(value.shape, generator=random) * deviation
        if name.startswith(head):
            drawn *= scale
        if "LayerNorm.weight" in name:
            drawn += 1
        value.data = drawn.half().float()
    return model.eval()


def make_model(family, task, size, labels, layers, scale, seed):
    config_class, models_of = {
        "bert": (BertConfig, {"answer": BertForQuestionAnswering, "tags": BertForTokenClassification}),
        "roformer": (RoFormerConfig, {"answer": RoFormerForQuestionAnswering, "tags": RoFormerForTokenClassification}),
    }[family]
    named = {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    config = config_class(
        vocab_size=size, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=400 if layers == 0 and task == "tags" else 96, **(named if task == "tags" else {}),
    )
    head = {"answer": "qa_outputs", "tags": "classifier"}[task]
    return weights(models_of[task](config), seed, head, scale)


def units(text, at):
    return len(text[:at].encode("utf-16-le")) // 2 + max(0, at - len(text))


def number(score):
    return float(f"{float(score):.7g}")


class Doubtful(Exception):
    pass


def sorted_by(direction):
    """As decode_spans, but scores that five digits do not tell apart are in the order of their places, or in the reverse."""
    def decode(start, end, topk, max_answer_len, allowed):
        outer = np.matmul(np.expand_dims(start, -1), np.expand_dims(end, 1))
        candidates = np.tril(np.triu(outer), max_answer_len - 1)
        flat = np.array([float(f"{score:.5g}") for score in candidates.flatten()])[::direction]
        order = np.argsort(-flat, kind="stable")[:topk]
        chosen = order if direction == 1 else len(flat) - 1 - order
        starts, ends = np.unravel_index(chosen, candidates.shape)[1:]
        desired = np.isin(starts, allowed.nonzero()) & np.isin(ends, allowed.nonzero())
        starts, ends = starts[desired], ends[desired]
        return starts, ends, candidates[0, starts, ends]
    return decode


DECODERS = [qa.decode_spans, sorted_by(1), sorted_by(-1)]
NAMES = {"topK": "top_k", "stride": "doc_stride", "maxLength": "max_seq_len", "maxAnswerLength": "max_answer_len",
         "handleImpossibleAnswer": "handle_impossible_answer", "alignToWords": "align_to_words"}


def answers(pipe, question, context, options):
    results = []
    for qa.decode_spans in DECODERS:
        found = pipe(question=question, context=context, **{NAMES[name]: value for name, value in options.items()})
        results.append(found if isinstance(found, list) else [found])
    found, *others = results
    for other in others:
        if [one["answer"] for one in other if one["score"] > 0] != [one["answer"] for one in found if one["score"] > 0]:
            raise Doubtful("ties")
        if any(abs(one["score"] - two["score"]) > 1e-6 or one["start"] != two["start"] for one, two in zip(found, other)):
            raise Doubtful("ties of what is added up")
    for better, worse in zip(found, found[1:]):
        if 0 < better["score"] - worse["score"] < 1e-5 * better["score"]:
            raise Doubtful(f"{better} and {worse}")
    return [[one["answer"], number(one["score"]), units(context, one["start"]), units(context, one["end"])]
            for one in found]


QA_OPTIONS = [
    {"topK": 1}, {"topK": 4}, {"topK": 3, "handleImpossibleAnswer": True}, {"topK": 3, "maxAnswerLength": 2},
    {"topK": 4, "alignToWords": False}, {"topK": 6, "maxAnswerLength": 40, "handleImpossibleAnswer": True},
]
WINDOWS = [
    {"topK": 5, "maxLength": 48, "stride": 8}, {"topK": 4, "maxLength": 64, "stride": 20, "handleImpossibleAnswer": True},
    {"topK": 2, "maxLength": 56, "stride": 0}, {"topK": 3, "maxLength": 90}, {"topK": 5, "maxLength": 48, "stride": 7, "alignToWords": False},
]


def questions(chinese):
    for i, context in enumerate(SHORT):
        yield QUESTIONS[i % len(QUESTIONS)], context, {**QA_OPTIONS[i], "maxLength": 96, "stride": 16}
    for i, options in enumerate(WINDOWS):
        yield QUESTIONS[(i + 1) % 3 if not chinese else 3], LONG, options
    yield QUESTIONS[2], " ", {"topK": 1, "handleImpossibleAnswer": True}
    yield QUESTIONS[2], "\n", {"topK": 1}


def qa_cases(pipe, asked):
    cases = []
    for question, context, options in asked:
        try:
            found = answers(pipe, question, context, options)
        except Doubtful as doubt:
            print("    left out:", doubt, repr(context[:20]), options)
            continue
        except BaseException as error:  # a panic of the tokenizer is no Exception
            print("    refused:", type(error).__name__, str(error)[:80], options)
            continue
        cases.append({"question": question, "context": context, "options": options, "answers": found})
    return cases


TAG_TEXTS = SHORT + [" ", "", "microsoft's Zürich", LONG]


def tags(pipe, text, options):
    strategy = options.get("aggregation", "none")
    names = {"aggregation_strategy": strategy}
    if "ignoreLabels" in options:
        names["ignore_labels"] = options["ignoreLabels"]
    if "stride" in options:
        names["stride"] = options["stride"]
    pipe.tokenizer.model_max_length = options.get("maxLength", 400 if pipe.model.config.max_position_embeddings == 400 else 96)
    found = pipe(text, **names)
    return [[one.get("entity", one.get("entity_group")), number(one["score"]), one["word"], units(text, one["start"]),
             units(text, one["end"]), *([int(one["index"])] if "index" in one else [])] for one in found]


def tag_cases(pipe, seed):
    strategies = ["none", "simple", "first", "average", "max"]
    for i, text in enumerate(TAG_TEXTS[:-1]):
        for j, strategy in enumerate(strategies):
            if (i + j + seed) % 4 != 0:
                continue
            options = {"aggregation": strategy, "maxLength": 96}
            if (i + j) % 4 != 0:
                options["ignoreLabels"] = []
            if (i + j) % 4 == 1:
                options["ignoreLabels"] = ["PER", "B-PER", "NOUN"]
            yield text, options
    if pipe.tokenizer.padding_side == "left":
        return  # the pipeline fills up its last window, which shifts the positions of a BERT
    for strategy, stride in [("simple", 0), ("first", 5), ("average", 11), ("max", 3)]:
        yield TAG_TEXTS[-1], {"aggregation": strategy, "stride": stride, "maxLength": 32 + stride, "ignoreLabels": []}
    yield TAG_TEXTS[-1], {"aggregation": "simple", "stride": 6, "maxLength": 40}


RULES = {"[CLS]": 8, "paris": 9, "london": 8.6, "rome": 3, "par": 7, "##is": 6.5}
FILLER = "and then now " * 20
TOLD = [
    (f"{FILLER}he is paris now and then london now {FILLER}rome {FILLER}", {"maxLength": 40, "stride": 8, "topK": 3}),
    (f"{FILLER}he is paris now {FILLER}", {"maxLength": 40, "stride": 8, "topK": 2, "handleImpossibleAnswer": True}),
    (f"{FILLER}rome {FILLER}", {"maxLength": 40, "stride": 8, "topK": 1, "handleImpossibleAnswer": True}),
    (f"{FILLER}paris {FILLER}Paris {FILLER}", {"maxLength": 40, "stride": 8, "topK": 1}),
    (f"{FILLER}paris {FILLER}rome {FILLER}", {"maxLength": 40, "stride": 30, "topK": 1}),
    ("paris and paris now rome", {"topK": 4}),
    ("Paris then PARIS", {"topK": 2}),
    ("now then now", {"topK": 1, "alignToWords": False}),
    ("paris", {"topK": 3}),
    ("he is paris", {"topK": 1, "handleImpossibleAnswer": True}),
    ("he is rome", {"topK": 2, "handleImpossibleAnswer": True}),
    ("parish and rome", {"topK": 2}),
    ("parisis now", {"topK": 2, "maxAnswerLength": 3}),
    ("parisis now", {"topK": 2, "alignToWords": False}),
    ("he is [CLS] then paris", {"topK": 3}),
]


def rules():
    """A model without layers whose logits depend on the token alone, and what it answers."""
    words = [*BERT, "and", "then", "now", "he", "is", "where", "?", "paris", "london", "rome", "par", "##is", "##h"]
    path = FOLDER / "vocab.txt"
    path.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    save(BertTokenizerFast(str(path)), FOLDER / "rules")
    path.unlink()
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / "rules")
    model = make_model("bert", "answer", len(words), [], 0, 1, 0)
    one = torch.tensor([1.0, -1.0] * 8)
    other = torch.tensor([1.0, 1.0, -1.0, -1.0] * 4)
    for value in model.parameters():
        value.data.zero_()
    model.bert.embeddings.LayerNorm.weight.data.fill_(1)
    share = torch.tensor([RULES.get(word, -5) / 10 for word in words])[:, None]
    model.bert.embeddings.word_embeddings.weight.data = (share * one + (1 - share**2).sqrt() * other).half().float()
    model.qa_outputs.weight.data = torch.stack([one, one]) * 10 / 16
    save_model(model, FOLDER / "rules" / "answer")
    pipe = pipeline("question-answering", model=model, tokenizer=tokenizer)
    told = [("Where is he?", context, {"maxLength": 96, "stride": 16, **options}) for context, options in TOLD]
    write_cases("rules", qa_cases(pipe, told), [])


def write_cases(name, asked, tagged):
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    lines = [",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
             for cases in (asked, tagged)]
    text = f'{{"versions":{json.dumps(versions)},\n"answer":[\n{lines[0]}\n],\n"tags":[\n{lines[1]}\n]}}\n'
    (FOLDER / name / "cases.json").write_text(text, encoding="utf-8")


def save(tokenizer, folder):
    tokenizer.save_pretrained(folder)
    (folder / "vocab.txt").unlink(missing_ok=True)
    for name in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]:
        path = folder / name
        text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
        path.write_text(text + "\n", encoding="utf-8")


def save_model(model, folder):
    deepcopy(model).half().save_pretrained(folder)


def main():
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(60)
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    rules()
    counts = np.zeros(2, int)
    for seed, (name, (make, family, labels, layers, scale)) in enumerate(KINDS.items()):
        print(name, flush=True)
        folder = FOLDER / name
        save(make(), folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        size = len(tokenizer)
        answering = make_model(family, "answer", size, [], layers, 0.6, seed)
        tagging = make_model(family, "tags", size, labels, layers, scale, 100 + seed)
        save_model(answering, folder / "answer")
        save_model(tagging, folder / "tags")
        asked = qa_cases(pipeline("question-answering", model=answering, tokenizer=tokenizer),
                         questions(name == "roformer-words"))
        pipe = pipeline("token-classification", model=tagging, tokenizer=tokenizer)
        tagged = [{"text": text, "options": options, "tags": tags(pipe, text, options)}
                  for text, options in tag_cases(pipe, seed)]
        counts += [len(asked), len(tagged)]
        write_cases(name, asked, tagged)
    print(counts)


if __name__ == "__main__":
    main()
