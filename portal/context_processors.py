from django.conf import settings


def lab(request):
    """Name, email, phone, postal address and promises of the lab, as `lab` in every template."""
    return {
        "lab": {
            "name": settings.LAB_NAME,
            "email": settings.LAB_EMAIL,
            "phone": settings.LAB_PHONE,
            "address": settings.LAB_ADDRESS,
            "unsent_days": settings.UNSENT_DAYS,
        }
    }
