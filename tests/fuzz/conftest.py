from tests.corpus.conftest import any_number_of_guesses, modest, quiet, world

__all__ = ["any_number_of_guesses", "modest", "quiet", "world"]
