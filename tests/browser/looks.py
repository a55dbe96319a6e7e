"""What a page looks like: whether it fits, what axe-core says about it, and pictures of it.

With SCREENSHOTS=1 in the environment the pictures are below var/screenshots, a folder a width.
"""

import os

from tests.browser.stack import BASE_DIR

PICTURES = BASE_DIR / "var" / "screenshots"
AXE = BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (390, 768, 1280)
# The page itself scrolls sideways, or a panel cuts off what it holds.
TOO_WIDE = """[...document.querySelectorAll("html, .panel")]
    .filter((part) => part.scrollWidth > part.clientWidth)
    .map((part) => part.className || part.tagName)"""


def look_at(page, name):
    """The page fits in three widths, and everybody can use it: on a phone; in proofs, in each."""
    fits(page, name, looked_into=WIDTHS if "PROOF" in os.environ else WIDTHS[:1])


def fits(page, name, looked_into=()):
    """The page fits in three widths; axe-core looks into some of them."""
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        take_picture(page, name)
        assert page.evaluate(TOO_WIDE) == [], f"{name} does not fit at {width}"
        assert width not in looked_into or findings(page) == [], f"{name} at {width}"
    page.set_viewport_size(before)


def take_picture(page, name):
    if "SCREENSHOTS" in os.environ:
        page.evaluate("document.fonts.ready")
        width = page.viewport_size["width"]
        page.screenshot(path=PICTURES / str(width) / f"{name}.png", full_page=True)


def findings(page):
    """What axe-core has to say, a line for each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "tags => axe.run({ runOnly: { type: 'tag', values: tags } })"
        ".then(result => result.violations)",
        STANDARD,
    )
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
    ]
