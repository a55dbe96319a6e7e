"""What a page tells about the one before it, kept in the session until it is shown."""

from django.contrib.messages.storage.session import SessionStorage

MOST = 20


class NewestMessages(SessionStorage):
    """Who never looks does not fill the session: only the newest messages are kept."""

    def _store(self, messages, response, *args, **kwargs):
        return super()._store(messages[-MOST:], response, *args, **kwargs)
