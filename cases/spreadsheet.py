"""CSV that no spreadsheet program takes for formulas, and that gives back what was put in.

The escaping: an apostrophe goes before each sign that could begin a formula, and before each
apostrophe in such a place. Such a place is the beginning of a text, and what follows a sign at
which a program may part cells, since a program in another country parts them at semicolons.
Reading takes one apostrophe away in each such place.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

# So that Excel reads UTF-8.
BOM = "\ufeff"

_PLACE = r"(^[\"\s\x00-\x1f]*|[;,\t\r\n][\"\s\x00-\x1f]*)"
# With the full-width and small forms, which some programs take for the same, and the minus sign.
_SIGNS = "'=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_BEGINS = re.compile(f"{_PLACE}(?=[{_SIGNS}])")
_ESCAPED = re.compile(f"{_PLACE}'")


def cell(text: str) -> str:
    """`text` as it stands in a cell."""
    return _BEGINS.sub(r"\1'", text)


def text_of(cell: str) -> str:
    """The text that a cell was made of."""
    return _ESCAPED.sub(r"\1", cell)


def lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A line of CSV for each row of texts, the first one with the mark of UTF-8 before it."""
    written = io.StringIO(BOM)
    written.seek(len(BOM))
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([cell(text) for text in row])
        yield written.getvalue()
        written.seek(0)
        written.truncate()
