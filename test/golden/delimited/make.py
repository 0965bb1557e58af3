"""Writes cases.json: odd delimited files and what pandas and Python's csv make of them.

    python make.py

Rows are those of `pandas.read_csv(dtype=str, keep_default_na=False)`, with `quoting=csv.QUOTE_NONE` where quotes do not count, and
must be those of `csv.reader`, blank lines left out. Names of columns are taken without white space around them. A file is refused,
with a line, where `csv.reader(strict=True)` refuses it, where a row is of another width than the header, and where a column is there twice.

One rule differs. White space between a closing quote and the separator or line end: pandas takes it into the field, `csv.reader(strict=True)`
refuses the file. Here it is dropped, since the parser, papaparse, drops it; it is no part of the quoted text, and what a writer aligned with
spaces is read as meant. Such cases hold what pandas makes of the file without that white space (`like`), and the reason (`differs`).
"""

import csv
import io
import json
from pathlib import Path

import pandas

CASES: list[dict] = []


def case(name: str, text: str, *, format: str = "csv", separator: str | None = None, quoted: bool | None = None,
         found: str | None = None, line: int | None = None, only_pandas: bool = False, like: str | None = None) -> None:
    """`found`: the separator that should be found; `line`: of the error, where csv names the end of the file instead; `like`: the text
    without white space behind closing quotes."""
    used = separator or found or {"csv": ",", "tsv": "\t"}[format]
    quotes = quoted if quoted is not None else format == "csv"
    entry = {"name": name, "format": format, "text": text}
    if separator is not None:
        entry["separator"] = separator
    if quoted is not None:
        entry["quoted"] = quoted
    if like is not None:
        entry["differs"] = "white space behind a closing quote is dropped; pandas keeps it, csv.reader(strict=True) refuses it"
        text = like
    refused = line if line is not None else refused_at(text, used, quotes, only_pandas)
    if refused is not None:
        entry["refused"] = refused
    else:
        columns, rows = by_pandas(text, used, quotes)
        if not only_pandas:
            other = by_csv(text, used, quotes)
            assert [columns, *rows] == other, (name, columns, rows, other)
        entry["columns"], entry["rows"] = columns, rows
    CASES.append(entry)


def reader(text: str, separator: str, quotes: bool, strict: bool):
    return csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator, strict=strict,
                      quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE)


def is_blank(row: list[str]) -> bool:
    return row == [] or (len(row) == 1 and row[0] != "" and row[0].strip() == "")


def by_csv(text: str, separator: str, quotes: bool) -> list[list[str]]:
    rows = [row for row in reader(text, separator, quotes, False) if not is_blank(row)]
    return [[name.strip() for name in rows[0]], *rows[1:]]


def by_pandas(text: str, separator: str, quotes: bool):
    table = pandas.read_csv(io.BytesIO(text.encode()), sep=separator, dtype=str, keep_default_na=False, header=None,
                            quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE, encoding="utf-8-sig")
    rows = [list(row) for row in table.values.tolist()]
    return [name.strip() for name in rows[0]], rows[1:]


def refused_at(text: str, separator: str, quotes: bool, lenient: bool) -> int | None:
    rows = reader(text, separator, quotes, quotes and not lenient)
    header, begin = None, 1
    try:
        for row in rows:
            if not is_blank(row):
                if header is None:
                    header = row
                    if len({name.strip() for name in row}) < len(row):
                        return begin
                elif len(row) != len(header):
                    return begin
            begin = rows.line_num + 1
    except csv.Error:
        return rows.line_num
    return None


