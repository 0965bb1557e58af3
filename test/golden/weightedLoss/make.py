"""Values and gradients of PyTorch's CrossEntropyLoss with class weights and label smoothing.

python make.py > weightedLoss.json   (torch 2.8)
"""

import json

import torch

torch.set_default_dtype(torch.float64)


def case(rows, classes, weights, smoothing, seed, scale=1.0):
    torch.manual_seed(seed)
    logits = (torch.randn(rows, classes) * scale).float().double().requires_grad_()
    labels = torch.randint(classes, (rows,))
    weight = None if weights is None else torch.tensor(weights)
    loss = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)(logits, labels)
    loss.backward()
    return {
        "logits": logits.detach().flatten().tolist(),
        "labels": labels.tolist(),
        "weights": weights,
        "smoothing": smoothing,
        "value": loss.item(),
        "gradient": logits.grad.flatten().tolist(),
    }


cases = [
    case(5, 3, None, 0.0, 0),
    case(5, 3, None, 0.1, 1),
    case(6, 2, [0.3, 1.7], 0.0, 2),
    case(6, 4, [0.5, 2.0, 0.0, 1.0], 0.2, 3),
    case(1, 3, [1.0, 2.0, 3.0], 0.5, 4),
    case(4, 3, [1.0, 2.0, 3.0], 0.1, 5, scale=60.0),
]
print(json.dumps({"cases": cases}))
