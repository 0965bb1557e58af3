"""Writes submissions.json: the leaderboard's files of some predictions, as jiant writes them in its strict format.

    python make_submissions.py

jiant (`jiant/evaluate.py` of github.com/nyu-mll/jiant at 0b4268b5a18b91806693809305e41c5d8603f503) passes the columns `index` and `prediction`
to pandas without quotes, numbers with three decimals, names of labels for RTE, QNLI, MNLI and the diagnostic set. Ids are Hugging Face's.
"""

import csv
import json
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
LABELS = {name: one["labels"] for name, one in json.loads((HERE / "rows.json").read_text()).items()}
NAMED = {"mnli", "ax", "qnli", "rte"}
FILES = {
    "cola test": "CoLA.tsv", "sst2 test": "SST-2.tsv", "mrpc test": "MRPC.tsv", "stsb test": "STS-B.tsv", "qqp test": "QQP.tsv",
    "mnli test_matched": "MNLI-m.tsv", "mnli test_mismatched": "MNLI-mm.tsv", "qnli test": "QNLI.tsv", "rte test": "RTE.tsv",
    "wnli test": "WNLI.tsv", "ax test": "AX.tsv",
}

made = {}
for key, file in FILES.items():
    labels = LABELS[key]
    ids = [-0.25, 5.5, 0.0, 2.0, 1.2346, 4.99951] if labels is None else [i * 7 % 5 % len(labels) for i in range(12)]
    values = [min(max(0.0, one), 5.0) for one in ids] if labels is None else [labels[i] for i in ids] if key.split()[0] in NAMED else ids
    frame = pd.DataFrame({"index": range(len(ids)), "prediction": values})
    text = frame.to_csv(None, sep="\t", index=False, float_format="%.3f", quoting=csv.QUOTE_NONE, columns=["index", "prediction"])
    made[key] = {"predictions": ids, "file": file, "text": text}
(HERE / "submissions.json").write_text("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in made.items()) + "\n}\n")
