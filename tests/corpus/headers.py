"""60 headers that lie, break a line or ask for more than there is: (name, value)."""

EVIL = "evil.example"

_HOSTS = [
    ("Host", EVIL), ("Host", f"testserver@{EVIL}"), ("Host", f"testserver:80@{EVIL}"),
    ("Host", f"testserver, {EVIL}"), ("Host", "testserver:99999999"), ("Host", "testserver:x"),
    ("Host", ""), ("Host", "[::1"), ("Host", "testserver\r\nX-Evil: 1"), ("Host", "testserver\0"),
    ("Host", "testserver/" + EVIL), ("Host", "\u0442estserver"), ("Host", "a" * 5000),
    ("Host", f"testserver#{EVIL}"),
]  # fmt: skip
_FORWARDED = [
    ("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "javascript"), ("X-Forwarded-Proto", ""),
    ("X-Forwarded-For", "' OR 1=1 --"), ("X-Forwarded-For", "1.2.3.4, " * 900),
    ("X-Forwarded-For", "::ffff:999.1.1.1"), ("X-Forwarded-For", "\0"), ("X-Forwarded-Port", "x"),
    ("X-Forwarded-Server", EVIL), ("X-Forwarded-Prefix", f"//{EVIL}"), ("X-Real-IP", "x\r\ny"),
    ("Forwarded", f"for=_x;host={EVIL};proto=javascript"), ("X-Original-URL", "/admin/"),
    ("X-Rewrite-URL", "/admin/"), ("True-Client-IP", "localhost"),
]  # fmt: skip
_ABOUT_THE_BODY = [
    ("Content-Type", "text/html; charset=hex"), ("Content-Type", "text/plain; charset=utf-7"),
    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-16"),
    ("Content-Type", "multipart/form-data"), ("Content-Type", "multipart/form-data; boundary="),
    ("Content-Type", "multipart/form-data; boundary=\u00e9"),
    ("Content-Type", "multipart/form-data; boundary=x; charset=rot13"),
    ("Content-Type", "application/json"), ("Content-Type", "\0"), ("Content-Type", ";;;==\"\""),
    ("Content-Type", "a" * 9000), ("Content-Length", "-1"), ("Content-Length", "0"),
    ("Content-Length", "99999999999999999999"), ("Transfer-Encoding", "chunked"),
    ("Content-Encoding", "gzip"), ("Expect", "200-ok"),
]  # fmt: skip
_OTHERS = [
    ("X-HTTP-Method-Override", "DELETE"), ("X-HTTP-Method-Override", "x\r\ny"),
    ("Accept-Language", "../../../etc/passwd"), ("Accept-Language", "en;q=" + "9" * 999),
    ("Accept-Language", "de-" * 2000), ("Accept", "*/*;q=x"), ("Accept-Encoding", "x" * 5000),
    ("HX-Request", "true"), ("HX-Current-URL", f"https://{EVIL}/"), ("HX-Target", "<script>"),
    ("Range", "bytes=0-"), ("Range", "bytes=" + "0-1," * 900),
    ("If-Modified-Since", "Fri, 31 Dec 9999 23:59:60 GMT"), ("If-None-Match", "W/" * 900),
]  # fmt: skip
COOKIES = [
    "sessionid=x", "sessionid=" + "x" * 5000, 'sessionid="\\000aaaaaaaaaaaa"',
    "sessionid=" + "\0" * 9, "csrftoken=\0", "csrftoken=x", "messages=x",
    'messages="[[\\"x\\"]]:x:x"', "sessionid=' OR 1=1 --", "=;=;=", "a=b" * 900,
    "sessionid=a; sessionid=b", "\u00e9=\u00e9", "__proto__=1",
]  # fmt: skip


def headers() -> list[tuple[str, str]]:
    """The 60 headers; `COOKIES` are for a browser that has no sign-in to lose."""
    return [*_HOSTS, *_FORWARDED, *_ABOUT_THE_BODY, *_OTHERS]


# What is added to a text that ends up in a mail's subject, recipient or other header.
INTO_A_MAIL = [
    "\r\nBcc: victim@evil.example", "\nBcc: victim@evil.example", "\rBcc: victim@evil.example",
    "%0aBcc:victim@evil.example", "\u2028Bcc: victim@evil.example", "\x0bBcc: a@evil.example",
    "\x85Bcc: a@evil.example", "\r\n\r\n<b>body</b>", "\r\n.\r\nMAIL FROM:<a@evil.example>",
    ", victim@evil.example", "; victim@evil.example", " <victim@evil.example>",
    "=?utf-8?q?=0ABcc:_victim@evil.example?=", "\0", "\x1c", "\x1e", "\ufeff",
]  # fmt: skip
