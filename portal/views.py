from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from portal import storage
from portal.celery import app
from portal.models import News


@require_safe
@login_not_required
def first_page(request):
    news = News.objects.showing(timezone.now())
    zone = getattr(request.user, "time_zone", settings.LAB_TIME_ZONE)
    return render(request, "portal/first_page.html", {"news": news, "zone": zone})


@require_safe
@login_not_required
def help_page(request):
    """The user manual."""
    return render(request, "portal/help.html")


@require_safe
@login_not_required
def healthz(request):
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
@login_not_required
def readyz(request):
    """200 when database, broker and storage answer, else 503; which of them does not is named."""
    answers = {"database": _database(), "broker": _broker(), "storage": _storage()}
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker():
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError):
        return False
    return True


def _storage():
    try:
        storage.stored_size("readyz")
    except OSError:
        return False
    return True
