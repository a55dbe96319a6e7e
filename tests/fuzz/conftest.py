from tests.corpus.conftest import modest, quiet, world

__all__ = ["modest", "quiet", "world"]
