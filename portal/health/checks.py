from ctypes.util import find_library

from django.core import checks

from portal.writing.pdf import FONT_PACKAGES, missing_fonts


@checks.register
def fonts(app_configs, **options):
    """Without its fonts an RX script would lose letters of a patient's name."""
    missing = missing_fonts()
    if not missing:
        return []
    return [
        checks.Error(
            f"Fonts for PDFs are missing: {', '.join(missing)}.",
            hint=f"Install them: apt-get install {FONT_PACKAGES}",
            id="portal.E001",
        )
    ]


@checks.register
def archives(app_configs, **options):
    """Without its library a CBCT in a 7z or tar.gz could not be read."""
    if find_library("archive"):
        return []
    return [
        checks.Warning(
            "The library that reads 7z, tar and rar is missing: libarchive.",
            hint="Install it: apt-get install libarchive13 (on Ubuntu libarchive13t64)",
            id="portal.W001",
        )
    ]
