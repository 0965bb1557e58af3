"""Values and gradients of sentence-transformers' losses on given vectors.

python make.py > vectorLosses.json   (sentence-transformers 6.2, torch 2.8)
"""

import json

import torch
from sentence_transformers.sentence_transformer.losses import CoSENTLoss, CosineSimilarityLoss, MultipleNegativesRankingLoss


torch.set_default_dtype(torch.float64)


class Given(torch.nn.Module):
    """A model whose texts are their vectors."""

    def forward(self, features):
        return {"sentence_embedding": features["vectors"]}


def case(name, size, groups, width, labels=None, seed=0, scale=1.0):
    torch.manual_seed(seed)
    vectors = torch.randn(groups, size, width, dtype=torch.float64) * scale
    # What f32 can hold, so that both sides start from the same numbers. CosineSimilarityLoss computes in f32 alone.
    vectors = vectors.float().to(torch.float32 if name == "cosine" else torch.float64).requires_grad_()
    make = {
        "in-batch-negatives": MultipleNegativesRankingLoss,
        "cosent": CoSENTLoss,
        "cosine": CosineSimilarityLoss,
    }[name]
    features = [{"vectors": vectors[:, place]} for place in range(size)]
    loss = make(Given())(features, None if labels is None else torch.tensor(labels, dtype=torch.float64))
    loss.backward()
    return {
        "loss": name,
        "size": size,
        "width": width,
        "labels": labels,
        "vectors": vectors.detach().flatten().tolist(),
        "value": loss.item(),
        "gradient": vectors.grad.flatten().tolist(),
    }


cases = [
    case("in-batch-negatives", 2, 4, 5),
    case("in-batch-negatives", 2, 1, 3, seed=1),
    case("in-batch-negatives", 3, 5, 4, seed=2),
    case("in-batch-negatives", 3, 3, 8, seed=3, scale=30.0),
    case("cosent", 2, 4, 5, labels=[0.0, 1.0, 0.5, 3.0], seed=4),
    case("cosent", 2, 6, 3, labels=[1.0, 1.0, 0.0, 5.0, 2.5, 2.5], seed=5),
    case("cosent", 2, 3, 4, labels=[2.0, 2.0, 2.0], seed=6),
    case("cosine", 2, 4, 5, labels=[0.0, 1.0, 0.5, -1.0], seed=7),
    case("cosine", 2, 1, 6, labels=[0.25], seed=8),
]
print(json.dumps({"cases": cases}))
