"""What transformers makes of config.json files: fields of all releases, label maps, classifier settings, architectures.

    t4/bin/python make_configs.py        # transformers 4.57.6
    t5/bin/python make_configs.py        # transformers 5.24.0 and sentence-transformers 6.2.0

Each run writes what its release does with every variant to transformers-VERSION.json. The first also writes what all variants
share: variants.json and, per family, one file of weights whose classifier has the most rows that any variant wants. A variant is
text to add to the family's config.json (in place of the fields it names), so that 1 and 1.0 stay different. A reader builds the
folder from these: it keeps the first `rows` rows of the classifier's last layer.
"""

import json
import os
import shutil
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import AutoTokenizer, pipeline  # noqa: E402

transformers.logging.set_verbosity(transformers.logging.CRITICAL)
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)

HERE = Path(__file__).parent
ROWS = 5  # of the shared classifier
WORDS = "the cat sat on a mat dog ran far bad good ##s ##ther in paris who ?".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
TEXTS = ["the cat", "a bad dog", "who ran farther ?"]
COMMON = {
    "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 16,
    "initializer_range": 0.4, "intermediate_size": 16, "layer_norm_eps": 1e-12, "max_position_embeddings": 64,
    "num_attention_heads": 2, "num_hidden_layers": 1, "pad_token_id": 0, "type_vocab_size": 2,
    "vocab_size": len(VOCABULARY)}
FAMILIES = {
    "bert": {**COMMON, "model_type": "bert", "architectures": ["BertForSequenceClassification"]},
    "roformer": {**COMMON, "model_type": "roformer", "architectures": ["RoFormerForSequenceClassification"],
                 "embedding_size": 16, "rotary_value": False}}
LAST = {"bert": "classifier", "roformer": "classifier.out_proj"}
CLASSES = {
    "bert": {
        "base": "BertModel", "masked-lm": "BertForMaskedLM", "causal-lm": "BertLMHeadModel",
        "sequence-classification": "BertForSequenceClassification",
        "token-classification": "BertForTokenClassification", "question-answering": "BertForQuestionAnswering"},
    "roformer": {
        "base": "RoFormerModel", "masked-lm": "RoFormerForMaskedLM", "causal-lm": "RoFormerForCausalLM",
        "sequence-classification": "RoFormerForSequenceClassification"}}

VARIANTS = []


def add(name, text="", family="bert", rows=2, drop=(), head=None, pairs=False):
    """`head`: load the class of that head and record its hidden states, instead of asking the pipeline for labels."""
    VARIANTS.append({"name": name, "family": family, "rows": rows, "set": text, "drop": list(drop), "head": head,
                     "pairs": pairs})


def field(text, family="bert", **more):
    rows = f", {more['rows']} rows" if "rows" in more else ""
    add(f"{family}: {text}{rows}", text, family, **more)


# ---- fields of other releases and tools

for text in [
    '"eos_token_ids": 0, "bos_token_id": 0, "do_sample": false, "output_past": true, "top_k": 50, "torchscript": false',
    '"output_past": true, "num_beams": 1, "length_penalty": 1.0, "temperature": 1.0, "repetition_penalty": 1.0',
    '"finetuning_task": null, "pruned_heads": {}, "use_bfloat16": false, "xla_device": null',
    '"finetuning_task": "sst-2", "task_specific_params": null, "prefix": null, "num_return_sequences": 1',
    '"directionality": "bidi", "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3, '
    '"pooler_size_per_head": 128, "pooler_type": "first_token_transform"',
    '"gradient_checkpointing": false, "position_embedding_type": "absolute", "transformers_version": "4.6.0.dev0"',
    '"_name_or_path": "bert-base-uncased", "attn_implementation": "sdpa", "_attn_implementation_autoset": true',
    '"_attn_implementation": "eager"',
    '"torch_dtype": "float32"', '"torch_dtype": null', '"dtype": "float32"', '"dtype": null',
    '"torch_dtype": "float16", "dtype": "float32"',
    '"architectures": null', '"architectures": []',
    '"architectures": ["BertForSequenceClassification", "BertForMaskedLM"]',
    '"hidden_sizes": 16', '"num_hidden_layer": 1', '"layer_norm_epss": 1', '"vocab_sizes": 3', '"model_types": "bert"',
    '"id2labels": {"0": "a"}', '"num_label": 3', '"problem_types": "regression"',
    '"rope_scaling": null', '"rope_scaling": {"type": "linear", "factor": 2.0}', '"rope_theta": 10000.0',
    '"rope_parameters": null', '"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}',
    '"quantization_config": null', '"auto_map": {"AutoModel": "modeling.Model"}', '"adapters": {"adapters": {}}',
    '"max_seq_length": 32, "do_lower_case": true, "language": "en", "name": "Bert", "license": "mit"',
    '"return_dict": null', '"output_attentions": false', '"output_hidden_states": true', '"chunk_size_feed_forward": 0',
    '"eval_loss": NaN, "best": Infinity, "worst": -Infinity',
    '"hidden_size": 32, "hidden_size": 16',
]:
    field(text)
