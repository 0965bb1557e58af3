"""Makes golden values of adapters with Hugging Face's peft, which loads each folder as PeftModel.from_pretrained does.

    python make.py [--only NAME]

Writes a folder a case beside this file: base/ (transformers' save_pretrained), adapter/ (peft's), and case.json with the
inputs, logits, loss and gradients in f64 of the model with the adapter. Made with peft 0.21.2, transformers 5.24.0, torch 2.8.
"""

import argparse
import json
import os
import shutil

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

HERE = os.path.dirname(os.path.abspath(__file__))

SIZES = dict(
    vocab_size=23,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=16,
    initializer_range=0.3,
)

IDS = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
SEQ = dict(labels=[2, 0])
TOKENS = dict(labels=[[1, -100, 2, 0, 1], [0, 2, -100, 1, 2]])

# name: class, labels, base's class, PEFT's settings
CASES = {
    "bert_seqcls": ("BertForSequenceClassification", SEQ, None, dict(task_type="SEQ_CLS", r=4, lora_alpha=8)),
    "roformer_seqcls": (
        "RoFormerForSequenceClassification",
        SEQ,
        "RoFormerForMaskedLM",
        dict(task_type="SEQ_CLS", r=3, lora_alpha=5, target_modules=["query", "value"], use_rslora=True),
    ),
    "bert_all_linear": (
        "BertForSequenceClassification",
        SEQ,
        None,
        dict(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules="all-linear", bias="lora_only"),
    ),
    "roformer_tokens": (
        "RoFormerForTokenClassification",
        TOKENS,
        None,
        dict(task_type="TOKEN_CLS", r=4, target_modules=["key", "value", "intermediate.dense"]),
    ),
    "roformer_regex": (
        "RoFormerForMaskedLM",
        TOKENS,
        None,
        dict(r=2, lora_alpha=4, target_modules=r".*layer\.(?P<i>[01])\.(attention\.self\.key|output\.dense)", bias="all"),
    ),
    "bert_layers": (
        "BertForQuestionAnswering",
        dict(start_positions=[1, 0], end_positions=[2, 3]),
        None,
        dict(
            task_type="QUESTION_ANS",
            r=4,
            target_modules=["query", "key", "dense"],
            exclude_modules=["attention.output.dense"],
            layers_to_transform=[1],
            layers_pattern="layer",
            rank_pattern={"key": 2},
            alpha_pattern={r"1\.intermediate\.dense": 3},
        ),
    ),
    "bert_pooler": (
        "BertForSequenceClassification",
        SEQ,
        None,
        dict(task_type="SEQ_CLS", r=2, target_modules=["value"], modules_to_save=["pooler", "output.LayerNorm"]),
    ),
    "roformer_causal": (
        "RoFormerForCausalLM",
        TOKENS,
        None,
        dict(task_type="CAUSAL_LM", r=4, target_modules=["query", "transform.dense"], lora_dropout=0.1),
    ),
}


def make(name):
    cls_name, labels, base_cls, settings = CASES[name]
    cls = getattr(transformers, cls_name)
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(map(ord, name)))
    extra = dict(is_decoder=True) if "Causal" in cls_name else {}
    if "Sequence" in cls_name or "Token" in cls_name:
        extra["num_labels"] = 3
    config = cls.config_class(**SIZES, **extra)
    getattr(transformers, base_cls or cls_name)(config).save_pretrained(os.path.join(folder, "base"))
    base = cls.from_pretrained(os.path.join(folder, "base"))
    model = get_peft_model(base, LoraConfig(**settings))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(os.path.join(folder, "adapter"))
    os.remove(os.path.join(folder, "adapter", "README.md"))
    # A path that holds wherever the folder is.
    file = os.path.join(folder, "adapter", "adapter_config.json")
    fields = json.load(open(file))
    fields["base_model_name_or_path"] = "../base"
    for list_name in ("target_modules", "exclude_modules"):
        if isinstance(fields[list_name], list):
            fields[list_name].sort()
    json.dump(fields, open(file, "w"), indent=2)

    again = PeftModel.from_pretrained(cls.from_pretrained(os.path.join(folder, "base")), os.path.join(folder, "adapter"), is_trainable=True)
    again = again.double().eval()
    inputs = {k: torch.tensor(v) for k, v in {"input_ids": IDS, **labels}.items()}
    out = again(**inputs)
    out.loss.backward()
    values = {k: v.flatten().tolist() for k, v in out.items() if torch.is_tensor(v)}
    gradients = {k: p.grad.flatten().tolist() for k, p in again.named_parameters() if p.requires_grad and p.grad is not None}
    case = {"inputs": {"input_ids": IDS, **labels}, "values": values, "gradients": gradients}
    json.dump(case, open(os.path.join(folder, "case.json"), "w"))


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--only")
    a = p.parse_args()
    for name in CASES:
        if a.only is None or a.only == name:
            make(name)
            print("made", name)
