def reading_of(heads):
    raise ValueError
