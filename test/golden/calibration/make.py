"""Temperatures by SciPy's minimize_scalar and expected calibration errors by NumPy's histogram, of logits of many kinds.

    python make.py > calibration.json
"""

import json

import numpy as np
import scipy
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

random = np.random.default_rng(7)


def calibration_error(probabilities, truth, bins=15):
    """Guo et al. 2017, equation 3; bins are (low, high]."""
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (probabilities > low) & (probabilities <= high)
        if inside.any():
            error += inside.mean() * abs(truth[inside].mean() - probabilities[inside].mean())
    return float(error)


def of_classes(logits, labels):
    loss = -log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean()
    probabilities = softmax(logits, axis=1)
    return loss, calibration_error(probabilities.max(1), probabilities.argmax(1) == labels)


def of_labels(logits, labels):
    loss = (np.logaddexp(0, logits) - labels * logits).mean()
    return loss, calibration_error(expit(logits).ravel(), labels.ravel() == 1)


cases = []
for name, kind, n, k, scale, signal in [
    ("overconfident, two classes", "classify", 100, 2, 6.0, 1.5),
    ("overconfident, five classes", "classify", 200, 5, 4.0, 2.0),
    ("too modest", "classify", 150, 3, 0.3, 2.5),
    ("twenty rows", "classify", 20, 2, 5.0, 1.0),
    ("several labels", "multilabel", 80, 4, 5.0, 1.5),
]:
    if kind == "classify":
        labels = random.integers(0, k, n)
        clean = np.eye(k)[labels]
    else:
        labels = (random.random((n, k)) < 0.3).astype(int)
        clean = 2 * labels - 1
    logits = (scale * (signal * clean + random.normal(size=(n, k)))).astype(np.float32).astype(float)
    score = of_classes if kind == "classify" else of_labels
    found = minimize_scalar(lambda log: score(logits * np.exp(-log), labels)[0], bounds=(-5, 5), method="bounded",
                            options={"xatol": 1e-10})
    temperature = float(np.exp(found.x))
    (loss, error), (loss_after, error_after) = score(logits, labels), score(logits / temperature, labels)
    cases.append({"name": name, "kind": kind, "logits": logits.tolist(), "labels": labels.tolist(),
                  "temperature": temperature, "loss": float(loss), "lossAfter": float(loss_after), "error": error,
                  "errorAfter": error_after})
print(json.dumps({"scipy": scipy.__version__, "cases": cases}))
