"""Makes intervals.json beside this file with scipy and scikit-learn:

    python test/golden/make_intervals.py

wilson: scipy's interval of a proportion. bootstrap: scipy's percentile bootstrap with many seeds; the mean of the bounds, and how far a seed's
bounds are from it (standard deviation).
"""

import json
import random
import warnings
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import binomtest, bootstrap, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

warnings.filterwarnings("ignore")
SEEDS, RESAMPLES = 20, 1000
COUNTS = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 2), (34, 40), (17, 20), (8, 9), (499, 500), (1, 100000), (43210, 67349)]


def wilson():
    for hits, n in COUNTS:
        for level in [0.5, 0.9, 0.95, 0.99, 0.9999, 1e-3]:
            low, high = binomtest(hits, n).proportion_ci(confidence_level=level, method="wilson")
            yield {"hits": hits, "n": n, "level": level, "low": float(low), "high": float(high)}


def rows(seed, n, right):
    rng = random.Random(seed)
    labels = [rng.randrange(3) for _ in range(n)]
    return [label if rng.random() < right else rng.randrange(3) for label in labels], labels


def values(seed, n):
    rng = random.Random(seed)
    labels = [round(rng.gauss(0, 1), 3) for _ in range(n)]
    return [round(label + rng.gauss(0, 0.7), 3) for label in labels], labels


METRICS = {
    "accuracy": lambda p, l: accuracy_score(l, p),
    "f1": lambda p, l: f1_score(l, p, average="macro", zero_division=0),
    "matthews": lambda p, l: matthews_corrcoef(l, p),
    "spearman": lambda p, l: spearmanr(p, l).statistic,
}


def bootstraps():
    for metric, n, level in [("accuracy", 150, 0.95), ("f1", 60, 0.95), ("matthews", 80, 0.9), ("spearman", 50, 0.95)]:
        predictions, labels = values(1, n) if metric == "spearman" else rows(2, n, 0.6)
        found = []
        for seed in range(SEEDS):
            interval = bootstrap(
                (np.array(predictions), np.array(labels)), METRICS[metric], paired=True, vectorized=False, n_resamples=RESAMPLES,
                method="percentile", confidence_level=level, rng=np.random.default_rng(seed),
            ).confidence_interval
            found.append([interval.low, interval.high])
        mean, deviation = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
        yield {"metric": metric, "level": level, "resamples": RESAMPLES, "predictions": predictions, "labels": labels,
               "low": [mean[0], deviation[0]], "high": [mean[1], deviation[1]]}


golden = {"versions": {"scipy": scipy.__version__}, "wilson": list(wilson()), "bootstrap": list(bootstraps())}
(Path(__file__).parent / "intervals.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
