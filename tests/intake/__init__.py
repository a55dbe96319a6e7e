"""Files as dentists send them, made with a known truth, and what the readers say of them."""
