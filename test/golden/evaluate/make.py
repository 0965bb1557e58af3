"""Writes tiny BERT classifiers of every problem_type, labelled texts, and what transformers, scikit-learn and SciPy make of both.

    python make.py

Folders `regression`, `multi-label` and `classes` (whose labels are LABEL_0, …); `expected.json`.
"""

import csv
import json
import random
import shutil
from pathlib import Path

import numpy
import scipy.stats
import sklearn.metrics
import torch
import transformers

HERE = Path(__file__).parent
WORDS = "the a cat dog bird good bad old big small runs sits sings today never always".split()
NAMES = ["x", "y", "z", "w"]


def model(folder: str, **config) -> tuple:
    path = HERE / folder
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")
    tokenizer = transformers.BertTokenizer(str(path / "vocab.txt"))
    torch.manual_seed(3)
    bert = transformers.BertForSequenceClassification(transformers.BertConfig(
        vocab_size=len(WORDS) + 5, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=32, initializer_range=0.9, **config)).eval()
    bert.save_pretrained(path)
    tokenizer.save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")

    def logits(texts: list[str]) -> numpy.ndarray:
        with torch.no_grad():
            return numpy.array([bert(**tokenizer(text, return_tensors="pt")).logits[0].tolist() for text in texts])

    return bert, logits


def texts(count: int, seed: int) -> list[str]:
    source = random.Random(seed)
    return [" ".join(source.choices(WORDS, k=source.randint(1, 9))) for _ in range(count)]


def write(name: str, rows: list[list]) -> None:
    with open(HERE / name, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def regression() -> dict:
    _, logits = model("regression", num_labels=1, problem_type="regression")
    lines, source = texts(40, 1), random.Random(11)
    values = [round(source.uniform(-2, 2), 1) for _ in lines]
    write("values.csv", [["text", "label"], *zip(lines, values)])
    found = logits(lines)[:, 0]
    return {
        "n": len(lines),
        "meanSquaredError": float(sklearn.metrics.mean_squared_error(values, found)),
        "pearson": float(scipy.stats.pearsonr(found, values).statistic),
        "spearman": float(scipy.stats.spearmanr(found, values).statistic),
    }


def multi_label() -> dict:
    _, logits = model("multi-label", id2label=dict(enumerate(NAMES)), label2id={n: i for i, n in enumerate(NAMES)},
                      problem_type="multi_label_classification")
    lines, source = texts(40, 2), random.Random(12)
    sets = [source.sample(NAMES[:3], source.randint(0, 3)) for _ in lines]
    write("labels.csv", [["text", "label"], *[[t, json.dumps(s)] for t, s in zip(lines, sets)]])
    write("labels-bar.csv", [["text", "label"], *[[t, " | ".join(s)] for t, s in zip(lines, sets)]])
    (HERE / "labels.jsonl").write_text("".join(json.dumps({"text": t, "label": s}) + "\n" for t, s in zip(lines, sets)))
    truth = numpy.array([[int(name in s) for name in NAMES] for s in sets])
    scores = logits(lines)
    found = (scores > 0).astype(int)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(scores), torch.tensor(truth, dtype=torch.double))
    result = {"n": len(lines), "loss": loss.item(),
              "subsetAccuracy": float(sklearn.metrics.accuracy_score(truth, found))}
    for average in ["micro", "macro"]:
        p, r, f, _ = sklearn.metrics.precision_recall_fscore_support(truth, found, average=average, zero_division=0)
        result |= {f"{average}Precision": float(p), f"{average}Recall": float(r), f"{average}F1": float(f)}
    each = sklearn.metrics.precision_recall_fscore_support(truth, found, average=None, zero_division=0)
    result["perLabel"] = [{"label": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
                          for name, p, r, f, s in zip(NAMES, *each)]
    return result


def classes() -> dict:
    _, logits = model("classes", num_labels=2)
    lines, source = texts(40, 3), random.Random(13)
    truth = [source.randint(0, 1) for _ in lines]
    write("classes.csv", [["text", "label"], *zip(lines, truth)])
    scores = logits(lines)
    found = scores.argmax(1)
    loss = torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(truth))
    return {"n": len(lines), "loss": loss.item(), "accuracy": float(sklearn.metrics.accuracy_score(truth, found)),
            "f1": float(sklearn.metrics.f1_score(truth, found)),
            "matthews": float(sklearn.metrics.matthews_corrcoef(truth, found))}


expected = {"regression": regression(), "multi-label": multi_label(), "classes": classes()}
(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
print(json.dumps({k: v for k, v in expected.items()}, indent=1))
