from django.core import checks

from portal.writing.pdf import missing_fonts


@checks.register
def fonts(app_configs, **options):
    """Without its fonts an RX script would lose letters of a patient's name."""
    missing = missing_fonts()
    if not missing:
        return []
    return [
        checks.Error(
            f"Fonts for PDFs are missing: {', '.join(missing)}.",
            hint="Install them: apt-get install fonts-noto-core fonts-noto-cjk",
            id="portal.E001",
        )
    ]
