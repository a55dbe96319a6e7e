"""HTML to PDF with WeasyPrint, from fonts and files of this machine only."""

import shutil
import subprocess
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FONT_FAMILIES = (
    "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK SC", "Noto Color Emoji",
)  # fmt: skip
FONT_PACKAGES = "fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
FONT_CHECK_SECONDS = 20

# Pango's font map is shared by all renderings and is not safe between threads: one at a time.
# Celery's worker processes each have their own.
_rendering = threading.Lock()


def render_pdf(html: str, css: Iterable[Path] = ()) -> bytes:
    """Return `html`, laid out with the style sheets at the paths `css`, as a tagged PDF.

    Nothing is fetched: of all addresses in the HTML only `data:` is read. The same HTML and CSS
    give the same bytes. A missing style sheet raises FileNotFoundError.
    """
    with _rendering:
        return _rendered(html, [Path(path).read_text() for path in css])


def _rendered(html: str, sheets: list[str]) -> bytes:
    # Imported here, as it takes a second that only the worker should pay.
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    fonts = _fonts()
    fetcher = URLFetcher(allowed_protocols={"data"})
    styles = [CSS(string=sheet, font_config=fonts, url_fetcher=fetcher) for sheet in sheets]
    page = HTML(string=html, url_fetcher=fetcher)
    return page.write_pdf(font_config=fonts, stylesheets=styles, pdf_tags=True)


@cache
def _fonts():
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def missing_fonts(families: Iterable[str] = FONT_FAMILIES) -> list[str]:
    """Return those of `families` that fontconfig does not find, all of them without fontconfig.

    WeasyPrint crashes without any font, and without these prints boxes in place of letters.
    """
    program = shutil.which("fc-list")
    if program is None:
        return list(families)
    listed = subprocess.run(
        [program, ":", "family"],
        check=True,
        capture_output=True,
        text=True,
        timeout=FONT_CHECK_SECONDS,
    )
    found = {name.strip() for line in listed.stdout.splitlines() for name in line.split(",")}
    return [family for family in families if family not in found]
