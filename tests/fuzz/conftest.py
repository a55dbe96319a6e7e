from tests.corpus.conftest import any_number_of_attempts, many_requests, world

__all__ = ["any_number_of_attempts", "many_requests", "world"]
