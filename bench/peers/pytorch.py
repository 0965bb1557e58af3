"""Hugging Face's RoFormer in PyTorch, for bench/children.mjs: a JSON line in is a command, a JSON line out its answer."""

import base64
import json
import os
import resource
import sys
import time

threads = int(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
answers, sys.stdout = sys.stdout, sys.stderr

import torch  # noqa: E402
from transformers import RoFormerForSequenceClassification  # noqa: E402

torch.set_num_threads(threads)
SHORTEST_BATCH_MS = 1
# Debian's torch comes with the reference BLAS unless another is installed: no measure of PyTorch.
SLOWEST_GFLOPS = 10


def product_gflops(size=512):
    """Rate of a product of two square matrices, the best of three."""
    a = torch.rand(size, size)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2e-9 * size**3 / min(times)


def tensors(batch):
    return {"input_ids": torch.tensor(batch["ids"]), "attention_mask": torch.tensor(batch["mask"])}


def floats(*values):
    return torch.cat([value.detach().reshape(-1).float() for value in values]).numpy().tobytes()


class Forward:
    def __init__(self, folder, batch):
        self.model, self.inputs = RoFormerForSequenceClassification.from_pretrained(folder).eval(), tensors(batch)
        with torch.no_grad():
            result = self.model(**self.inputs, output_hidden_states=True)
        # Rows at padding mean nothing: 0, as the other side has them.
        states = result.hidden_states[-1] * self.inputs["attention_mask"].unsqueeze(-1)
        self.output = floats(result.logits, states)

    def run(self):
        with torch.no_grad():
            self.model.roformer(**self.inputs)


class Step:
    def __init__(self, folder, batch, lr):
        self.model = RoFormerForSequenceClassification.from_pretrained(folder)
        self.inputs = {**tensors(batch), "labels": torch.tensor(batch["labels"])}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        loss = self.model.eval()(**self.inputs).loss
        loss.backward()
        norm = torch.sqrt(sum((one.grad**2).sum() for one in self.model.parameters() if one.grad is not None))
        self.output = floats(loss, norm)
        self.optimizer.zero_grad(set_to_none=True)
        self.model.train()

    def run(self):
        loss = self.model(**self.inputs).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


WORKS = {"forward": Forward, "step": Step}
work, batch = None, 1


def timed(ms):
    start, batches = time.perf_counter(), 0
    while batches == 0 or 1000 * (time.perf_counter() - start) < ms:
        for _ in range(batch):
            work.run()
        batches += 1
    return 1000 * (time.perf_counter() - start) / batches / batch


def answer(command, body):
    global work, batch
    if command == "prepare":
        work = WORKS[body["work"]](**body["options"])
        return {"amount": 1, "output": base64.b64encode(work.output).decode()}
    if command == "warm":
        batch = 1
        each = timed(body["ms"])
        batch = max(1, int(SHORTEST_BATCH_MS / each) + 1) if each < SHORTEST_BATCH_MS else 1
        return each
    if command == "time":
        return timed(body["ms"])
    if command == "peakMemory":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gflops = product_gflops()
    if gflops < SLOWEST_GFLOPS:
        raise RuntimeError(f"its BLAS does {gflops:.1f} GFLOP/s: install a faster one (Debian: libopenblas0-pthread)")
    return {"threads": torch.get_num_threads(), "version": torch.__version__}


for line in sys.stdin:
    message = json.loads(line)
    try:
        reply = {"value": answer(message.pop("command"), message)}
    except Exception as error:  # whatever it is, the bench says it by name
        reply = {"error": (str(error) or type(error).__name__).split("\n")[0]}
    answers.write(json.dumps(reply) + "\n")
    answers.flush()