def csv_cases() -> None:
    case("plain", "text,label\na,1\nb,2\n")
    case("no line end at the end", "text,label\na,1\nb,2")
    case("empty last field, no line end", "text,label\na,1\nb,")
    case("CRLF", "text,label\r\na,1\r\nb,2\r\n")
    case("CR alone", "text,label\ra,1\rb,2")
    case("CR alone, one at the end", "text,label\ra,1\rb,2\r")
    case("CR, LF and CRLF", "text,label\ra,1\nb,2\r\nc,3\rd,4")
    case("byte-order mark", "\ufefftext,label\na,1\n")
    case("byte-order mark before a quote", '\ufeff"text",label\na,1\n')
    case("one column", "text\na\nb\n")
    case("one column, empty quoted row", 'text\na good cat\n""\nbad dog\n')
    case("one column, several empty quoted rows", 'text\n""\n""\na\n""')
    case("one column, empty lines", "text\na\n\n\nb\n")
    case("one column, a line of spaces", "text\na\n   \nb\n")
    case("one column, a quoted space", 'text\n" "\nb\n', only_pandas=True)
    case("one column, CR alone, empty quoted row", 'text\ra\r""\rb\r')
    case("empty lines first", "\n\ntext,label\na,1\n")
    case("empty lines between and last", "text,label\n\na,1\n\n\nb,2\n\n")
    case("lines of spaces and tabs", "text,label\n  \na,1\n\t\nb,2\n")
    case("empty fields", "text,label\n,\na,\n,1\n")
    case("empty quoted fields", 'text,label\n"",""\n"",1\n')
    case("all quoted", '"text","label"\n"a","1"\n"b","2"\n')
    case("doubled quotes", 'text,label\n"say ""hi""",1\n')
    case("doubled quotes at both ends", 'text,label\n"""hi""",1\n')
    case("a quote alone", 'text,label\n"""",1\n')
    case("two quotes alone", 'text,label\n"""""",1\n')
    case("separators in quotes", 'text,label\n"a, b, c",1\n')
    case("line ends in quotes", 'text,label\n"a\nb\n\nc",1\n"d",2\n')
    case("CRLF in quotes", 'text,label\r\n"a\r\nb",1\r\nc,2\r\n')
    case("CR in quotes", 'text,label\n"a\rb",1\n')
    case("other line ends in quotes than between rows", 'text,label\n"a\r\nb\rc",1\n"d\n\re",2\r\n"f\r",3\r"\n\r\n",4\r')
    case("line ends in quotes after empty lines", '\r\n\n"text\r",label\r\n\r"a\nb",1\r\n \r\n"c\r\nd","\r"\n')
    case("a byte-order mark in a row", "text,label\n\ufeffa,1\n\ufeff\ufeff,2\n")
    case("a byte-order mark before a quote in a row", 'text,label\n\ufeff"a,1\n"b\n\ufeffc",2\n')
    case("a byte-order mark in a row, line ends in quotes", 'text,label\r\n\ufeffa,"1\r\n2"\r\nb,"3\r4"\r\n')
    case("line end at either end of a quoted field", 'text,label\n"\na\n",1\n')
    case("all at once", 'text,label\n"a, ""b""\r\nc\rd\n",1\n')
    case("quotes inside a field", 'text,label\n5" disk,1\nsay "x",2\na"",3\n')
    case("quotes after a space", 'text,label\n "a", "1"\n')
    case("apostrophes", "text,label\n'a','1'\n")
    case("spaces around fields", "text,label\n a , 1 \n")
    case("spaces in the header", " text , label\na,1\n")
    case("space after a closing quote", 'text,label\n"a" ,1\n', like='text,label\n"a",1\n')
    case("tab after a closing quote", 'text,label\n"a"\t,1\n', like='text,label\n"a",1\n')
    case("no-break space after a closing quote", 'text,label\n"a"\u00a0,1\n', like='text,label\n"a",1\n')
    case("space after the last closing quote", 'text,label\r\na,"1" \r\nb,"2"  ', like='text,label\r\na,"1"\r\nb,"2"')
    case("one column, an empty quoted row and a space", 'text\na\n"" \n', like='text\na\n""\n')
    case("backslashes", 'text,label\n"a\\",1\nb\\,2\n')
    case("quoted header with a line end", '"the\ntext",label\na,1\n')
    case("quoted header with a separator", '"text, raw",label\na,1\n')
    case("a column without a name", "text,label,\na,1,x\n")
    case("numbers as they stand", "text,label\n007,1.50\n1e3,-0\n")
    case("words for missing values", "text,label\nNA,nan\nnull,None\n")
    case("Unicode", "text,label\nÜñï 😀,日本語\n\u2028x\u0085,\u00a0\n")
    case("form feed and vertical tab", "text,label\na\fb,1\nc\vd,2\n")
    case("a long field", f'text,label\n"{"word " * 5000}",1\n')
    case("many columns", ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(map(str, range(300))) + "\n")
    case("hash is not a comment", "text,label\n#a,1\n")
    case("a number sign in the header", "#text,label\na,1\n")
    case("a tab in a field", "text,label\na\tb,1\n")
    case("a semicolon in the header too", "text;raw,label\na;b,1\n")
    case("too many fields", "text,label\na,1\nb,2,3\n")
    case("too few fields", "text,label\na,1\nb\n")
    case("an empty quoted row of two columns", 'text,label\na,1\n""\nb,2\n')
    case("wrong width after quoted lines", 'text,label\n"a\nb",1\n"c\r\nd",2\ne\n')
    case("wrong width after CR", 'text,label\ra,1\rb\r')
    case("unquoted separator after a space and a quote", 'text,label\na, "b, c"\n')
    case("text after a closing quote", 'text,label\n"a" b,1\n')
    case("text after a closing quote of several lines", 'text,label\n"a\n\nb"c,1\n')
    case("text after a closing quote, CRLF", 'text,label\r\n"a\r\n""b""\r\n"c,1\r\n')
    case("text after a closing quote, a byte-order mark in the row", 'text,label\n\ufeffa,"1\n"b\n')
    case("too few fields, then text after a closing quote", 'text,label\na\n"b"c,1\n')
    case("too few fields, then a quote never closed", 'text,label\na\n"b,1\n')
    case("a quote never closed, CR alone", 'text,label\ra,1\r"b,2\rc,3', line=3)
    case("a quote never closed, CRLF and a byte-order mark", 'text,label\r\n"a\r\nb",1\r\n\ufeffc,"2\r\nd,3', line=4)
    case("a quote never closed", 'text,label\na,1\n"b,2\nc,3\n', line=3)
    case("a quote never closed in a row of several lines", 'text,label\n"a\nb","1\nc,3\n', line=3)
    case("two columns of one name", "text,text\na,1\n")
    case("two columns of one name but for spaces", "text, text\na,1\n")


