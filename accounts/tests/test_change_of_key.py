"""SECRET_KEY can be changed while the portal is in use."""

import pytest

NEW = "another-key-that-is-long-enough-0123456789-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(("keeps_old", "status"), [(True, 200), (False, 302)])
def test_with_the_key_of_before_people_stay_signed_in(dentist_client, settings, keeps_old, status):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keeps_old else []
    settings.SECRET_KEY = NEW
    assert dentist_client.get("/cases/").status_code == status
