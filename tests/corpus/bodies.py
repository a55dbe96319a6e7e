"""Bodies that are no form, though their head says so: (content type, bytes, bytes announced).

Others are drawn in tests/fuzz from the same pieces.
"""

MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"
IN_PARTS = f"{MULTIPART}; boundary=b"
END = b"--b--\r\n"


def part(told: str, body: bytes = b"x") -> bytes:
    return b"--b\r\n%b\r\n\r\n%b\r\n" % (told.encode("utf-8", "surrogateescape"), body)


_FIELD = 'Content-Disposition: form-data; name="body"'
_FILE = f'{_FIELD}; filename="a.stl"'
_BASE64 = "Content-Transfer-Encoding: base64"
WHOLE = part(_FIELD) + END

BOUNDARIES = [
    "", "; boundary=", '; boundary=""', "; boundary=\u00e9", "; boundary=%00", "; boundary=\x7f",
    "; boundary=" + "b" * 500, "; boundary*=utf-8''%E9", "; boundary*=hex''b",
    "; boundary*0=a; boundary*1=b", "; charset=hex", "; boundary*0*=utf-8''a; boundary*=b", "; =",
]  # fmt: skip
_PARTS = [
    part(f"{_FILE}\r\n{_BASE64}") + END, part(f"{_FIELD}\r\n{_BASE64}", b"\xff=a") + END,
    part(_FILE) + END, part(_FIELD), part(_FIELD)[:-9], b"--b", END * 3, b"",
    part(f"{_FIELD}; filename*=hex''a") + END, part("Content-Disposition") + END,
    part(f"{_FIELD}; filename*0*=utf-8''%ff; filename*1=b") + END, part("") + END,
    part("\udcff\udcfe: \udcff; name*=a''b") + END, part(f"X: {'x' * 5000}") + END,
    part(_FIELD, b"\xff\xfe\xed\xa0\x80\0") + END, part(_FIELD, b"x" * 6_000_000) + END,
    part(f'{_FIELD}; filename="a.{"x" * 300}"', b"x" * 3_000_000) + END,
    part(_FIELD) * 3000 + END, part(_FILE) * 200 + END, b"\r\n" * 5000,
    part(f'{_FIELD}; filename="../../etc/passwd"') + END,
    part(f"{_FILE}\r\nContent-Type: text/plain; charset=hex\r\nContent-Length: -1") + END,
]  # fmt: skip
_FORMS = [
    b"body=" + b"x" * 6_000_000, b"&".join([b"body=x"] * 3000), b"\xff\xfe%00&&==", b"%", b"=&=&",
    b"body=%ED%A0%80", b"body=%zz", b"\0" * 100,
]  # fmt: skip
# Whose line broke off, where what came looks like a form that is whole.
CUT = [
    (FORM, b"body=x", 7), (FORM, b"", 1), (FORM, b"body=x&next=y", 4_000_000),
    (IN_PARTS, WHOLE, len(WHOLE) + 1), (IN_PARTS, part(_FIELD), len(WHOLE)),
    (IN_PARTS, part(_FIELD) + part(_FIELD)[:-9], 2 * len(part(_FIELD))),
    (IN_PARTS, part(_FIELD, b"x" * 100_000), 200_000), (IN_PARTS, b"", 10),
]  # fmt: skip


def bodies() -> list[tuple[str, bytes, int]]:
    """All of them; those that are shorter than they were announced to be are the last."""
    found = [(MULTIPART + boundary, WHOLE) for boundary in BOUNDARIES]
    found += [(IN_PARTS, body) for body in _PARTS] + [(FORM, body) for body in _FORMS]
    found += [(kind, b"body=x") for kind in ("", ";", "a" * 900, "multipart/mixed", "text/xml")]
    return [*((kind, body, len(body)) for kind, body in found), *CUT]
