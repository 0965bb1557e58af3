"""Makes paired.json beside this file with scipy and NumPy:

    python test/golden/make_paired.py

Paired values, the mean and the interval of their difference (ttest_rel), its two-sided p-value, and the standard deviations of both sides.
"""

import json
import random
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import ttest_rel


def pairs():
    rng = random.Random(7)
    for n in [2, 3, 4, 5, 6, 10, 11, 30, 101]:
        for scale in [1e-4, 0.02, 3.0]:
            a = [round(0.8 + rng.gauss(0, 0.05), 6) for _ in range(n)]
            b = [round(x - rng.gauss(0.01, scale), 6) for x in a]
            for level in [0.95, 0.5, 0.999]:
                result = ttest_rel(a, b)
                low, high = result.confidence_interval(level)
                yield {
                    "a": a, "b": b, "level": level, "difference": float(np.mean(np.array(a) - b)), "low": float(low), "high": float(high),
                    "pValue": float(result.pvalue), "deviations": [float(np.std(a, ddof=1)), float(np.std(b, ddof=1))],
                }


golden = {"versions": {"scipy": scipy.__version__}, "pairs": list(pairs())}
(Path(__file__).parent / "paired.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
