from tests.corpus.conftest import quiet, world

__all__ = ["quiet", "world"]
