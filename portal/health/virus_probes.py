"""Harmless files that a virus scanner cannot look into, to see whether it says so."""

import io
import zipfile

# More than clamd follows by its defaults (MaxRecursion 17).
NESTED = 40


def encrypted():
    """A ZIP file whose only entry is marked as encrypted."""
    body = bytearray(_zipped("a.txt", b"Nobody can read this."))
    # The first bit of the flags, in the entry itself and in the directory at the end.
    body[6] |= 1
    body[body.index(b"PK\1\2") + 8] |= 1
    return bytes(body)


def nested():
    """A ZIP file in a ZIP file, and so on."""
    body = b"The end."
    for depth in range(NESTED):
        body = _zipped(f"{depth}.zip", body)
    return body


def _zipped(name, body):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, body)
    return archive.getvalue()
