"""Makes grams.json and cases.json beside this file with Python's str and re, and scikit-learn:

    python test/golden/bagOfWords/make_bag_of_words.py

grams.json: which characters Python takes for word characters and white space, how it lowers them, and n-grams with their hashes.
cases.json: texts that are generated here, and probabilities of scikit-learn's logistic regression on hashed n-grams.
"""

import json
import random
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.utils import murmurhash3_32

HERE = Path(__file__).parent


def ranges(fits):
    """The code points that fit, as [first, last] pairs; surrogates are left out."""
    found = []
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000 or not fits(chr(point)):
            continue
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


TEXTS = [
    "",
    " ",
    "a",
    "A b c",
    "ab",
    "It's a well-known fact: 3.14 is NOT 22/7, isn't it?",
    "snake_case and __init__ are words; don't",
    "tabs\tand\nnew\r\nlines\u000bor\u001cfile\u001dseparators\u0085next\u00a0hard\u2003em\u3000wide",
    "zero\ufeffwidth\u200bspaces\u2060are none",
    "Straße ΟΔΥΣΣΕΥΣ İstanbul ǅ Ǆ ﬁne",
    "naïve café, e\u0301cole, Zürich",
    "नमस्ते दुनिया",
    "这间酒店环境和服务态度亦算不错,但房间空间太小。",
    "東京は 日本の首都です",
    "안녕하세요 세계",
    "مرحبا بالعالم ١٢٣",
    "emoji 😀😃 and 𝒎𝒂𝒕𝒉 and 🇩🇪 flags",
    "½ ² Ⅷ ⑤ 四 k² x₂",
    "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    "one  two   three",
]


def grams():
    hashed = []
    for text in TEXTS:
        for analyzer, n in [("word", (1, 2)), ("word", (2, 3)), ("char_wb", (3, 5)), ("char_wb", (1, 4))]:
            found = CountVectorizer(analyzer=analyzer, ngram_range=n).build_analyzer()(text)
            hashed.append({"text": text, "analyzer": analyzer, "n": n, "hashes": [murmurhash3_32(g, seed=0) for g in found]})
    words = ["", "a", "ab", "abc", "abcd", "hello, world", "größer", "你好", "x" * 63]
    return {
        "versions": {"python": sys.version.split()[0], "unicode": unicodedata.unidata_version, "scikit-learn": sklearn.__version__},
        "assigned": ranges(lambda c: unicodedata.category(c) != "Cn"),
        "word": ranges(lambda c: re.match(r"\w", c)),
        "space": ranges(str.isspace),
        "lower": [[ord(c), c.lower()] for c in map(chr, range(0x110000)) if c.lower() != c],
        "murmur": [[word, murmurhash3_32(word, seed=0)] for word in words],
        "grams": hashed,
    }


VOCABULARY = {
    "english": (
        "the a this that it was is were with for of and but not very quite never".split(),
        ["good great lovely warm brilliant funny moving".split(), "bad dull awful cold tedious boring weak".split(),
         "green round square open wooden narrow long".split(), "monday june seven early late noon year".split(),
         "river stone cloud forest meadow hill lake".split()],
    ),
    "german": (
        "der die das ein eine es war ist und aber nicht sehr für über".split(),
        ["schön großartig rührend komisch herrlich".split(), "öde schlecht langweilig kühl zäh".split()],
    ),
    "chinese": (list("的是了我不在有他这中大来上个国"), [list("好美妙佳优善喜"), list("坏差糟劣慢脏烂")]),
}


def sentence(rng, language, label, noise):
    common, special = VOCABULARY[language]
    words = [rng.choice(common if rng.random() < 0.6 else special[label if rng.random() > noise else rng.randrange(len(special))])
             for _ in range(rng.randrange(3, 12))]
    return "".join(words) if language == "chinese" else " ".join(words).capitalize() + rng.choice([".", "!", " ...", ""])


def rows(seed, language, shares, n, pairs=False, noise=0.3, empty=0.0):
    rng = random.Random(seed)
    labels = rng.choices(range(len(shares)), shares, k=n)
    text = lambda label: "" if rng.random() < empty else sentence(rng, language, label, noise)
    texts = [text(label) for label in labels]
    return {"texts": texts, "pairs": [text((label + 1) % len(shares)) for label in labels] if pairs else None, "labels": labels}


def probabilities(train, test, words, characters, buckets, idf, c):
    blocks = []
    for column in ["texts", "pairs"] if train["pairs"] else ["texts"]:
        for analyzer, n in [("word", words), ("char_wb", characters)]:
            if not n:
                continue
            vectorizer = HashingVectorizer(analyzer=analyzer, ngram_range=tuple(n), n_features=buckets, alternate_sign=False, norm=None)
            weigh = TfidfTransformer(use_idf=idf)
            fitted = weigh.fit_transform(vectorizer.transform(train[column]))
            blocks.append((fitted, weigh.transform(vectorizer.transform(test[column]))))
    x, y = (sp.hstack([block[i] for block in blocks]).tocsr() for i in (0, 1))
    # Columns that are 0 in all training rows keep weights of 0: without them the solver is faster.
    used = np.unique(x.indices)
    model = LogisticRegression(C=c, solver="newton-cg", tol=1e-10, max_iter=10_000).fit(x[:, used], train["labels"])
    return model.predict_proba(y[:, used]).round(8).tolist()


def case(name, train, test, words=(1, 2), characters=(3, 5), buckets=2**18, idf=True, c=5.0):
    settings = {"words": list(words) if words else False, "characters": list(characters) if characters else False,
                "buckets": buckets, "idf": idf, "c": c}
    expected = probabilities(train, test, words, characters, buckets, idf, c)
    return {"name": name, "train": train, "test": test, "numLabels": max(train["labels"]) + 1, "settings": settings, "expected": expected}


def cases():
    two, five = [1, 1], [1] * 5
    return [
        case("two classes", rows(1, "english", two, 120), rows(2, "english", two, 30)),
        case("a class of one row in thirty", rows(3, "english", [29, 1], 240), rows(4, "english", [29, 1], 30)),
        case("five classes", rows(5, "english", five, 150), rows(6, "english", five, 30)),
        case("five classes, unbalanced", rows(7, "english", [50, 20, 10, 5, 1], 200), rows(8, "english", five, 30), c=1.0),
        case("pairs", rows(9, "english", two, 100, pairs=True), rows(10, "english", two, 20, pairs=True)),
        case("pairs of three classes", rows(11, "english", [3, 2, 1], 100, pairs=True), rows(12, "english", [1] * 3, 20, pairs=True)),
        case("empty texts and pairs", rows(13, "english", two, 100, pairs=True, empty=0.3),
             rows(14, "english", two, 30, pairs=True, empty=0.3)),
        case("German", rows(15, "german", two, 100), rows(16, "german", two, 20), c=10.0),
        case("Chinese", rows(17, "chinese", two, 100), rows(18, "chinese", two, 20), characters=(1, 4)),
        case("without document frequencies", rows(19, "english", two, 100), rows(20, "english", two, 20), idf=False, c=1.0),
        case("words alone, without errors to learn", rows(21, "english", two, 100, noise=0.0), rows(22, "english", two, 20),
             characters=None, words=(1, 3), c=100.0),
        case("characters alone, in few buckets", rows(23, "english", five, 120), rows(24, "english", five, 20), words=None, buckets=1000),
    ]


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


write("grams.json", grams())
write("cases.json", {"versions": {"scikit-learn": sklearn.__version__}, "cases": cases()})
