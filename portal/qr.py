import segno


def svg_data_uri(text):
    """A QR code of `text` as the address of an SVG image, black on white with its quiet zone."""
    return segno.make(text, error="m", micro=False).svg_data_uri(border=4, light="#fff", scale=4)
