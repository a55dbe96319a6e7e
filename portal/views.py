import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.health import dependencies, status
from portal.health.metrics import exposition
from portal.models import News

READY_SECONDS = 5


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
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
@login_not_required
def readyz(request):
    """200 when database, broker and storage answer, else 503; which of them does not is named."""
    asked = {
        "database": dependencies.database,
        "broker": dependencies.broker,
        "storage": dependencies.storage,
    }
    answers = {name: _answers(name, ask) for name, ask in asked.items()}
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)


def _answers(name, ask):
    try:
        dependencies.within(READY_SECONDS, ask, name)
    except dependencies.Unavailable:
        return False
    return True


@require_safe
@never_cache
@login_not_required
def metrics(request):
    """Figures for Prometheus, which shows METRICS_TOKEN; without that setting there are none."""
    if not settings.METRICS_TOKEN:
        raise Http404
    wanted, shown = f"Bearer {settings.METRICS_TOKEN}", request.headers.get("Authorization", "")
    if not secrets.compare_digest(wanted.encode(), shown.encode()):
        refusal = HttpResponse(
            "The token is missing or wrong.\n", "text/plain; charset=utf-8", status=401
        )
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    text = exposition(status.look(timezone.now()))
    return HttpResponse(text, content_type="text/plain; version=1.0.0; charset=utf-8")
