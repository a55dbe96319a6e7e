"""300 file names and headers: what a browser or a program may call a file, and how it says so."""

import base64
import random

COUNT = 300
SEED = 5

_RESERVED = ["CON", "PRN", "AUX", "NUL", "CLOCK$", *(f"COM{n}" for n in range(1, 10))]
_RESERVED += [f"LPT{n}" for n in range(1, 10)]
_FOLDERS = [
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\scan.stl", "C:scan.stl",
    "\\\\evil\\share\\a.stl", "a/b/c.stl", "a\\b/c.stl", "....//a.stl", "./a.stl", "..", ".", "",
    "/", "\\", "//", "a/", "a\\", "~/a.stl", "~root", "file:///a.stl", "..%2fa.stl", "%2e%2e/a",
    "..;/a.stl", "a/../../b.stl", "\u2215etc\u2215passwd", "\uff0e\uff0e\uff0fa.stl",
    "a.stl/..", "a.stl::$DATA", "a.stl:hidden", "a.stl.", "a.stl ", "a.stl...", " .. ", ". .",
]  # fmt: skip
_CONTROLS = [
    "a\0.stl", "\0", "a.stl\0.exe", "a\nb.stl", "a\r\nX-Evil: 1.stl", "a\rb.stl", "a\tb.stl",
    "\x1b[2Ja.stl", "a\x7f.stl", "a\x80\x9f.stl", "a\u2028b.stl", "a\u2029b.stl", "a\u0085b.stl",
    'a"b.stl', "a'b.stl", "a;b.stl", "a%b.stl", "a%0d%0ab.stl", 'a"; filename="evil.html',
    "a\\\".stl", "a;filename*=UTF-8''evil.html", "=?utf-8?b?YQ==?=.stl", "a,b.stl", "a b.stl",
]  # fmt: skip
_HIDDEN = [
    "a\u202elts.exe", "\u202elts.a", "a\u2066b\u2069.stl", "\u200ea.stl", "a\u200b.stl",
    "\ufeffa.stl", "a\u00ad.stl", "\u200b", "\u3164", "\u2800.stl", "\u00a0", "a\u00a0.stl",
    "\u202e" * 50, "a\U000e0041.stl", "a\ufe0f.stl", "\u061ca.stl", "a\u2060.stl",
]  # fmt: skip
_LETTERS = [
    "\U0001f9b7.stl", "\U0001f9b7" * 63 + ".stl", "\U0001f9b7" * 64 + ".stl", "e\u0301.stl",
    "\u00e9.stl", "\u1112\u1161\u11ab.stl", "\ufb01le.stl", "\u0130.STL", "\ufdfa.stl",
    "o" + "\u0301" * 200 + ".stl", "\U00020000.stl", "\U0010ffff.stl", "\uffff.stl", "\ufffd.stl",
    "\u05d0\u05d1.stl", "\u0645\u062d.stl", "\u65e5\u672c.stl", "J\u0430ne.stl", "\ue000.stl",
    "lone\ud800.stl", "lone\udfff.stl", "\udcff.stl", "\ud83e\udd37.stl", "\udfff\ud800",
]  # fmt: skip
_LONG = [
    "a" * 250 + ".stl", "a" * 251 + ".stl", "a" * 252 + ".stl", "a" * 255, "a" * 256, "a" * 5000,
    "a" * 100_000 + ".stl", "\u00e9" * 127 + "a", "\u00e9" * 128, "\u00e9" * 125 + ".stlx",
    "." + "a" * 254, "." + "a" * 300, "a." + "b" * 300, "." * 255, "." * 300 + "stl", " " * 300,
    "a" * 200 + "." + "e" * 60, "a." * 128, "\U0001f9b7" * 300, "a" * 254 + "\u00e9",
]  # fmt: skip
_MARKUP = [
    "<script>alert(1)</script>.stl", "<img src=x onerror=alert(1)>.png", "{{ 7|add:7 }}.stl",
    "{% debug %}.stl", "%s%n.stl", "=cmd|' /C calc'!A0.csv", "@SUM(1).csv", "$(sleep 9).stl",
    "`sleep 9`.stl", "| cat.stl", "; rm -rf.stl", "-rf", "--help", "*", "?.stl", "a&b.stl",
    "' OR 1=1 --.stl", "&lt;b&gt;.stl", "javascript:alert(1)", "a#b.stl", "a?b=c.stl", "a+b.stl",
]  # fmt: skip
_ENDINGS = [
    ".stl", "stl", ".STL", "a.StL", "a.stl.exe", "a.exe.stl", "a.html", "a.svg", "a.xhtml", "a.js",
    "a.php", "a.lnk", "a.url", "a.desktop", "a.dcm", "a.dcm.dcm", "DICOMDIR", "dicomdir.", "a.inv",
    "a.zip", "a.tar.gz", "a.7z", "a.rar", "a.obj", "a.ply", "a.pdf", "a.docx", "a.docm", "a.heic",
    "a.jpg", "a.jpeg ", "a .jpg", "a.\u0455tl", "a.st\u200bl", "a..stl", "a.stl.stl", ".htaccess",
    "web.config", "Thumbs.db", ".DS_Store", "__MACOSX", "desktop.ini", "a.", "a.1", "a.\0stl",
]  # fmt: skip
BY_HAND = [
    *_RESERVED, *(f"{name.lower()}.stl" for name in _RESERVED), *_FOLDERS, *_CONTROLS, *_HIDDEN,
    *_LETTERS, *_LONG, *_MARKUP, *_ENDINGS,
]  # fmt: skip

