"""Values and gradients of distillation losses, as PyTorch computes them in f64: losses.json."""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def case(name, shape, make, **more):
    x = torch.randn(*shape).to(torch.float32).to(torch.float64).requires_grad_()
    value = make(x)
    value.backward()
    return {"name": name, "x": x.flatten().tolist(), "value": value.item(), "gradient": x.grad.flatten().tolist(), **more}


def cases():
    B, W = 4, 5
    t = torch.randn(B, W).to(torch.float32).to(torch.float64)
    targets = {"targets": t.tolist()}
    yield case("cosine", (B, W), lambda s: (1 - F.cosine_similarity(s, t)).mean(), **targets)
    yield case("mse", (B, W), lambda s: F.mse_loss(s, t), **targets)
    yield case("mse of vectors of length 1", (B, W), lambda s: F.mse_loss(F.normalize(s), t), **targets)

    def contrast(s):
        return F.cross_entropy(20 * F.normalize(s) @ F.normalize(t).T, torch.arange(B))

    yield case("contrast", (B, W), contrast, **targets)

    rows = [[0, 2], [3], []]
    states = [torch.randn(len(r), W).to(torch.float32).to(torch.float64) for r in rows]

    def relative(s):
        each = [((s[r] - t) ** 2).sum() / (t**2).sum() for r, t in zip(rows, states) if r]
        return sum(each) / len(rows)

    yield case("relative", (5, W), relative, rows=rows, states=[t.flatten().tolist() for t in states])

    for T in [1.0, 2.0, 5.0]:
        logits = torch.randn(3, 6)
        p = F.softmax(logits / T, -1)
        kl = lambda z: T * T * F.kl_div(F.log_softmax(z / T, -1), p, reduction="batchmean")
        outcomes = [{"places": list(range(6)), "probabilities": row} for row in p.tolist()]
        yield case(f"divergence at {T}", (3, 6), kl, temperature=T, outcomes=outcomes)

    # Two or three named outcomes, and the rest as one.
    places = [[4, 0], [1, 2, 5], [3, 0]]
    p = F.softmax(torch.randn(3, 6), -1)
    T = 2.0

    def top(z):
        q = F.softmax(z / T, -1)
        total = 0
        for r, named in enumerate(places):
            own, other = p[r, named], q[r, named]
            own = torch.cat([own, 1 - own.sum(0, keepdim=True)])
            other = torch.cat([other, 1 - other.sum(0, keepdim=True)])
            total = total + (own * (own / other).log()).sum()
        return T * T * total / 3

    outcomes = [{"places": named, "probabilities": p[r, named].tolist()} for r, named in enumerate(places)]
    yield case("divergence of some outcomes and the rest", (3, 6), top, temperature=T, outcomes=outcomes)


folder = pathlib.Path(__file__).parent
(folder / "losses.json").write_text(json.dumps({"cases": list(cases())}, indent=1) + "\n")