def other_separators() -> None:
    case("semicolons", "text;label\na;1\nb, c;2\n", found=";")
    case("semicolons and quotes", '"text";"label"\n"a;b";"1"\n"c ""d""";2\n', found=";")
    case("semicolons, comma in a quoted header", '"text, raw";label\na;1\n', found=";")
    case("semicolons, CR alone", "text;label\ra;1\r", found=";")
    case("semicolons, byte-order mark", "\ufefftext;label\r\na;1\r\n", found=";")
    case("semicolons, empty lines first", "\n\ntext;label\na;1\n", found=";")
    case("tabs", "text\tlabel\na, b\t1\n", found="\t")
    case("tabs before semicolons", "text\tla;bel\na\t1\n", found="\t")
    case("semicolons, wrong width", "text;label\na;1\nb;2;3\n", found=";")
    case("a semicolon asked for", "te,xt;label\na,b;1\n", separator=";")
    case("a bar", "text|label\na, b|1\n\"c|d\"|2\n", separator="|")
    case("a space", "text label\na 1\n\"b c\" 2\n", separator=" ")
    case("a tab asked for", 'text\tlabel\n"a\tb"\t1\n', separator="\t")
    case("without quotes", 'text,label\n"a,1\nb",2\n', quoted=False)


def tsv_cases() -> None:
    def tsv(name: str, text: str, **options) -> None:
        case(f"tsv: {name}", text, format="tsv", **options)

    tsv("plain", "text\tlabel\na\t1\nb\t2\n")
    tsv("quotes are characters", 'text\tlabel\n"a\t1\n"b"\t2\nc"\t3\n"\t4\n')
    tsv("doubled quotes are characters", 'text\tlabel\n"say ""hi"""\t1\n')
    tsv("CRLF", "text\tlabel\r\na\t1\r\n")
    tsv("CR alone", "text\tlabel\ra\t1\rb\t2\r")
    tsv("empty fields", "text\tlabel\n\t\na\t\n\t1\n")
    tsv("empty lines and lines of spaces", "text\tlabel\n\na\t1\n  \nb\t2\n")
    tsv("spaces and commas", "text\tlabel\n a, b \t 1\n")
    tsv("one column", "text\na\n\nb\n")
    tsv("byte-order mark", "\ufefftext\tlabel\na\t1\n")
    tsv("too many fields", "text\tlabel\na\t1\tx\n")
    tsv("too few fields", "text\tlabel\na\t1\nb\n")
    tsv("a tab in quotes", 'text\tlabel\n"a\tb"\t1\n')
    tsv("quoted, a tab in quotes", 'text\tlabel\n"a\tb"\t1\n', quoted=True)
    tsv("quoted, lines in quotes", 'text\tlabel\n"a\r\nb\n"\t1\n"c ""d"""\t2\n', quoted=True)
    tsv("quoted, an empty row", 'text\na\n""\nb\n', quoted=True)
    tsv("quoted, never closed", 'text\tlabel\na\t1\n"b\t2\n', quoted=True, line=3)


csv_cases()
other_separators()
tsv_cases()
assert len({entry["name"] for entry in CASES}) == len(CASES)
(Path(__file__).parent / "cases.json").write_text(json.dumps(CASES, ensure_ascii=True, indent=1) + "\n")
print(f"{len(CASES)} cases, pandas {pandas.__version__}")
