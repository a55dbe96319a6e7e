from django.core.cache.backends import db
from django.db import OperationalError, connections, router


class DatabaseCache(db.DatabaseCache):
    """Django's, for counts that must not get lost: guesses at passwords.

    Django's own takes a database that is locked for "not written, never mind": a guess would go
    uncounted, or a person be told of too many tries. And it throws away a third of all rows when
    there are too many, so that strangers could flush the counts of their guesses.
    """

    def _base_set(self, *args, **kwargs):
        away = []

        def notice(execute, *statement):
            try:
                return execute(*statement)
            except OperationalError as problem:
                away.append(problem)
                raise

        connection = connections[router.db_for_write(self.cache_model_class)]
        with connection.execute_wrapper(notice):
            is_written = super()._base_set(*args, **kwargs)
        if away:
            raise away[0]
        return is_written

    def _cull(self, db, cursor, now, num):
        quote = connections[db].ops.quote_name
        cursor.execute(
            f"DELETE FROM {quote(self._table)} WHERE {quote('expires')} < %s",  # noqa: S608
            [connections[db].ops.adapt_datetimefield_value(now)],
        )
