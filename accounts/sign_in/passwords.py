from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

# Words that everybody tries first here.
OUR_WORDS = {"guidepost", "portal", "dental", "dentist", "dentallab", "implant", "surgicalguide"}


class NotBuiltOnACommonWord(CommonPasswordValidator):
    """Refuses a common password that was made longer: `Password2026!!`, `dragondragon`.

    The list of common passwords has few that are as long as ours must be, so what counts is what
    is left without digits and signs at both ends, said once.
    """

    def validate(self, password, user=None):
        if _core(password.lower()) in self.passwords | OUR_WORDS:
            raise ValidationError(
                "This password is a common word with something added, which is guessed soon. "
                "Three or four words that have nothing to do with each other are better.",
                code="built_on_a_common_word",
            )

    def get_help_text(self):
        return "It can’t be a common word with digits or signs added."


def _core(password):
    at = [place for place, sign in enumerate(password) if sign.isalpha()]
    core = password[at[0] : at[-1] + 1] if at else password
    for length in range(1, len(core) // 2 + 1):
        if len(core) % length == 0 and core[:length] * (len(core) // length) == core:
            return core[:length]
    return core