for text in ['"eos_token_ids": 0', '"norm_type": "layer_norm"', '"use_bias": true', '"gradient_checkpointing": false',
             '"torch_dtype": "float32"', '"hidden_sizes": 16', '"architectures": null', '"rope_scaling": null']:
    field(text, "roformer")

# ---- values of other types

for text in [
    '"hidden_dropout_prob": 0', '"hidden_dropout_prob": 1', '"attention_probs_dropout_prob": 0.0',
    '"layer_norm_eps": 1', '"initializer_range": 1', '"hidden_size": 16.0', '"vocab_size": 22.0',
    '"num_hidden_layers": 1.0', '"max_position_embeddings": 64.0', '"type_vocab_size": 2.0',
    '"pad_token_id": null', '"pad_token_id": -1', '"pad_token_id": 0.0', '"pad_token_id": 99',
    '"bos_token_id": null', '"bos_token_id": 2.0',
    '"eos_token_id": null', '"eos_token_id": [3, 2]', '"eos_token_id": 100000', '"eos_token_id": "3"',
    '"bos_token_id": "[CLS]"', '"sep_token_id": 3', '"classifier_dropout": null', '"classifier_dropout": 0',
    '"classifier_dropout": 0.1', '"is_decoder": false', '"is_decoder": null', '"is_decoder": 0',
    '"use_cache": null', '"use_cache": 1', '"tie_word_embeddings": null', '"add_cross_attention": null',
    '"add_cross_attention": true', '"is_decoder": true', '"hidden_act": null', '"hidden_act": "gelu_new"',
    '"hidden_act": "GELU"', '"layer_norm_eps": "1e-12"', '"layer_norm_eps": null', '"vocab_size": null',
    '"hidden_size": "16"', '"type_vocab_size": null', '"num_attention_heads": null', '"initializer_range": null',
    '"hidden_dropout_prob": null', '"hidden_dropout_prob": "0.1"', '"max_position_embeddings": null',
    '"initializer_range": 0', '"initializer_range": 0.0', '"layer_norm_eps": 0', '"layer_norm_eps": 0.0',
    '"problem_type": "classification"', '"problem_type": ""',
    '"pruned_heads": {"0": []}', '"tokenizer_class": null', '"position_embedding_type": null',
]:
    field(text)
for text in ['"embedding_size": null', '"embedding_size": 16.0', '"rotary_value": 0', '"rotary_value": null']:
    field(text, "roformer")

# ---- label maps

