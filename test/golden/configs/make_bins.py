"""What training programs save with torch.save, each as a pytorch_model.bin of the family bert of make_configs.py.

    t4/bin/python make_bins.py        # torch 2.8.0; writes bins/*.bin

The weights are those of bert.safetensors; `whole-model.bin` and `arguments.bin` are what cannot be read.
"""

import argparse
import os
from collections import OrderedDict
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import BertConfig, BertModel  # noqa: E402

HERE = Path(__file__).parent
TENSORS = {key: value for key, value in load_file(HERE / "bert.safetensors").items() if key.startswith("bert.")}
NUMBERS = {"epoch": 3, "step": -1, "seed": 2**63, "least": -(2**40), "loss": 0.25, "best": float("inf"), "done": True,
           "early": False, "note": None, "name": "run 1", "sizes": [1, 2.5, None], "by": {"lr": 1e-4}}


class Holder(torch.nn.Module):
    """A module whose `model` is another one, as Lightning's and one's own classes are."""

    def __init__(self, model):
        super().__init__()
        self.model = model


def bert():
    config = BertConfig(hidden_size=16, intermediate_size=16, num_attention_heads=2, num_hidden_layers=1, vocab_size=22,
                        max_position_embeddings=64)
    model = BertModel(config)
    model.load_state_dict({key.removeprefix("bert."): value.float() for key, value in TENSORS.items()}, strict=False)
    return model


def lightning(model):
    held = Holder(model)
    optimizer = torch.optim.AdamW([model.pooler.dense.bias], lr=1e-4)
    model.pooler.dense.bias.sum().backward()
    optimizer.step()
    model.load_state_dict({key.removeprefix("bert."): value.float() for key, value in TENSORS.items()}, strict=False)
    return {"epoch": 1, "global_step": 20, "pytorch-lightning_version": "2.5.1", "state_dict": held.state_dict(),
            "loops": {"fit_loop": {"state_dict": {}}}, "callbacks": {}, "optimizer_states": [optimizer.state_dict()],
            "lr_schedulers": [], "hparams_name": "kwargs", "hyper_parameters": OrderedDict(lr=1e-4, layers=1)}


def main():
    torch.manual_seed(1)
    state = {key: value.clone() for key, value in TENSORS.items()}
    checkpoint = lightning(bert())
    files = {
        "numbers": {**state, **NUMBERS},
        "lightning": checkpoint,
        "training": {"model_state_dict": bert().state_dict(), "optimizer_state_dict": checkpoint["optimizer_states"][0],
                     **NUMBERS},
        "several": {"student": state, "teacher": state},
        "whole-model": bert(),
        "arguments": {"args": argparse.Namespace(lr=1), "state_dict": state},
    }
    for name, value in files.items():
        torch.save(value, HERE / "bins" / f"{name}.bin")
    torch.save({**state, **NUMBERS}, HERE / "bins" / "numbers-legacy.bin", _use_new_zipfile_serialization=False)


main()
