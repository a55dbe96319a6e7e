"""What a browser or a program may call a file, and how it says so."""

import base64

from tests.corpus import strings

_RESERVED = ["CON", "nul.stl", "COM1.stl", "LPT9", "CLOCK$"]
_FOLDERS = [
    "..\\..\\boot.ini", "/etc/shadow", "C:scan.stl", "\\\\evil\\share\\a.stl", "a/b\\c.stl", "..",
    ".", "/", "\\", "a/", "..%2fa.stl", "\u2215etc\u2215passwd", "\uff0e\uff0e\uff0fa.stl",
    "a.stl::$DATA", "a.stl...", " .. ", ". .",
]  # fmt: skip
_IN_HEADS = [
    "a.stl\0.exe", "a\r\nX-Evil: 1.stl", 'a"; filename="evil.html', "a;filename*=UTF-8''evil.html",
    "=?utf-8?b?YQ==?=.stl", "a,b.stl", "a%0d%0ab.stl", "a\u202elts.exe", "a.st\u200bl",
]  # fmt: skip
_NO_UNICODE = ["lone\ud800.stl", "\udcff.stl", "\ud83e\udd37.stl", "\udfff\ud800"]
_LONG = [
    "a" * 251 + ".stl", "a" * 252 + ".stl", "a" * 256, "a" * 100_000 + ".stl", "\u00e9" * 128,
    "\u00e9" * 125 + ".stlx", "\U0001f9b7" * 64 + ".stl", "o" + "\u0301" * 200 + ".stl",
    "." + "a" * 300, "a." + "b" * 300, "." * 300 + "stl", " " * 300, "a" * 200 + "." + "e" * 60,
]  # fmt: skip
_ENDINGS = [
    ".stl", "stl", "a.StL", "a.stl.exe", "a.exe.stl", "a.html", "a.svg", "a.lnk", "DICOMDIR",
    "dicomdir.", "a.inv", "a.tar.gz", "a.jpeg ", "a.\u0455tl", "a..stl", ".htaccess", "Thumbs.db",
    ".DS_Store", "desktop.ini", "a.3oxz", "a.", "a.1",
]  # fmt: skip


def names() -> list[str]:
    """File names; some of them are no Unicode."""
    typed = [f"{text}.stl" for text in strings.strings() if 0 < len(text) < 40]
    return [*_RESERVED, *_FOLDERS, *_IN_HEADS, *_NO_UNICODE, *_LONG, *_ENDINGS, *typed]


_WHOLE = f"filename {base64.b64encode(b'scan.stl').decode()}"
# Values of the header Upload-Metadata, most of them broken.
METADATA = [
    "", ",,,", "filename", "filename ", _WHOLE, f",{_WHOLE},", f"{_WHOLE} extra", "filename ===",
    "filename AA=", "filename YQ==YQ==", "filename Y Q==", "filename -_-_", "filename /w==",
    "filename 7aCA", "FILENAME YQ==,filename Yg==", "a YQ==,a YQ==", f"{_WHOLE},form YQ==",
    f"{_WHOLE},form MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", f"{_WHOLE},key YQ==",
    f"{_WHOLE},case AA==", f"{_WHOLE},answers OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    f"{_WHOLE},answers LTE=", f"{_WHOLE},answers wrI=", "x " + "QUFB" * 2000,
    ",".join(f"k{n} YQ==" for n in range(300)), "\u00e9 YQ==", "filename \u00e9\u00e9\u00e9\u00e9",
    "filename PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "filename YQ==;case YQ==",
]  # fmt: skip
