"""Makes golden values of a tiny ModernBERT with Hugging Face transformers, for a model family that only a test knows.

    python make_modernbert.py modernbert

Writes OUT/HEAD/{config.json,model.safetensors,case.json}. Expected values are computed in float64 from the float32 weights, and
gradients are of the mean loss without dropout. Each sequence is computed by itself, then padded with zeros: where a token
of padding sees nothing but padding, transformers computes NaN. Some sequences are longer than the local window.
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from transformers import (ModernBertConfig, ModernBertForMaskedLM, ModernBertForSequenceClassification,
                          ModernBertForTokenClassification, ModernBertModel)

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
out = Path(sys.argv[1])

SIZES = dict(vocab_size=40, hidden_size=24, intermediate_size=20, num_hidden_layers=4, num_attention_heads=3,
             max_position_embeddings=64, local_attention=6, pad_token_id=0, bos_token_id=1, eos_token_id=2,
             cls_token_id=1, sep_token_id=2, initializer_range=0.4, num_labels=3, attn_implementation="eager")
HEADS = {"base": ModernBertModel, "masked-lm": ModernBertForMaskedLM,
         "sequence-classification": ModernBertForSequenceClassification,
         "token-classification": ModernBertForTokenClassification}
LENGTHS = [13, 1, 9]
T = max(LENGTHS)


def short(x):
    return float(f"{float(x):.9g}")


def full(t):
    return {"shape": list(t.shape), "data": [short(v) for v in t.detach().double().flatten()]}


def make(head, model_class, seed):
    torch.manual_seed(seed)
    model = model_class(ModernBertConfig(**SIZES)).eval()
    with torch.no_grad():  # norms that do something
        for name, p in model.named_parameters():
            if p.dim() == 1:
                p.copy_((1 if name.endswith("weight") else 0) + 0.3 * torch.randn(p.shape))
    folder = out / head
    model.save_pretrained(folder)
    model.double()
    ids = torch.randint(3, 40, (len(LENGTHS), T))
    mask = torch.tensor([[1] * n + [0] * (T - n) for n in LENGTHS])
    ids = ids * mask
    labels = {"masked-lm": torch.where((mask == 1) & (torch.rand(ids.shape) < 0.5), ids, -100),
              "sequence-classification": torch.tensor([2, 0, 1]),
              "token-classification": torch.where(mask == 1, torch.randint(0, 3, ids.shape), -100)}.get(head)
    runs = [model(ids[b:b + 1, :n], output_hidden_states=True) for b, n in enumerate(LENGTHS)]
    padded = lambda all: torch.cat([F.pad(x, (0, 0, 0, T - x.shape[1])) for x in all])
    expected = {"hiddenStates": [full(padded(layer)) for layer in zip(*(run.hidden_states for run in runs))]}
    if labels is not None:
        logits = [run.logits for run in runs]
        logits = torch.cat(logits) if labels.dim() == 1 else padded(logits)
        loss = F.cross_entropy(logits.flatten(0, -2), labels.flatten())
        loss.backward()
        expected |= {"loss": short(loss.detach()), "logits": full(logits),
                     "gradients": {name: full(p.grad) for name, p in model.named_parameters()}}
    case = {"transformers": transformers.__version__, "head": head,
            "inputs": {"inputIds": ids.tolist(), "attentionMask": mask.tolist(),
                       **({"labels": labels.tolist()} if labels is not None else {})}, "expected": expected}
    (folder / "case.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


for seed, (head, model_class) in enumerate(HEADS.items()):
    make(head, model_class, seed)
