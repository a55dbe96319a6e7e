"""The mails that the portal has sent."""

from tests.waiting import until


def wait_for_mail(portal, to, subject, number=1):
    """The `number`th mail to this address whose subject has these words, once it is there."""

    def found():
        fitting = [
            mail for mail in portal.mails() if to in mail["To"] and subject in mail["Subject"]
        ]
        return fitting[number - 1] if len(fitting) >= number else None

    return until(found)


def text(mail):
    """Everything a person can read in a mail: its headers and all its text parts."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *map(str, parts)])
