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
