class NotAllowed(Exception):
    """This may not be done now; the text is a sentence for the person who asked."""