for text, rows in [
    ('"id2label": {"0": 0, "1": 1}', 2),
    ('"id2label": {"0": 0, "1": 1}, "label2id": {"0": 0, "1": 1}', 2),
    ('"id2label": {"0": 1.0, "1": 0.5, "2": 1e-5, "3": 100000000000000000000.0, "4": 2.50}', 5),
    ('"id2label": {"0": 12345678901234567890, "1": -3, "2": 1e16, "3": 123456789012345.6, "4": 0.0001}', 5),
    ('"id2label": {"0": true, "1": false}', 2),
    ('"id2label": {"0": null, "1": "a"}', 2),
    ('"id2label": {"0": "a", "1": 7, "2": true}', 3),
    ('"id2label": ["a", "b"]', 2),
    ('"id2label": ["a", "b"], "label2id": {"a": 0, "b": 1}', 2),
    ('"id2label": []', 2),
    ('"id2label": {}', 2),
    ('"id2label": {"1": "b", "0": "a"}', 2),
    ('"id2label": {"2": "c", "0": "a", "1": "b"}, "label2id": {"b": 1, "c": 2, "a": 0}', 3),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"a": "0", "b": "1"}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0.0, "b": 1.0}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"b": 0, "a": 1}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0, "b": 1, "c": 2}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {}', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": null', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": ["a", "b"]', 2),
    ('"id2label": {"0": "a", "1": "b"}, "label2id": {"a": true, "b": null}', 2),
    ('"label2id": {"a": 0, "b": 1}', 2),
    ('"label2id": {"a": 0, "b": 1, "c": 2}', 3),
    ('"label2id": {"a": 0, "b": 1, "c": 2}', 2),
    ('"label2id": {"a": 0, "b": 1, "c": 2}, "num_labels": 3', 3),
    ('"id2label": null, "label2id": null', 2),
    ('"id2label": null, "num_labels": 3', 3),
    ('"num_labels": 3', 3),
    ('"num_labels": 1', 1),
    ('"num_labels": 2', 2),
    ('"num_labels": null', 2),
    ('"num_labels": 3.0', 3),
    ('"num_labels": "3"', 3),
    ('"_num_labels": 3', 3),
    ('"_num_labels": 3, "id2label": {"0": "a", "1": "b", "2": "c"}', 3),
    ('"num_labels": 2, "id2label": {"0": "a", "1": "b", "2": "c"}', 3),
    ('"num_labels": 2, "id2label": {"0": "a", "1": "b", "2": "c"}', 2),
    ('"num_labels": 3, "id2label": {"0": "a", "1": "b"}', 2),
    ('"num_labels": 3, "id2label": {"0": "a", "1": "b"}', 3),
    ('"num_labels": null, "id2label": {"0": "a", "1": "b", "2": "c"}', 3),
    ('"id2label": {"1": "a", "2": "b"}', 2),
    ('"id2label": {"0": "a", "2": "b"}', 2),
    ('"id2label": {"0": "a", "1": "a"}', 2),
    ('"id2label": {"00": "a", "01": "b"}', 2),
    ('"id2label": {"0": "a", " 1 ": "b"}', 2),
    ('"id2label": {"+0": "a", "1_0": "b"}', 2),
    ('"id2label": {"0": "a", "one": "b"}', 2),
    ('"id2label": {"a": 0, "b": 1}', 2),
    ('"id2label": {"0.0": "a", "1.0": "b"}', 2),
    ('"id2label": {"0": "", "1": " b "}', 2),
    ('"id2label": {"0": ["a"], "1": {"b": 1}}', 2),
    ('"id2label": {"0": "constructor", "1": "__proto__"}', 2),
    ('"id2label": "a"', 2),
    ('"id2label": 2', 2),
]:
    field(text, rows=rows)
field('"id2label": {"0": 0, "1": 1}', "roformer")
field('"num_labels": 3, "id2label": {"0": "a", "1": "b"}', "roformer")

# ---- one label or several

PROBLEMS = ["null", '"regression"', '"single_label_classification"', '"multi_label_classification"']
for family in FAMILIES:
    for problem in PROBLEMS:
        for rows in (1, 2, 3):
            labels = ", ".join(f'"{i}": "{"abc"[i]}"' for i in range(rows))
            field(f'"problem_type": {problem}, "id2label": {{{labels}}}', family, rows=rows, pairs=rows != 2)
IDENTITY, SIGMOID = "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Sigmoid"
OTHERS = [f"torch.nn.modules.activation.{name}" for name in ("Tanh", "ReLU", "Softmax", "GELU", "LogSigmoid")]
for key in ('"sbert_ce_default_activation_function": %s', '"sentence_transformers": {"version": "5.1.0", "activation_fn": %s}'):
    for path in (IDENTITY, SIGMOID, *OTHERS, "torch.nn.Identity", "my_module.Scale", None):
        for rows in (1, 3):
            labels = ", ".join(f'"{i}": "{"abc"[i]}"' for i in range(rows))
            field(f'{key % json.dumps(path)}, "id2label": {{{labels}}}', rows=rows, pairs=True)
