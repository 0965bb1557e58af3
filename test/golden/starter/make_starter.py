"""Writes small packages of the forms that scripts/starter reads, with Python's own archive writers.

    python test/golden/starter/make_starter.py
"""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

NOUN = """  1 This software and database is being provided to you, the LICENSEE, by | nobody
00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is perceived or known to have its own distinct existence
00002137 05 n 02 house_cat 0 Felis_domesticus 0 001 @ 00001740 n 0000 | a small animal that people keep at home; "the cat slept on the sofa"; "she has a cat"
00002452 20 n 01 genus_Rosa 0 001 @ 00001740 n 0000 | large genus of erect or climbing prickly shrubs including roses
00002684 13 n 01 bread_and_butter 0 000 | (informal) slices of bread that are spread with soft butter
"""
VERB = '00001740 29 v 01 breathe 0 001 * 00005041 v 0000 01 + 02 00 | draw air into, and expel out of, the lungs; "I can breathe better when the air is clean"\n'
ADJ = '00001740 00 a 01 able(p) 0 001 ! 00002098 a 0101 | having the necessary means or skill to do something; "able to swim"\n'
ADV = "00001740 02 r 01 a_la_carte(p) 0 000 | by ordering items listed individually on a menu\n"

SNIPPETS = (
    "1_1\t2.4\tI love this camera, it’s small & light.\r\n"
    "1_2\t-1.5\tThe battery died after two days.\r\n"
    "1_3\t0.2\tIt came in a box.\r\n"
    "1_4\t-0.5\tthe battery died after 2 days\r\n"
)

CONVERSATIONS = {
    "b": {
        "prompt": "Mozart or Beethoven?",
        "messages": [
            [{"text": "Hello there, my friend", "sender": "1"}],
            [
                {"text": "I met Dr. Smith at the concert &amp; he was kind. He plays the violin well!", "sender": "2"},
                {"text": "haha", "sender": "2"},
            ],
        ],
    },
    "a": {"messages": [[{"text": "hello there my friend!", "sender": "1"}]]},
}

MODULE = '''
def area(shape):
    """
    Return the area of a shape that has been closed before.

    Open shapes raise the :class:`~shapes.OpenError` of this
    module.

    Examples
    ========

    >>> area(square)
    """
'''

SERVICE = {
    "documentation": "<p>Stores <i>files</i> for you &amp; your team.</p>",
    "operations": {
        "Delete": {"documentation": "<p>Deletes a file.</p><ul><li>No</li></ul><p>It cannot be\n brought back later.</p>"},
        "Ping": {},
    },
}


def tarball(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, content in files.items():
            folder = tarfile.TarInfo(name.rsplit("/", 1)[0])
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def wheel(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


wordnet = {"noun": NOUN, "verb": VERB, "adj": ADJ, "adv": ADV}
inner = tarball({"hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt": SNIPPETS.encode()})
packages = {
    "wordnet-1.0.0.tar.gz": tarball({f"package/dict/data.{part}": text.encode() for part, text in wordnet.items()}),
    "snippets-1.0.0.tar.gz": tarball({"snippets-1.0.0/additional/hutto_ICWSM_2014.tar.gz": inner}),
    "chats-1.0.0-py3-none-any.whl": wheel(
        {
            "chitchat_dataset/dataset.json": json.dumps(CONVERSATIONS).encode(),
            "chats/data/english/food.yml": b"categories:\n- food\nconversations:\n- - Do you drink tea?\n  - Every day\n- - Why?\n",
            "chats/data/german/food.yml": "conversations:\n- - Trinkst du Tee?\n".encode(),
        }
    ),
    "docs-1.0.0-py3-none-any.whl": wheel(
        {
            "docs/shapes.py": MODULE.encode(),
            "docs/tests/test_shapes.py": b'"""Test that no test is read by the reader of docstrings."""\n',
            "docs/data/files/service-2.json.gz": gzip.compress(json.dumps(SERVICE).encode(), mtime=0),
        }
    ),
    "texts-1.0.0.tar.gz": tarball(
        {
            "package/data/1944_old_d.txt": b"This address was given before the war ended.",
            "package/data/1946_new_d.txt": b"The war is over at last.We will now work for peace.\nThank you.",
            "package/data/chapter_10.json": json.dumps({"chapter": "10", "title": "End", "text": "He left."}).encode(),
            "package/data/chapter_9.json": json.dumps({"title": "Start", "text": "She came.\n\nHe was there."}).encode(),
            "package/europe/au.json": json.dumps({"Climate": {"text": "temperate; cold winters ++ warm summers"}}).encode(),
            "package/package.json": b'{"name": "texts"}',
        }
    ),
}
for name, content in packages.items():
    (HERE / name).write_bytes(content)