_WHOLE = base64.b64encode(b"scan.stl").decode()
# Values of Upload-Metadata, most of them broken.
METADATA = [
    "", " ", ",", ",,,", "filename", "filename ", "filename  " + _WHOLE, f"filename {_WHOLE}",
    f"filename {_WHOLE},", f",filename {_WHOLE}", f"filename {_WHOLE} extra", "filename ===",
    "filename =", "filename A", "filename AA", "filename AA=", "filename AA==", "filename AAA=A",
    "filename YQ==YQ==", "filename YQ", "filename Y Q==", "filename -_-_", "filename ____",
    "filename /w==", "filename gIA=", "filename 7aCA", "filename wIA=", "filename 9JCAgA==",
    "filename AA==,filename AA==", "FILENAME YQ==,filename Yg==", f"file\tname {_WHOLE}",
    "a YQ==,a YQ==", "form " + _WHOLE, "form AA==", f"filename {_WHOLE},form YQ==",
    f"filename {_WHOLE},form " + base64.b64encode(b"0" * 32).decode(),
    f"filename {_WHOLE},key " + base64.b64encode(b"{urn:uuid:" + b"1" * 32 + b"}").decode(),
    f"filename {_WHOLE},key YQ==", f"filename {_WHOLE},case YQ==", f"filename {_WHOLE},case AA==",
    f"filename {_WHOLE},answers OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    f"filename {_WHOLE},answers LTE=", f"filename {_WHOLE},answers wrI=",
    f"filename {_WHOLE},answers MTg0NDY3NDQwNzM3MDk1NTE2MTY=", "key YQ==,form YQ==,case YQ==",
    "x " + "QUFB" * 2000, ",".join(f"k{n} YQ==" for n in range(300)), "filename " + "A" * 8000,
    "=== ===", "\u00e9 YQ==", "filename \u00e9\u00e9\u00e9\u00e9", "<script> PHNjcmlwdD4=",
    "filename PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "filename YQ==;case YQ==", "filename:YQ==",
]  # fmt: skip


def metadata() -> list[str]:
    """Whole values of the header Upload-Metadata."""
    return list(dict.fromkeys(METADATA))


def names(seed: int = SEED) -> list[str]:
    """File names; together with `metadata` they are 300."""
    dice = random.Random(seed)
    found = list(dict.fromkeys(BY_HAND))
    wanted = COUNT - len(metadata())
    short = [name for name in found if len(name) < 40]
    while len(found) < wanted:
        made = "".join(dice.sample(short, 2))
        if made not in found:
            found.append(made)
    return found[:wanted]