field(f'"problem_type": "regression", "sbert_ce_default_activation_function": "{IDENTITY}", "id2label": {{"0": "a"}}',
      rows=1, pairs=True)
field(f'"problem_type": "regression", "sbert_ce_default_activation_function": "{SIGMOID}", "id2label": {{"0": "a"}}',
      rows=1, pairs=True)
field(f'"sentence_transformers": {{"activation_fn": "{SIGMOID}"}}, "sbert_ce_default_activation_function": "{IDENTITY}", '
      '"id2label": {"0": "a"}', rows=1, pairs=True)
field(f'"sentence_transformers": {{"version": "4.1.0"}}, "sbert_ce_default_activation_function": "{IDENTITY}", '
      '"id2label": {"0": "a"}', rows=1, pairs=True)
field('"function_to_apply": "none"', rows=2)
field('"function_to_apply": "none", "num_labels": 1', rows=1)
field('"return_all_scores": true', rows=2)

# ---- architectures and heads

FOREIGN = ["HF_ColBERT", "BertForPreTraining", "BertForNextSentencePrediction", "BertModel", "BertForMaskedLM",
           "BertLMHeadModel", "BertForMultipleChoice", "BertForTokenClassification", "BertForQuestionAnswering",
           "RoFormerForMaskedLM", "ColBERT", "BertCrossEncoder", "SplineBert"]
for name in FOREIGN:
    add(f"architectures {name}, base", f'"architectures": ["{name}"]', head="base")
    add(f"architectures {name}, classifier", f'"architectures": ["{name}"]')
for name in ("RoFormerModel", "RoFormerForMaskedLM", "RoFormerForPreTraining", "MyRoFormer", "BertModel"):
    add(f"architectures {name}, roformer, base", f'"architectures": ["{name}"]', "roformer", head="base")
for family, classes in CLASSES.items():
    for head in classes:
        add(f"{family} as {head}", "", family, head=head)
for name, value in (("null", "null"), ("empty", "[]"), ("several", '["HF_ColBERT", "BertModel"]')):
    add(f"architectures {name}, base", f'"architectures": {value}', head="base")
add("architectures missing, base", drop=["architectures"], head="base")
add("architectures missing, classifier", drop=["architectures"])


def config_text(variant):
    """The family's config.json with the variant's text in place of the fields it names."""
    named = json.loads("{" + variant["set"] + "}")
    kept = {key: value for key, value in FAMILIES[variant["family"]].items()
            if key not in named and key not in variant["drop"]}
    text = json.dumps(kept)
    return text if variant["set"] == "" else f'{text[:-1]}, {variant["set"]}}}'


def make_weights(family):
    """One file for all heads of a family: tensors by the names they have in models with heads."""
    torch.manual_seed(11)
    tensors = {}
    for name in CLASSES[family].values():
        config = getattr(transformers, name).config_class(**{**FAMILIES[family], "num_labels": ROWS})
        if name.startswith("BertLMHead") or name.endswith("CausalLM"):
            config.is_decoder = True
        if name.endswith("Model") and "LMHead" not in name:
            continue
        model = getattr(transformers, name)(config)
        for key, value in model.state_dict().items():
            if key.startswith("cls.predictions.decoder") or key.endswith(("position_ids", "embed_positions.weight")):
                continue
            # Biases and norms too: fresh ones would hide a tensor that is not read.
            tensors.setdefault(key, torch.randn(value.shape) * 0.4 + (1 if key.endswith("LayerNorm.weight") else 0))
    if family == "bert":
        for key, shape in (("bert.pooler.dense.weight", (16, 16)), ("bert.pooler.dense.bias", (16,)),
                           ("qa_outputs.weight", (2, 16)), ("qa_outputs.bias", (2,))):
            tensors[key] = torch.randn(shape) * 0.4
    tensors = {key: value for key, value in tensors.items() if not key.startswith("qa_outputs") or value.shape[0] == 2}
    save_file({key: value.half() for key, value in tensors.items()}, HERE / f"{family}.safetensors", {"format": "pt"})


