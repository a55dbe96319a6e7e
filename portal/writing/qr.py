from io import BytesIO

import segno


def _code(text):
    return segno.make(text, error="m", micro=False)


def svg_data_uri(text):
    """A QR code of `text` as the address of an SVG image, black on white with its quiet zone."""
    return _code(text).svg_data_uri(border=4, light="#fff", scale=4)


def svg(text):
    """The same as an SVG document."""
    out = BytesIO()
    _code(text).save(out, kind="svg", border=4, light="#fff", scale=4)
    return out.getvalue().decode()
