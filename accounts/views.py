from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.forms import NameForm, PracticeForm


@require_http_methods(["GET", "HEAD", "POST"])
def account(request):
    """The practice and the person who is signed in, each with its own form."""
    practice = request.user.practice
    practice_form = PracticeForm(instance=practice) if practice else None
    name_form = NameForm(instance=request.user)
    if practice and "save_practice" in request.POST:
        practice_form = PracticeForm(request.POST, instance=practice)
        saved = _save(practice_form)
        # A refused value must not show up as the practice's own elsewhere on the page.
        practice.refresh_from_db()
    elif "save_name" in request.POST:
        name_form = NameForm(request.POST, instance=request.user)
        saved = _save(name_form)
    else:
        saved = False
    if saved:
        messages.success(request, "Your changes are saved.")
        return redirect("accounts:account")
    if request.method == "POST":
        messages.error(request, "Nothing was saved yet. Please correct what is marked below.")
    context = {
        "practice_form": practice_form,
        "name_form": name_form,
        "practice": practice,
        "owners": practice.owners if practice else None,
    }
    return render(request, "accounts/account.html", context)


def _save(form):
    if not form.is_valid():
        return False
    # Only these: what the lab changed a moment ago in the same row stays.
    form.instance.save(update_fields=list(form.fields))
    return True
