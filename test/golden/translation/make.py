"""Writes pairs.json and scores.json beside this file: odd pairs of texts, and the BLEU and chrF that sacrebleu gives them.

    pip install sacrebleu==2.6.0
    python make.py

A row of pairs.json is a hypothesis and its references, null where one is missing. scores.json has a list of options for each metric;
`sentences` has what sacrebleu prints for each row alone, with the options of the row's number modulo that of all options, and
`corpora` has `[metric, options, first row, rows, references, score, printed, signature]`, where 1 reference is the first of each row and
0 are all.
"""

import json
import logging
import random
import re
from pathlib import Path

import regex
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

logging.getLogger("sacrebleu").setLevel(logging.ERROR)

ENGLISH = """the The a A man woman dog Dog is are was in on at with near white red green house houses street don't It's isn't
running runs ran quickly state-of-the-art e-mail U.S.A. Mr. p.m. and or x y I'm rock'n'roll AT&T O'Neill re-enter""".split()
GERMAN = "der Der die das ein Straße straße größer Männer fährt über Öl heißt „Haus“ ‚klein‘ »groß« Zug-Fahrt İstanbul ΟΔΥΣΣΕΥΣ ΣΑΣ Σ".split()
NUMBERS = "0 1 7 42 3.14 1,000 1.000,50 1,234,567.89 -5 5- 10-20 12:30 1/2 50% $3.50 £7 €1.5 No.5 .5 5. ,5 5, 1st 3D ½ Ⅳ ٣ 2²  1.2.3".split()
MARKS = """. , ! ? ; : ... … - -- – — ' '' " "" ` `` “ ” ‘ ’ ( ) [ ] { } < > / \\ | @ # $ % ^ & * + = ~ _ « » ¿ ¡ · † § ° © ™ € ¥ ← → ∑ √ ≠
.) ." ," "( ?! ,, .. -. $. (( )) ․ ‐ ′ ″""".split()
ENTITIES = "&quot; &amp; &lt; &gt; &amp;quot; &amp;amp; &amp;lt;b&amp;gt; &apos; &#39; &nbsp; &quot;Hi&quot; <skipped> <skip<skipped>ped> a&b <b> </b> &".split()
CHINESE = list("今天天气非常好我们去公园玩吧。，！？、《》“”（）【】中文㐀龥豈𠀀𪛖㈱㌀～１２％") + ["iPhone15手机", "北京2008年"]
OTHERS = """これは ペン です。 カタカナ ﾊﾝｶｸ 한국어 문장 입니다 Привет, мир! Ёж «да» γειά σου; مرحبا، بالعالم؟ ١٢٣٫٤ हिन्दी में। नमस्ते ไทย שלום
e\u0301 n\u0303 a\u0300\u0301 Z\u0351\u036b o\u0308ffnen ﬁn ǅ ẞ Ⅷ ℌ 😀 👍🏽 👩‍👩‍👧 🇩🇪 ❤️ ☺ ♫ ✓ 𝐀𝐛 𝟏𝟐 🂡 ⠓ ꧁x꧂""".split()
SPACES = ["  ", "\t", " \t ", "\u00a0", "\u2003", "\u3000", "\u2009", "\u200b", "\ufeff", "\u2028", "\u0085", "\x1c", "\x0b", "\r", "\u180e", "\u2060"]
KINDS = [ENGLISH, GERMAN, NUMBERS, MARKS, ENTITIES, CHINESE, OTHERS]
EVERY = sum(KINDS, [])


def text(rng):
    """Some words of one kind and a few of all, spaced as usual, oddly or not at all."""
    kind, odd = rng.choice(KINDS), rng.choice([0.1, 0.1, 0.5])
    words = [rng.choice(EVERY if rng.random() < odd else kind) for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 8, 12, 18]))]
    return words, rng.choice([0.0, 0.0, 0.1, 0.6])


def join(rng, words, oddness):
    parts = []
    for word in words:
        between = rng.choice(SPACES + ["", "", ""]) if rng.random() < oddness else " "
        parts += [between, word] if parts else [word]
    line = "".join(parts)
    if rng.random() < 0.15:
        line = rng.choice(SPACES) + line + rng.choice(SPACES)
    return line + rng.choice([""] * 8 + [".", " .", "\n", "-\nx"])


def changed(rng, words, share):
    """The words with that share of them dropped, doubled, replaced, swapped or in another case."""
    out = []
    for word in words:
        change = rng.random() / share if share else 1
        if change >= 1:
            out.append(word)
        elif change < 0.25:
            out.append(rng.choice(EVERY))
        elif change < 0.5:
            out += [word, word]
        elif change < 0.6:
            out.append(rng.choice([word.upper(), word.lower(), word.title()]))
        elif change < 0.7 and out:
            out.insert(-1, word)
    return out


