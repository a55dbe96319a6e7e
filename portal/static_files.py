from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Collected files whose names say their content, in what modules import too."""

    support_js_module_import_aggregation = True
