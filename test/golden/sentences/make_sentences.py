"""Makes golden vectors of sentence-transformers folders.

    HF_HUB_OFFLINE=1 CUDA_VISIBLE_DEVICES= python make_sentences.py

Writes beside itself: `bert` and `roformer` (two small encoders with their tokenizers), `weights` (of Dense and LayerNorm), and
`cases.json`: folders, each made of one encoder and some JSON files, and what sentence-transformers computes with them. Vectors
are computed in float64 from the float32 weights; the float32 run must agree.
"""
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, LayerNorm
from torch import nn
from transformers import BertConfig, BertModel, BertTokenizer, RoFormerConfig, RoFormerModel

HERE = Path(__file__).parent
WIDTH = 16
WORDS = ("the cat sat on mat dog ran who where lives in paris a b c ##s ##ing ##ed . , ? ! : hello world Hello World THE "
         "query passage is it not far ##ther ασ é").split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
LONG = " ".join(["the cat sat on the mat , who lives in paris ?"] * 6)
TEXTS = ["the cat sat on the mat .", "a dog ran farther", "", "Hello World ! THE [MASK] cat ΑΣ É", LONG, "who"]

TRANSFORMER = "sentence_transformers.models.Transformer"
NEW = "sentence_transformers.sentence_transformer.modules"
NEW_TYPES = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": f"{NEW}.pooling.Pooling",
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
}
OLD_FLAGS = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


# ---- the parts of folders

