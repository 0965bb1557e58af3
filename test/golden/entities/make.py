"""Writes cases.json: sequences of tags, well-formed and not, and the scores that seqeval gives them.

    pip install seqeval==1.2.2
    python make.py

A case holds predictions, labels, options and `expected`: the micro averages, the accuracy and each type's scores; or `refused`, where
seqeval raises. Without a scheme, strict scores are those of `classification_report`, which finds the scheme by the labels' prefixes
(`f1_score` would not be strict then).
"""

import json
import random
import warnings
from pathlib import Path

from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores
from seqeval.metrics.v1 import unique_labels
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, IOE1, IOE2, auto_detect

warnings.filterwarnings("ignore")
SCHEMES = {scheme.__name__: scheme for scheme in (IOB1, IOB2, IOE1, IOE2, IOBES, BILOU)}
PREFIXES = {"IOB1": "IOB", "IOB2": "IOB", "IOE1": "IOE", "IOE2": "IOE", "IOBES": "IOBES", "BILOU": "BILOU"}
random.seed(20)


def expected(predictions, labels, options):
    suffix = options.get("suffix", False)
    strict = options.get("mode") == "strict"
    micro = {"suffix": suffix, "zero_division": 0}
    if strict:
        scheme = SCHEMES[options["scheme"]] if "scheme" in options else auto_detect(labels, suffix)
        types = unique_labels(labels, predictions, scheme, suffix)
        each = strict_scores(labels, predictions, average=None, scheme=scheme, **micro)
        micro |= {"mode": "strict", "scheme": scheme}
    else:
        types = sorted({entity[0] for list_ in (labels, predictions) for entity in get_entities(list_, suffix)})
        each = precision_recall_fscore_support(labels, predictions, average=None, **micro)
    report = classification_report(labels, predictions, output_dict=True, **micro)
    assert [name for name in report if not name.endswith(" avg")] == types
    return {
        "precision": float(precision_score(labels, predictions, **micro)),
        "recall": float(recall_score(labels, predictions, **micro)),
        "f1": float(f1_score(labels, predictions, **micro)),
        "accuracy": accuracy_score(labels, predictions) if any(labels) else 0,
        "perEntity": [
            {"type": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for name, p, r, f, n in zip(types, *each)
        ],
    }


CASES = []


def case(predictions, labels, **options):
    entry = {"predictions": [" ".join(tags) for tags in predictions], "labels": [" ".join(tags) for tags in labels]}
    if options:
        entry["options"] = options
    try:
        entry["expected"] = expected(predictions, labels, options)
    except (KeyError, ValueError):
        entry["refused"] = True
    CASES.append(entry)


def tag(prefixes, types, suffix, outside):
    prefix = random.choice(prefixes)
    type_ = random.choice(types)
    if (prefix == "O" and random.random() < 0.97) or random.random() < outside:
        return "O"
    if type_ == "":
        return prefix
    return f"{type_}-{prefix}" if suffix else f"{prefix}-{type_}"


def sequence(length, *how):
    return [tag(*how) for _ in range(length)]


def pairs(prefixes, types, suffix=False, outside=0.2):
    """Two lists of sequences; the second is the first with some tags changed."""
    how = (prefixes, types, suffix, outside)
    labels = [sequence(random.choice([0, 1, 2, 5, 9]), *how) for _ in range(random.choice([1, 2, 4]))]
    change = random.choice([0, 0.2, 0.5, 1])
    predictions = [[tag(*how) if random.random() < change else one for one in tags] for tags in labels]
    return predictions, labels


FEW, MANY = ["A", "B"], ["PER", "LOC", "A-B", "-A", "A-", "", "É", "\U0001f600", "\uff21"]

for _ in range(60):
    case(*pairs("IOB", FEW))
for _ in range(60):
    case(*pairs("IOBES", FEW, outside=0.1))
for _ in range(60):
    case(*pairs("IOBESUL.X\u00c9", MANY, outside=0.1))
for _ in range(40):
    case(*pairs("IOBES", MANY, suffix=True), suffix=True)
for _ in range(20):
    case(*pairs("IOBESX", ["ABLE", "O", "I-I"], suffix=random.random() < 0.5), suffix=random.random() < 0.5)
for name, prefixes in PREFIXES.items():
    for _ in range(40):
        case(*pairs(prefixes, FEW, outside=0.1), mode="strict", scheme=name)
    for _ in range(10):
        case(*pairs(prefixes, MANY, suffix=True), mode="strict", scheme=name, suffix=True)
    for _ in range(3):
        case(*pairs("IOBESUL", FEW), mode="strict", scheme=name)
for prefixes in ("IOB", "BO", "IB", "IOE", "EO", "IOBES", "BES", "OBE", "SO", "S", "BILOU", "BLU", "UO", "U", "IO", "O", "IOBEL", "X"):
    for _ in range(4):
        case(*pairs(prefixes, FEW), mode="strict")

Path(__file__).with_name("cases.json").write_text(
    "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in CASES) + "\n]\n"
)
print(len(CASES), sum("refused" in entry for entry in CASES))
