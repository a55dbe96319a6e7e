"""Inputs that nobody thought of: drawn by Hypothesis, or grown from the corpora by atheris."""