def build(variant, folder):
    """The variant's folder."""
    family = variant["family"]
    (folder / "config.json").write_text(config_text(variant))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "model_max_length": 64}')
    tensors = {key: value.float() for key, value in load_file(HERE / f"{family}.safetensors").items()}
    for part in ("weight", "bias"):
        key = f"{LAST[family]}.{part}"
        tensors[key] = tensors[key][: variant["rows"]].clone()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def short(x):
    return float(f"{float(x):.7g}")


def classified(folder):
    """What the pipeline gives: every label with its score, per text, in the order of the ids."""
    classifier = pipeline("text-classification", model=str(folder), tokenizer=AutoTokenizer.from_pretrained(folder),
                          device="cpu")
    asked = classifier.model.config
    fresh = missing_of(folder, type(classifier.model))
    if fresh:
        return {"missing": fresh}
    rows = [listed(classifier.postprocess(classifier.forward(classifier.preprocess(text)), top_k=len(asked.id2label)))
            for text in TEXTS]
    return {
        "names": [str(one["label"]) for one in rows[0]],
        "scores": [[short(one["score"]) for one in row] for row in rows],
        "top": [str(listed(classifier(text, top_k=1))[0]["label"]) for text in TEXTS]}


def listed(found):
    return found if isinstance(found, list) else [found]


def missing_of(folder, cls):
    """Parameters that the file lacks or has in another shape: such a model is not what was saved."""
    _, info = cls.from_pretrained(folder, output_loading_info=True, ignore_mismatched_sizes=True)
    names = [*info["missing_keys"], *(one[0] for one in info["mismatched_keys"])]
    return sorted(name for name in names if not name.endswith("embed_positions.weight"))  # made, not read


def encoded(folder, cls):
    """The first numbers of the last hidden states of one text."""
    fresh = missing_of(folder, cls)
    fresh = [name for name in fresh if "pooler" not in name]
    if fresh:
        return {"missing": fresh}
    model = cls.from_pretrained(folder).eval()
    inputs = AutoTokenizer.from_pretrained(folder)(TEXTS[2], return_tensors="pt")
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states[-1]
    return {"hidden": [short(x) for x in states[0, :, :3].flatten()]}


def predicted(folder):
    """What sentence-transformers' CrossEncoder gives for pairs."""
    from sentence_transformers import CrossEncoder

    scores = CrossEncoder(str(folder), device="cpu").predict([(text, "the mat") for text in TEXTS])
    return [[short(x) for x in row] if getattr(row, "ndim", 0) else [short(row)] for row in scores]


def outcome(variant, folder):
    try:
        if variant["head"] is None:
            result = classified(folder)
        elif variant["head"] == "base":
            result = encoded(folder, transformers.AutoModel)
        else:
            result = encoded(folder, getattr(transformers, CLASSES[variant["family"]][variant["head"]]))
    except Exception as error:  # noqa: BLE001  whatever a release says is what it does
        return {"error": f"{type(error).__name__}: {error}".split("\n")[0][:200]}
    if variant["pairs"] and transformers.__version__.startswith("5"):
        try:
            result["crossEncoder"] = predicted(folder)
        except Exception as error:  # noqa: BLE001
            result["crossEncoderError"] = f"{type(error).__name__}: {error}".split("\n")[0][:120]
    return result


def main():
    version = transformers.__version__
    if not (HERE / "bert.safetensors").exists():
        for family in FAMILIES:
            make_weights(family)
    shared = {"families": FAMILIES, "last": LAST, "vocabulary": VOCABULARY, "texts": TEXTS}
    rows = [json.dumps({key: value for key, value in one.items() if value not in (None, False, [], "")})
            for one in VARIANTS]
    text = json.dumps(shared)[:-1] + ',\n"variants": [\n' + ",\n".join(rows) + "\n]}\n"
    (HERE / "variants.json").write_text(text)
    results = {}
    for variant in VARIANTS:
        folder = Path(tempfile.mkdtemp())
        build(variant, folder)
        assert variant["name"] not in results, variant["name"]
        results[variant["name"]] = outcome(variant, folder)
        shutil.rmtree(folder)
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results.items()]
    (HERE / f"transformers-{version}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(version, len(results), "variants,", sum("error" in one for one in results.values()), "refused")


main()
