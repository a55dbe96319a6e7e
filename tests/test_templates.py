import re

from django.conf import settings

ROOT = settings.BASE_DIR
TEMPLATES = list((ROOT / "templates").rglob("*.html"))
CODE = [
    path
    for folder in ("accounts", "cases", "portal", "scheduling", "static/js")
    for path in (ROOT / folder).rglob("*.[pj][ys]")
    if "tests" not in path.parts
]
# Put together in a template, such as is-{{ file.state }}.
TOGETHER = r"(is|notice|numbering|progress|tooth)-\w+"
# Written by Django's admin, by its messages or by crispy-bootstrap5.
FROM_LIBRARIES = (
    r"(alert|field|form|inline|model)-[\w-]+|errorlist|fieldset-heading|invalid-feedback|nowrap"
    r"|section|timezonewarning"
)


def words_of(paths):
    return {word for path in paths for word in re.findall(r"[\w-]+", path.read_text())}


def selectors(path):
    rules = re.sub(r"(?s)/\*.*?\*/", "", path.read_text())
    return re.findall(r"([^{};]+)\{", rules)


def test_no_line_of_a_template_is_longer_than_160_characters():
    for path in TEMPLATES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert len(line) <= 160, f"{path.relative_to(ROOT)}:{number}"


def test_every_class_of_our_style_sheets_is_named_somewhere():
    sheets = (ROOT / "static/css").glob("*.css")
    written = " ".join(selector for sheet in sheets for selector in selectors(sheet))
    classes = set(re.findall(r"\.([a-z][\w-]*)", written)) - words_of(TEMPLATES + CODE)
    assert [one for one in classes if not re.fullmatch(f"{TOGETHER}|{FROM_LIBRARIES}", one)] == []


def test_every_icon_that_is_copied_is_named_somewhere():
    listed = re.search(r"const ICONS = `([^`]+)`", (ROOT / "portal/assets.mjs").read_text())
    assert set(listed[1].split()) - words_of(TEMPLATES + CODE) == set()