def encoders():
    shapes = dict(vocab_size=len(VOCABULARY), hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2,
                  intermediate_size=24, max_position_embeddings=48, initializer_range=0.4)
    for name, config, model in (("bert", BertConfig(**shapes), BertModel),
                                ("roformer", RoFormerConfig(**shapes, embedding_size=WIDTH), RoFormerModel)):
        torch.manual_seed(len(name))
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        model(config).save_pretrained(folder)
        (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in VOCABULARY))
        BertTokenizer(str(folder / "vocab.txt"), do_lower_case=False).save_pretrained(folder)
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        settings = {key: value for key, value in settings.items() if key != "model_max_length"}
        (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": "BertTokenizer"}))
        (folder / "vocab.txt").unlink(missing_ok=True)


def layers():
    """Saved layers by name: files of a folder of JSON, and weights as `@file`."""
    shutil.rmtree(HERE / "weights", ignore_errors=True)
    (HERE / "weights").mkdir()
    made = {}

    def keep(name, module, safe=True, **config):
        with tempfile.TemporaryDirectory() as folder:
            module.save(folder, safe_serialization=safe)
            file = "model.safetensors" if safe else "pytorch_model.bin"
            kept = f"weights/{name}{Path(file).suffix}"
            shutil.copy(Path(folder) / file, HERE / kept)
            settings = json.loads((Path(folder) / "config.json").read_text())
        made[name] = {"config.json": {**settings, **config}, file: f"@{kept}"}

    torch.manual_seed(11)
    keep("16to8", Dense(16, 8))
    keep("8to12", Dense(8, 12, activation_function=nn.ReLU()))
    keep("32to8", Dense(32, 8, activation_function=nn.Identity()))
    keep("16to8plain", Dense(16, 8, bias=False, activation_function=nn.GELU()))
    keep("16to8bin", Dense(16, 8, activation_function=nn.Sigmoid()), safe=False)
    keep("16to16residual", Dense(16, 16, use_residual=True))
    keep("16to8residual", Dense(16, 8, use_residual=True))
    keep("16to8prelu", Dense(16, 8, activation_function=nn.PReLU(init=0.4)))
    keep("16to8half", Dense(16, 8).half())
    norm = LayerNorm(16)
    nn.init.normal_(norm.norm.weight, 1, 0.3)
    nn.init.normal_(norm.norm.bias, 0, 0.3)
    keep("norm", norm)
    # A layer of tokens.
    tokens = {"module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}
    made["tokens"] = {**made["16to8"], "config.json": {**made["16to8"]["config.json"], **tokens}}
    # As releases before 5.4 wrote it.
    old = {key: made["16to8"]["config.json"][key] for key in ("in_features", "out_features", "bias", "activation_function")}
    made["old"] = {**made["16to8"], "config.json": old}
    return made


def pooling(mode="mean", **more):
    return "Pooling", {"config.json": {"embedding_dimension": WIDTH, "pooling_mode": mode, "include_prompt": True, **more}}


def flags(*on, **more):
    modes = {f"pooling_mode_{flag}": mode in on for flag, mode in zip(OLD_FLAGS, MODES)}
    return "Pooling", {"config.json": {"word_embedding_dimension": WIDTH, **modes, **more}}


NORMALIZE = ("Normalize", {})
QUERY = {"prompts": {"query": "query : ", "passage": "passage : the"}, "default_prompt_name": "query"}


def folder(*modules, encoder="bert", path="", new=False, settings=None, model=None, merge=None):
    """A folder: an encoder at `path`, and files by name."""
    types = NEW_TYPES if new else {}
    entries = [("Transformer", path), *((kind, f"{i + 1}_{kind}") for i, (kind, _) in enumerate(modules))]
    files = {"modules.json": [{"idx": i, "name": str(i), "path": where, "type": types.get(
        kind, f"sentence_transformers.models.{kind}")} for i, (kind, where) in enumerate(entries)]}
    for (kind, held), (_, where) in zip(modules, entries[1:]):
        files.update({f"{where}/{name}": value for name, value in held.items()})
    if settings is not None:
        files[f"{path}/sentence_bert_config.json".lstrip("/")] = settings
    if model is not None:
        files["config_sentence_transformers.json"] = model
    return {"encoder": encoder, "path": path, "merge": merge or {}, "files": files}


def cases():
    dense = layers()
    layer = lambda name: ("Dense", dense[name])  # noqa: E731
    found = {}
    for mode in MODES:
        found[f"pooling_mode {mode}"] = folder(pooling(mode), new=True)
        found[f"flag of {mode}"] = folder(flags(mode), encoder="roformer")
    found["pooling_mode, two"] = folder(pooling(["max", "cls"]), new=True)
    found["pooling_mode, two in the other order"] = folder(pooling(["cls", "max"]), new=True)
    found["pooling_mode, one in a list"] = folder(pooling(["lasttoken"]), new=True)
    found["pooling_mode, all"] = folder(pooling(MODES[::-1]), new=True, encoder="roformer")
    found["pooling_mode beside flags"] = folder(flags("cls", pooling_mode="max"))
    found["flags, two"] = folder(flags("mean", "cls"))
    found["flags, all"] = folder(flags(*MODES))
    found["flags, none"] = folder(flags())
    found["neither flags nor pooling_mode"] = folder(("Pooling", {"config.json": {"embedding_dimension": WIDTH}}))
    found["flags of 2019"] = folder(("Pooling", {"config.json": {
        "word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": True, "pooling_mode_mean_sqrt_len_tokens": False}}))
    prompted = dict(model=QUERY)
    for mode in MODES:
        if mode != "max":  # nothing is left of a prompt that fills the text
            found[f"{mode} without the prompt"] = folder(pooling(mode, include_prompt=False), **prompted)
    found["max without the prompt"] = folder(pooling("max", include_prompt=False), **prompted)
    found["flags without the prompt"] = folder(flags("mean", "lasttoken", include_prompt=False), **prompted)
    found["with the prompt"] = folder(pooling(), **prompted)
    found["prompts without a default"] = folder(pooling(), model={"prompts": QUERY["prompts"]})
    found["a prompt that is null"] = folder(pooling(), model={
        "prompts": {"query": None, "document": "it is : "}, "default_prompt_name": "document"})
    found["a default prompt that is not there"] = folder(pooling(), model={
        "prompts": {}, "default_prompt_name": "query"})
    bare = {"tokenizer.json": {"post_processor": None}, "tokenizer_config.json": {
        "tokenizer_class": "PreTrainedTokenizerFast"}}
    for mode in MODES:
        if mode != "max":  # -inf for the text that is all prompt
            found[f"no special tokens, {mode}"] = folder(pooling(mode, include_prompt=False), **prompted, merge=bare)
    found["a long prompt"] = folder(pooling("mean", include_prompt=False), settings={"max_seq_length": 12}, model={
        "prompts": {"long": LONG}, "default_prompt_name": "long"})
    found["a long prompt, first tokens"] = folder(pooling("cls", include_prompt=False), settings={
        "max_seq_length": 12}, model={"prompts": {"long": LONG}, "default_prompt_name": "long"})

    found["Dense"] = folder(pooling(), layer("16to8"), new=True)
    found["Dense, Normalize"] = folder(pooling("cls"), layer("16to8"), NORMALIZE, encoder="roformer")
    found["Dense of an old release"] = folder(flags("cls"), layer("old"), NORMALIZE)
    found["Dense, Dense"] = folder(pooling(), layer("16to8"), layer("8to12"))
    found["Normalize, Dense"] = folder(pooling(), NORMALIZE, layer("16to8"))
    found["Normalize, Dense, Normalize"] = folder(pooling(), NORMALIZE, layer("16to8plain"), NORMALIZE)
    found["Dense of two poolings"] = folder(pooling(["mean", "max"]), layer("32to8"))
    found["Dense without bias"] = folder(pooling(), layer("16to8plain"))
    found["Dense in pytorch_model.bin"] = folder(pooling(), layer("16to8bin"))
    found["Dense in float16"] = folder(pooling(), layer("16to8half"))
    found["Dense with a residual"] = folder(pooling(), layer("16to16residual"))
    found["Dense with a projected residual"] = folder(pooling(), layer("16to8residual"))
    found["Dense with PReLU"] = folder(pooling(), layer("16to8prelu"))
    found["Dense of tokens"] = folder(layer("tokens"), pooling("max"), new=True)
    found["Dense of tokens, Dense"] = folder(layer("tokens"), pooling("mean"), layer("8to12"))
    names = ("Identity Tanh ReLU GELU Sigmoid SiLU LeakyReLU ELU CELU SELU Mish ReLU6 RReLU Softplus Softsign Softshrink "
             "Hardshrink Tanhshrink LogSigmoid Hardtanh Hardsigmoid Hardswish Softmin Softmax LogSoftmax").split()
    for name in names:
        cls = getattr(nn, name)
        files = {**dense["16to8"], "config.json": {
            **dense["16to8"]["config.json"], "activation_function": f"{cls.__module__}.{cls.__name__}"}}
        found[f"Dense with {name}"] = folder(pooling("mean"), ("Dense", files))
    found["Dense without an activation"] = folder(pooling(), ("Dense", {**dense["16to8"], "config.json": {
        key: value for key, value in dense["16to8"]["config.json"].items() if key != "activation_function"}}))
    found["LayerNorm"] = folder(pooling(), ("LayerNorm", dense["norm"]))
    found["Dropout"] = folder(pooling(), ("Dropout", {"config.json": {"dropout": 0.5}}), layer("16to8"))
    found["Normalize before the pooling"] = folder(NORMALIZE, pooling())
    found["Normalize of tokens"] = folder(("Normalize", {"config.json": {
        "module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}}), pooling("max"))
    found["Pooling twice"] = folder(pooling("cls"), layer("16to8"), pooling("max"))

    found["truncate_dim"] = folder(pooling(), model={"truncate_dim": 5})
    found["truncate_dim, Normalize"] = folder(pooling(), NORMALIZE, model={"truncate_dim": 5})
    found["truncate_dim above the width"] = folder(pooling(), layer("16to8"), model={"truncate_dim": 12})
    found["all nulls"] = folder(pooling(), settings={"max_seq_length": None}, model={
        "prompts": {}, "default_prompt_name": None, "truncate_dim": None, "similarity_fn_name": None})

    found["do_lower_case"] = folder(pooling(), settings={"max_seq_length": 32, "do_lower_case": True})
    found["do_lower_case, prompt"] = folder(pooling("mean", include_prompt=False), settings={
        "do_lower_case": True}, model={"prompts": {"loud": "QUERY : THE"}, "default_prompt_name": "loud"})
    found["max_seq_length"] = folder(pooling(), settings={"max_seq_length": 7}, encoder="roformer")
    found["max_seq_length of the tokenizer"] = folder(
        pooling(), merge={"tokenizer_config.json": {"model_max_length": 9}}, encoder="roformer")
    found["max_seq_length below the tokenizer's"] = folder(
        pooling(), settings={"max_seq_length": 6}, merge={"tokenizer_config.json": {"model_max_length": 9}})
    found["max_seq_length above the tokenizer's"] = folder(
        pooling(), settings={"max_seq_length": 11}, merge={"tokenizer_config.json": {"model_max_length": 9}})
    found["no max_seq_length"] = folder(pooling(), settings={})
    found["tokenizer_args"] = folder(pooling(), settings={
        "max_seq_length": 30, "tokenizer_args": {"model_max_length": 10}})
    found["processor_kwargs"] = folder(pooling(), settings={"processor_kwargs": {"model_max_length": 8}})
    modes = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
    recent = {"transformer_task": "feature-extraction", "modality_config": modes, "module_output_name": "token_embeddings"}
    found["settings of a recent release"] = folder(pooling(), new=True, settings=recent)
    found["processing_kwargs"] = folder(
        pooling(), new=True, settings={**recent, "processing_kwargs": {"text": {"max_length": 6}}})
    found["the model's own pooler"] = folder(layer("16to8"), settings={
        **recent, "modality_config": {"text": {"method": "forward", "method_output_name": "pooler_output"}},
        "module_output_name": "sentence_embedding"})
    for name in ("cosine", "dot", "euclidean", "manhattan"):
        found[f"similarity_fn_name {name}"] = folder(pooling(), model={"similarity_fn_name": name})
    found["similarity dot, Normalize"] = folder(pooling(), NORMALIZE, model={"similarity_fn_name": "dot"})
    found["similarity dot, truncate_dim"] = folder(
        pooling(), NORMALIZE, model={"similarity_fn_name": "dot", "truncate_dim": 3})

    found["0_Transformer"] = folder(flags("cls"), path="0_Transformer", settings={"max_seq_length": 8})
    found["0_BERT"] = folder(flags("max"), layer("16to8"), path="0_BERT", settings={
        "max_seq_length": 16, "do_lower_case": True}, model=QUERY)
    found["0_Transformer of a RoFormer"] = folder(pooling(), NORMALIZE, path="0_Transformer", encoder="roformer")
    found["a text's settings of another kind of model"] = folder(pooling())
    found["a text's settings of another kind of model"]["files"]["sentence_roberta_config.json"] = {"max_seq_length": 5}
    return found


# ---- what is computed with them

RUNS = {
    "": {},
    "normalize": {"normalize": True},
    "truncateDim": {"truncateDim": 3},
    "truncateDim, normalize": {"truncateDim": 3, "normalize": True},
    "prompt": {"prompt": "passage : "},
    "no prompt": {"prompt": ""},
    "promptName": {"promptName": "passage"},
    "promptName document": {"promptName": "document"},
}
NAMES = {"normalize": "normalize_embeddings", "truncateDim": "truncate_dim", "promptName": "prompt_name"}


def build(case, into):
    base = into / case["path"]
    shutil.copytree(HERE / case["encoder"], base, dirs_exist_ok=True)
    for name, change in case["merge"].items():
        (base / name).write_text(json.dumps({**json.loads((base / name).read_text()), **change}))
    for name, value in case["files"].items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            shutil.copy(HERE / value[1:], into / name)
        else:
            (into / name).write_text(json.dumps(value))


def short(values):
    return [[float(f"{x:.8g}") for x in row] for row in values]


def computed(name, case):
    with tempfile.TemporaryDirectory() as place:
        build(case, Path(place))
        model = SentenceTransformer(place, device="cpu")
        single = SentenceTransformer(place, device="cpu")
        model.double()
        runs = {"": {}}
        # Without special tokens a text that is empty needs a prompt.
        if "tokenizer.json" not in case["merge"] and "prompts" in case["files"].get("config_sentence_transformers.json", {}):
            runs |= {key: run for key, run in RUNS.items() if "rompt" in key and run.get("promptName") in (None, *model.prompts)}
        if name in ("Dense, Normalize", "pooling_mode mean", "truncate_dim, Normalize", "truncate_dim", "0_BERT"):
            runs |= {key: run for key, run in RUNS.items() if "rompt" not in key}
        made = []
        for options in runs.values():
            arguments = {NAMES.get(key, key): value for key, value in options.items()}
            vectors = model.encode(TEXTS, **arguments)
            rough = single.encode(TEXTS, batch_size=2, **arguments)
            error = np.abs(rough - vectors).max()
            assert error < 1e-5 * max(1, np.abs(vectors).max()), (name, options, error)
            made.append({"options": options, "vectors": short(vectors)})
        similar = {"similarity": short(model.similarity(model.encode(TEXTS[:3]), model.encode(TEXTS)).tolist())}
        return {"name": name, **case, "maxLength": model.max_seq_length, "runs": made,
                **(similar if "similarity" in name or name in ("0_BERT", "Dense, Normalize") else {})}


def main():
    encoders()
    made = [computed(name, case) for name, case in cases().items()]
    head = {"sentence_transformers": sentence_transformers.__version__, "texts": TEXTS}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    (HERE / "cases.json").write_text(f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n')
    print(len(made), "folders,", sum(len(case["runs"]) for case in made), "runs")


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
