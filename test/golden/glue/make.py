"""Writes data/ and rows.json: small files in the official layout of GLUE, and the rows that Hugging Face's data set script makes of them.

    python make.py glue.py

`glue.py`: `datasets/glue/glue.py` of github.com/huggingface/datasets at 5afdbe0f17dc75d0507be6fa0b72db1b2bccdad2. It runs as it is, with the
few names of the package `datasets` that it uses. The texts are made up; the columns and their order are the official ones.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / "data"


def write(path: str, rows: list[list[str]], bom: bool = False) -> None:
    file = DATA / path
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join("\t".join(row) + "\n" for row in rows)
    file.write_bytes((("\ufeff" if bom else "") + text).encode())


MNLI = "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2".split()
STSB = "index genre filename year old_index source1 source2 sentence1 sentence2".split()


def mnli(index: int, a: str, b: str, *labels: str) -> list[str]:
    return [str(index), "31", "31n", "fiction", "( a )", "( b )", "(ROOT a)", "(ROOT b)", a, b, *labels]


def write_files() -> None:
    for split in ("train", "dev"):
        write(f"CoLA/{split}.tsv", [["gj04", "1", "", "They drank the pub dry."], ["gj04", "0", "*", 'They drank "the pub.'], ["x", "1", "", "A\u2028b.", "more"]])
    write("CoLA/test.tsv", [["index", "sentence"], ["0", "Bill whistled past the house."], ["1", "'The car honked"]])
    for split in ("train", "dev"):
        write(f"SST-2/{split}.tsv", [["sentence", "label"], ["a charming journey . ", "1"], [], ["\"dull\" , and long", "0"], [" ", "1"]])
    write("SST-2/test.tsv", [["index", "sentence"], ["0", "uneasy mishmash ."], ["1", '" quoted']])
    header = ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"]
    train = [["1", "7", "8", 'He said " yes .', "Yes , he said ."], ["0", "9", "10", "A", "B"], ["1", "8", "7", "C", 'D "'], ["0", "11", "12", "E", "F"]]
    write("MRPC/msr_paraphrase_train.txt", [header, *train], bom=True)
    write("MRPC/msr_paraphrase_test.txt", [header, ["1", "1", "2", "G", "H"], ["0", "3", "4", "I", "J"]], bom=True)
    write("MRPC/dev_ids.tsv", [["8", "7"], ["11", "12"], ["1", "2"]])
    pair = ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"]
    quora = [["1", "2", "3", "How?", "Why \"so?", "0"], ["4", "5", "6", "How long"], ["7", "8", "9", "", "What?", "1"], ["a line that was broken"],
             ["1", "2", "3", "No label?", "None?"], ["1", "2", "3", "Empty?", "Label?", ""], ["10", "11", "12", "Who?", "Who is it?", "1", "more"]]
    for split in ("train", "dev"):
        write(f"QQP/{split}.tsv", [pair, *quora])
    write("QQP/test.tsv", [["id", "question1", "question2"], ["0", "How?", "Why?"], ["1", "short"], ["2", "So?", "So what?"]])
    write("STS-B/train.tsv", [[*STSB, "score"], ["0", "main-captions", "MSRvid", "2012test", "0001", "none", "none", "A plane.", "An air plane.", "5.000"],
                              ["1", "main-captions", "MSRvid", "2012test", "0004", "none", "none", 'A "man', "A man plays.", "3.800"]])
    write("STS-B/dev.tsv", [[*STSB, "score"], ["0", "main-news", "x", "2015", "1", "none", "none", "a", "b", "0"], ["1", "n", "x", "2015", "1", "none", "none", "c", "d", "0.667"]])
    write("STS-B/test.tsv", [STSB, ["0", "main-captions", "MSRvid", "2012test", "0024", "none", "none", "A girl.", "A boy."]])
    write("MNLI/train.tsv", [[*MNLI, "label1", "gold_label"], mnli(0, "Salt.", "No salt.", "contradiction", "contradiction"), mnli(1, "a", 'b "', "neutral", "neutral")])
    fifth = ["label1", "label2", "label3", "label4", "label5", "gold_label"]
    for split in ("dev_matched", "dev_mismatched"):
        write(f"MNLI/{split}.tsv", [[*MNLI, *fifth], mnli(0, split, "b", "neutral", "entailment", "entailment", "neutral", "entailment", "entailment")])
    for split in ("test_matched", "test_mismatched"):
        write(f"MNLI/{split}.tsv", [MNLI, mnli(0, split, "y"), mnli(1, "z", "w")])
    for folder, columns in (("QNLI", ["question", "sentence"]), ("RTE", ["sentence1", "sentence2"])):
        for split in ("train", "dev"):
            write(f"{folder}/{split}.tsv", [["index", *columns, "label"], ["0", "What?", 'That "', "entailment"], ["5", "Who?", "Me", "not_entailment"]])
        write(f"{folder}/test.tsv", [["index", *columns], ["0", "Where?", "There"]])
    for split in ("train", "dev"):
        write(f"WNLI/{split}.tsv", [["index", "sentence1", "sentence2", "label"], ["0", "It is big.", "The sun is big.", "1"], ["1", "a", "b", "0"]])
    write("WNLI/test.tsv", [["index", "sentence1", "sentence2"], ["0", "c", "d"]])
    write("diagnostic/diagnostic.tsv", [["index", "sentence1", "sentence2"], ["0", "The cat sat.", "The cat did not sit."]])


def load(path: str):
    """The data set script, with what it uses of `datasets`."""

    class Config:
        def __init__(self, version=None, name=None, description=None):
            self.name = name

    stub = types.ModuleType("datasets")
    stub.BuilderConfig, stub.GeneratorBasedBuilder, stub.Version = Config, object, lambda *_: None
    sys.modules["datasets"] = stub
    spec = importlib.util.spec_from_file_location("glue", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Glue


SPLITS = {"train": "train", "validation": "dev", "test": "test"}
MATCHED = {"train": "train", **{f"{ours}_{m}": f"{theirs}_{m}" for ours, theirs in (("validation", "dev"), ("test", "test")) for m in ("matched", "mismatched")}}


def rows(Glue) -> dict:
    found = {}
    for config in Glue.BUILDER_CONFIGS:
        if config.name.startswith("mnli_"):
            continue
        builder = Glue()
        builder.config = config
        for split, stem in (MATCHED if config.name == "mnli" else {"test": "test"} if config.name == "ax" else SPLITS).items():
            mrpc = {name: DATA / "MRPC" / file for name, file in (("dev_ids", "dev_ids.tsv"), ("train", "msr_paraphrase_train.txt"), ("test", "msr_paraphrase_test.txt"))}
            file = DATA / "diagnostic/diagnostic.tsv" if config.name == "ax" else DATA / config.data_dir / f"{stem}.tsv"
            examples = [example for _, example in builder._generate_examples(str(file), stem.split("_")[0], mrpc)]
            for example in examples:
                if config.label_classes and isinstance(example["label"], str):
                    example["label"] = config.label_classes.index(example["label"])
                example["label"] = round(float(example["label"]), 6)
            found[f"{config.name} {split}"] = {"labels": config.label_classes, "rows": examples}
    return found


write_files()
(HERE / "rows.json").write_text(
    "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in rows(load(sys.argv[1])).items()) + "\n}\n"
)