def row(rng):
    words, oddness = text(rng)
    kind = rng.random()
    if kind < 0.02:
        return ["", rng.choice(["", join(rng, words, oddness)])]
    if kind < 0.03:
        return [join(rng, words, oddness), rng.choice(["", " ", "\t\u3000"])]
    if kind < 0.07:
        line = join(rng, words, oddness)
        return [line, line]
    if kind < 0.10:
        return [" ".join(rng.choices(["ab", "cd", "ef"], k=len(words))), " ".join(rng.choices(["uv", "wx", "yz"], k=len(words)))]
    if kind < 0.104:
        words = [rng.choice(EVERY) for _ in range(20)] * rng.choice([5, 10, 40])
    others = [join(rng, changed(rng, words, rng.choice([0.0, 0.1, 0.3, 0.6, 1.0])), oddness) for _ in range(4)]
    more = rng.random()
    if more < 0.85:
        return others[:2]
    return others[:3] + [None if more < 0.92 else others[3]]


BLEU_OPTIONS = [
    {}, {"tokenize": "none"}, {"tokenize": "intl"}, {"tokenize": "char"}, {"tokenize": "zh"},
    {"lowercase": True}, {"effective_order": True}, {"smooth_method": "none"}, {"smooth_method": "floor"}, {"smooth_method": "add-k"},
    {"smooth_method": "floor", "smooth_value": 0.375, "tokenize": "intl", "lowercase": True},
    {"smooth_method": "add-k", "smooth_value": 0.125, "effective_order": True}, {"smooth_method": "floor", "smooth_value": 0.0},
    {"smooth_method": "none", "effective_order": True, "tokenize": "char"}, {"max_ngram_order": 2}, {"max_ngram_order": 6, "tokenize": "zh"},
    {"lowercase": True, "tokenize": "zh", "effective_order": True},
]
CHRF_OPTIONS = [
    {}, {"word_order": 2}, {"word_order": 1, "lowercase": True}, {"whitespace": True}, {"eps_smoothing": True},
    {"word_order": 2, "eps_smoothing": True, "whitespace": True}, {"char_order": 3, "beta": 1}, {"char_order": 1, "word_order": 4, "beta": 3},
]
METRICS = {"bleu": (BLEU, BLEU_OPTIONS), "chrf": (CHRF, CHRF_OPTIONS)}


def references(rows, count):
    """The references as sacrebleu takes them: lists as long as the hypotheses, with None where one is missing."""
    most = max(len(one) for one in rows) - 1 if count == 0 else count
    return [[one[k + 1] if k + 1 < len(one) else None for one in rows] for k in range(most)]


def score(metric, options, rows, count):
    """sacrebleu's score of rows, as a number and as printed, and its signature."""
    scorer = METRICS[metric][0](**options)
    result = scorer.corpus_score([one[0] for one in rows], references(rows, count))
    return float(f"{result.score:.12g}"), str(result), str(scorer.get_signature())


def corpora(rng, rows, count):
    for _ in range(count):
        metric = rng.choice(["bleu", "bleu", "chrf"])
        which, size = rng.randrange(len(METRICS[metric][1])), rng.choice([1, 2, 3, 10, 50, 200])
        yield metric, which, rng.randrange(len(rows) - size + 1), size, rng.choice([0, 1])


# What separates lines or is not to be seen, and what stands on other characters.
HIDDEN = re.compile("[\x7f-\xa0\xad\u0300-\u036f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe0f\ufeff]")


def write(path, value):
    """One item a line, in UTF-8."""
    body = HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    path.write_text(body.replace("],[", "],\n[") + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main():
    rng = random.Random(13)
    rows = [row(rng) for _ in range(1000)]
    sentences = {
        metric: [score(metric, options[i % len(options)], [one], 1)[:2] for i, one in enumerate(rows)]
        for metric, (_, options) in METRICS.items()
    }
    found = [[*case, *score(case[0], METRICS[case[0]][1][case[1]], rows[case[2] : case[2] + case[3]], case[4])] for case in corpora(rng, rows, 240)]
    here = Path(__file__).parent
    write(here / "pairs.json", rows)
    write(here / "scores.json", {
        "reference": f"sacrebleu {sacrebleu.__version__}, regex {regex.__version__}",
        "options": {metric: options for metric, (_, options) in METRICS.items()},
        "sentences": sentences,
        "corpora": found,
    })


if __name__ == "__main__":
    main()
