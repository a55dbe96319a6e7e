"""Headers that lie, break a line or ask for more than there is: (name, value)."""

EVIL = "evil.example"
HEADERS = [
    *(("Host", host) for host in (
        EVIL, f"testserver@{EVIL}", f"testserver, {EVIL}", "testserver:99999999", "", "[::1",
        "testserver\r\nX-Evil: 1", "testserver\0", f"testserver/{EVIL}", "\u0442estserver",
        "a" * 5000,
    )),
    ("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "javascript"), ("X-Forwarded-Port", "x"),
    ("X-Forwarded-For", "' OR 1=1 --"), ("X-Forwarded-For", "1.2.3.4, " * 900),
    ("X-Forwarded-For", "::ffff:999.1.1.1"), ("X-Forwarded-For", "\0"), ("X-Real-IP", "x\r\ny"),
    ("X-Forwarded-Prefix", f"//{EVIL}"), ("Forwarded", f"for=_x;host={EVIL};proto=javascript"),
    ("X-Original-URL", "/admin/"), ("X-HTTP-Method-Override", "DELETE"),
    ("Content-Type", "text/html; charset=hex"), ("Content-Type", "application/json"),
    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-16"),
    ("Content-Type", "multipart/form-data; boundary="), ("Content-Type", ";;;==\"\""),
    ("Content-Type", "\0"), ("Content-Type", "a" * 9000), ("Content-Length", "-1"),
    ("Content-Length", "99999999999999999999"), ("Transfer-Encoding", "chunked"),
    ("Content-Encoding", "gzip"), ("Accept-Language", "../../../etc/passwd"),
    ("Accept-Language", "de-" * 2000), ("Accept", "*/*;q=x"), ("HX-Request", "true"),
    ("HX-Current-URL", f"https://{EVIL}/"), ("HX-Target", "<script>"), ("Range", "0-1," * 900),
    ("If-Modified-Since", "Fri, 31 Dec 9999 23:59:60 GMT"), ("If-None-Match", "W/" * 900),
]  # fmt: skip
# For a browser that has no sign-in to lose.
COOKIES = [
    "sessionid=" + "x" * 5000, 'sessionid="\\000aaaaaaaaaaaa"', "sessionid=" + "\0" * 9,
    "csrftoken=\0", 'messages="[[\\"x\\"]]:x:x"', "=;=;=",
    "sessionid=a; sessionid=b", "\u00e9=\u00e9",
]  # fmt: skip
# What is added to a text that ends up in a mail's subject, recipient or other header.
INTO_A_MAIL = [
    "\r\nBcc: victim@evil.example", "\nBcc: victim@evil.example", "\rBcc: victim@evil.example",
    "%0aBcc:victim@evil.example", "\u2028Bcc: victim@evil.example", "\x85Bcc: a@evil.example",
    "\r\n\r\n<b>body</b>", "\r\n.\r\nMAIL FROM:<a@evil.example>", ", victim@evil.example",
    " <victim@evil.example>", "=?utf-8?q?=0ABcc:_victim@evil.example?=", "\0", "\x1c",
]  # fmt: skip
