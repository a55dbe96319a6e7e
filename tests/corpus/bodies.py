"""Bodies that are no form, though their head says so: (content type, bytes, bytes announced)."""

MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"


def part(told: str, body: bytes = b"x", boundary: bytes = b"b") -> bytes:
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, told.encode("utf-8", "surrogateescape"), body)


_FIELD = 'Content-Disposition: form-data; name="body"'
_FILE = f'{_FIELD}; filename="a.stl"'
_BASE64 = "Content-Transfer-Encoding: base64"
END = b"--b--\r\n"
WHOLE = part(_FIELD) + END

_BOUNDARIES = [
    "", "; boundary", "; boundary=", '; boundary=""', "; boundary=\u00e9", "; boundary=%00",
    '; boundary=" "', "; boundary=" + "b" * 500, "; boundary*=utf-8''%E9", "; boundary*=hex''b",
    "; boundary*0=a; boundary*1=b", "; boundary=b; boundary=c", ";boundary=\x7f", '; boundary="b',
    "; charset=hex", "; charset=utf-7; boundary=", "; boundary=a;b", "; boundary*=x",
    "; boundary*0*=utf-8''a; boundary*=b", "; boundary=\u0442", "; =; =b", "; boundary=\x01",
]  # fmt: skip
_PARTS = [
    part(f"{_FILE}\r\n{_BASE64}", b"x") + END, part(f"{_FILE}\r\n{_BASE64}", b"\xff=====a") + END,
    part(f"{_FIELD}\r\n{_BASE64}", b"x") + END, part(f"{_FIELD}\r\n{_BASE64}", b"\xff=a") + END,
    part(_FILE) + END, part(f'{_FIELD}; filename="a.{"x" * 300}"', b"x" * 3_000_000) + END,
    part(_FIELD), part(_FIELD)[:-9], b"--b\r\n" + _FIELD.encode(), b"--b", b"--b--", END * 3, b"",
    part(f"{_FIELD}; filename*=hex''a") + END, part(f"{_FIELD}; filename*=x") + END,
    part(f"{_FIELD}; filename*0*=utf-8''%ff; filename*1=b") + END, part("") + END,
    part("Content-Disposition") + END, part("Content-Disposition: form-data") + END,
    part("\udcff\udcfe: \udcff; name*=a''b") + END, part(f"X: {'x' * 5000}") + END,
    part(_FIELD, b"\xff\xfe\xed\xa0\x80") + END, part(_FIELD, b"\0") + END,
    part(f"{_FIELD}\r\n{_BASE64}", b"x" * 6_000_000) + END, part(_FIELD, b"x" * 6_000_000) + END,
    part(_FIELD) * 3000 + END, part(_FILE) * 200 + END, b"\r\n" * 5000, b"--b\r\n" * 5000,
    part('Content-Disposition: form-data; name="\udcff"') + END,
    part(f"{_FIELD}\r\n{_FIELD}") + END,
    part(f'{_FIELD}; filename="../../etc/passwd"') + END, part(f'{_FIELD}; filename=".."') + END,
    part(f"{_FILE}\r\nContent-Type: text/plain; charset=hex") + END,
    part(f"{_FILE}\r\nContent-Length: -1") + END,
]  # fmt: skip
_FORMS = [
    b"body=" + b"x" * 6_000_000, b"&".join([b"body=x"] * 3000), b"\xff\xfe%00&&==", b"%", b"=&=&",
    b"body=%ED%A0%80", b"body=%zz", b"\0" * 100, b"body=%00",
]  # fmt: skip


def bodies() -> list[tuple[str, bytes, int]]:
    """All of them; those that are shorter than they were announced to be are the last."""
    found = [(MULTIPART + boundary, WHOLE, len(WHOLE)) for boundary in _BOUNDARIES]
    found += [(f"{MULTIPART}; boundary=b", body, len(body)) for body in _PARTS]
    found += [(FORM, body, len(body)) for body in _FORMS]
    found += [(kind, b"body=x", 6) for kind in ("", ";", "a" * 900, "multipart/mixed", "text/xml")]
    return found + cut()


def cut() -> list[tuple[str, bytes, int]]:
    """Bodies whose line broke off, where what came looks like a form that is whole."""
    cut_part = part(_FIELD) + part(_FIELD)
    return [
        (FORM, b"body=x", 7), (FORM, b"", 1), (FORM, b"body=x&next=y", 4_000_000),
        (f"{MULTIPART}; boundary=b", WHOLE, len(WHOLE) + 1),
        (f"{MULTIPART}; boundary=b", part(_FIELD), len(WHOLE)),
        (f"{MULTIPART}; boundary=b", cut_part[:-9], len(cut_part)),
        (f"{MULTIPART}; boundary=b", part(_FIELD, b"x" * 100_000), 200_000),
        (f"{MULTIPART}; boundary=b", b"", 10),
    ]  # fmt: skip
