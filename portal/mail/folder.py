"""Mail into a folder: each message one .eml file that any mail program opens."""

import secrets
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmailBackend(BaseEmailBackend):
    # Django's own file backend appends messages to .log files, which no mail program opens.

    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"
            written = folder / f".{name}"
            written.write_bytes(message.message().as_bytes(linesep="\r\n"))
            # Readers of the folder never see half a message.
            written.rename(folder / f"{name}.eml")
        return len(email_messages)
