"""Best F1 over all thresholds by scikit-learn's precision_recall_curve, and scores at thresholds.

    python make.py > thresholds.json
"""

import json
import warnings

import numpy as np
import sklearn
from sklearn.metrics import f1_score, matthews_corrcoef, precision_recall_curve, precision_recall_fscore_support

warnings.filterwarnings("ignore")
random = np.random.default_rng(5)
cases = []
for name, n, share, spread, digits in [
    ("rare", 200, 0.05, 1.0, 6),
    ("skewed", 120, 0.15, 1.5, 6),
    ("even", 100, 0.5, 2.0, 6),
    ("ties", 80, 0.3, 1.0, 1),
    ("noise", 60, 0.2, 0.0, 4),
    ("small", 5, 0.4, 1.0, 3),
    ("all positive", 20, 1.0, 1.0, 4),
]:
    truth = (np.arange(n) < round(share * n)).astype(int)
    random.shuffle(truth)
    logits = random.normal(size=n) + spread * truth - 1.5
    probabilities = np.round(1 / (1 + np.exp(-logits)), digits)
    precision, recall, _ = precision_recall_curve(truth, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    at = []
    for threshold in (0.1, 0.31, 0.5, 0.9):
        predicted = (probabilities >= threshold).astype(int)
        p, r, f, _ = precision_recall_fscore_support(truth, predicted, average="binary", zero_division=0)
        at.append({"threshold": threshold, "precision": p, "recall": r, "f1": f,
                   "matthews": matthews_corrcoef(truth, predicted)})
    cases.append({"name": name, "truth": truth.tolist(), "probabilities": probabilities.tolist(),
                  "bestF1": float(f1.max()), "f1AtHalf": float(f1_score(truth, probabilities >= 0.5, zero_division=0)),
                  "at": at})
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}))
