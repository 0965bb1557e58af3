"""Which of two rotary settings wins in transformers' ROPE_INIT_FUNCTIONS: writes rope_settings.json beside this file.

Run it once with each version of transformers; each run fills in what its version does and keeps the other's:

    TRANSFORMERS-4.57.6/bin/python make_rope_settings.py
    TRANSFORMERS-5.24.0/bin/python make_rope_settings.py

A case has the fields of a configuration: `scaling` is the dictionary, `outside` what stands beside it. Where the versions look
for a setting in different places it is given to each where it looks: 4.57.6 reads rope_theta and partial_rotary_factor beside the
dictionary, and longrope's original_max_position_embeddings too; 5.24.0 reads them in it. Results are float32, null: an error.
"""

import itertools
import json
import logging
import os
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="", TRANSFORMERS_VERBOSITY="error")

import transformers
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

logging.disable(logging.CRITICAL)
FILE = Path(__file__).resolve().parent / "rope_settings.json"
FOUR = transformers.__version__.startswith("4.")
MAX, ORIGINAL = 6000, 1500
FACTORS = {"short_factor": [1, 1.1, 1.2, 1.3], "long_factor": [2, 3, 4, 5]}
LLAMA3 = {"low_freq_factor": 1, "high_freq_factor": 4}


def case(scaling, lengths=(None,), outside=None, **other):
    return [{"scaling": scaling, **({"outside": outside} if outside else {}), **other,
             **({} if length is None else {"sequenceLength": length})} for length in lengths]


def optional(**choices):
    """Dictionaries with each choice, `...` leaving the field out."""
    for values in itertools.product(*choices.values()):
        yield {key: value for key, value in zip(choices, values) if value is not ...}


def cases():
    both = {"factor": [..., 12, None], "original_max_position_embeddings": [..., ORIGINAL, None]}
    for fields in optional(factor=[..., 12], original_max_position_embeddings=[..., ORIGINAL]):
        yield from case({"rope_type": "default", **fields})
        if "factor" in fields:
            yield from case({"rope_type": "linear", **fields})
            yield from case({"rope_type": "dynamic", **fields}, (None, 1000, 2000, 6000, 9000))
    for fields in optional(**both, attention_factor=[..., None, 1.5]):
        yield from case({"rope_type": "yarn", **fields})
        yield from case({"rope_type": "longrope", **FACTORS, **fields}, (None, 1500, 1501, 6000, 6001))
    for fields in optional(attention_factor=[..., 1.5], mscale=[..., 0, 0.7, 2], mscale_all_dim=[..., 0, 1.3]):
        yield from case({"rope_type": "yarn", "factor": 4, **fields})
    for fields in optional(beta_fast=[None, 16], beta_slow=[None, 2], truncate=[..., False, True, None]):
        yield from case({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": ORIGINAL, **fields})
    for original in (ORIGINAL, ...):
        yield from case({"rope_type": "llama3", "factor": 8, **LLAMA3,
                         **({} if original is ... else {"original_max_position_embeddings": original})})
    for fields in optional(factor=[..., 4], partial_rotary_factor=[..., 0.5]):
        yield from case({"rope_type": "proportional", **fields})
    extra = {"linear": {"factor": 3}, "dynamic": {"factor": 3}, "yarn": {"factor": 3}, "llama3": {"factor": 8, **LLAMA3},
             "longrope": FACTORS, "default": {}}
    for kind, fields in extra.items():
        for inside, outside in itertools.product((..., 1200), (..., ORIGINAL)):
            place = {} if inside is ... else {"original_max_position_embeddings": inside}
            beside = {} if outside is ... else {"original_max_position_embeddings": outside}
            yield from case({"rope_type": kind, **fields, **place}, (None, 1400, 1600), beside)
        if kind != "longrope":
            yield from case({"rope_type": kind, "rope_theta": 500, "partial_rotary_factor": 0.5, **fields})
        yield from case({"type": kind, **fields})
        yield from case({"type": "spiral", "rope_type": kind, **fields})
        yield from case({"rope_type": kind, **fields}, outside={"rope_theta": 700.0})


def compute(one):
    """`headSize` 8 numbers a head."""
    scaling, outside = dict(one["scaling"]), one.get("outside", {})
    kind = scaling.get("rope_type", scaling.get("type"))
    config = LlamaConfig(hidden_size=16, num_attention_heads=2, max_position_embeddings=MAX, rope_theta=10_000.0)
    beside = {"rope_theta": 10_000.0, **outside}
    if FOUR:
        for name in ("rope_theta", "partial_rotary_factor"):
            if name in scaling:
                beside[name] = scaling[name]
        if kind == "longrope" and scaling.get("original_max_position_embeddings"):
            beside.setdefault("original_max_position_embeddings", scaling["original_max_position_embeddings"])
        config.rope_scaling = scaling
    else:
        scaling.setdefault("rope_theta", beside.pop("rope_theta"))
        config.rope_theta = None
        config.rope_parameters = scaling
    for name, value in beside.items():
        setattr(config, name, value)
    if kind == "default" and not FOUR:
        # In 5.24.0 it stands with the models.
        from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

        compute = LlamaRotaryEmbedding.compute_default_rope_parameters
        frequencies, factor = compute(config)
    else:
        frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=one.get("sequenceLength"))
    return {"inverseFrequencies": [float(f"{x:.9g}") for x in frequencies.tolist()], "attentionFactor": float(f"{factor:.12g}")}


def outcome(one):
    try:
        return compute(one)
    except Exception as error:
        if os.environ.get("SHOW"):
            print(json.dumps(one)[:180], type(error).__name__, str(error)[:80])
        return None


def main():
    everything = list({json.dumps(one): one for one in cases()}.values())
    old = json.loads(FILE.read_text()) if FILE.exists() else {}
    same = [one["fields"] for one in old.get("cases", [])] == everything
    rows = []
    for i, one in enumerate(everything):
        row = dict(old["cases"][i]) if same else {"fields": one}
        row[transformers.__version__] = outcome(one)
        rows.append(json.dumps(row))
    head = f'"headSize": 8, "maxPositionEmbeddings": {MAX},\n"cases": [\n'
    FILE.write_text("{\n" + head + ",\n".join(rows) + "\n]\n}\n")
    print(transformers.__version__, len(rows), "cases")


main()
