from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.generic import RedirectView

from accounts import services
from accounts.models import Access, Dentist, Invitation, PasswordReset, Practice, User
from portal.admin_site import FoldedSearch, ReadOnlyAdmin, ShortInline, ShownOnlyAdmin
from portal.refusal import NotAllowed
from portal.work import WorkState
from portal.writing.times import short_time

# One way in, with one set of limits, for dentists and staff.
admin.site.login = secure_admin_login(admin.site.login)
# The library's own table of addresses; the address of a user is a field of the user here.
admin.site.unregister(EmailAddress)
# Secrets of second steps, and keys of sessions, are nobody's to read.
admin.site.unregister([Authenticator, UserSession])
admin.site.unregister(Group)
# The page for the password, with its limits and its mail, for everybody as well.
admin.site.password_change = RedirectView.as_view(pattern_name="account_change_password")


NO_DENTIST = "No active dentist"


class DentistInline(ShortInline):
    model = Dentist
    extra = 0


class MemberInline(ShortInline):
    model = User
    fields = ["name", "email", "is_owner", "is_active", "last_login"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request, obj):
        return False


class WithoutDentist(admin.SimpleListFilter):
    """Practices that cannot send a case."""

    title = "dentists"
    parameter_name = "dentists"

    def lookups(self, request, model_admin):
        return [("none", NO_DENTIST)]

    def queryset(self, request, queryset):
        return queryset.exclude(dentists__is_active=True) if self.value() == "none" else queryset


@admin.register(Practice)
class PracticeAdmin(FoldedSearch, ShownOnlyAdmin):
    list_display = [
        "name", "email", "phone", "owner_names", "dentist_names", "requires_mfa", "is_active",
    ]  # fmt: skip
    list_filter = ["is_active", WithoutDentist, "requires_mfa", "tooth_numbering"]
    search_fields = ["email", "phone"]
    inlines = [DentistInline, MemberInline]

    def get_queryset(self, request):
        owners = Prefetch("members", User.objects.filter(is_owner=True, is_active=True), "shown")
        dentists = Prefetch("dentists", Dentist.objects.filter(is_active=True), "shown_dentists")
        return super().get_queryset(request).prefetch_related(owners, dentists)

    def get_readonly_fields(self, request, obj=None):
        # Nothing to say of a practice that is only being added.
        return ["dentist_names"] if obj else []

    @admin.display(description="owners")
    def owner_names(self, practice):
        return ", ".join(owner.name for owner in practice.shown) or "none yet"

    @admin.display(description="active dentists")
    def dentist_names(self, practice):
        names = ", ".join(dentist.name for dentist in practice.shown_dentists)
        return names or format_html("<strong>{}</strong>", NO_DENTIST)

    def save_model(self, request, obj, form, change):
        before = Practice.objects.filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        if before:
            services.tell_of_address(before, obj, by=request.user)
        if change and not obj.is_active:
            members = obj.members.values_list("pk", flat=True)
            services.end_sessions(members, now=timezone.now())


@admin.register(Dentist)
class DentistAdmin(FoldedSearch, ShownOnlyAdmin):
    list_display = ["name", "practice", "license_state", "license_number", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["practice"]
    search_fields = ["license_number"]
    search_keys = ["name_key", "practice__name_key"]
    autocomplete_fields = ["practice"]


@admin.register(Invitation)
class InvitationAdmin(FoldedSearch, ShownOnlyAdmin):
    """How somebody of a practice gets an account: the lab types no passwords for people."""

    list_display = [
        "email", "practice", "is_owner", "invited_by", "created_at", "expires_at", "accepted_at",
        "withdrawn_at",
    ]  # fmt: skip
    list_select_related = ["practice", "invited_by"]
    search_fields = ["email", "name"]
    search_keys = ["practice__name_key"]
    autocomplete_fields = ["practice"]
    fields = ["practice", "email", "name", "is_owner"]
    actions = ["send_again", "withdraw"]

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def add_view(self, request, form_url="", extra_context=None):
        try:
            return super().add_view(request, form_url, extra_context)
        except NotAllowed as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(request.path)

    def save_model(self, request, obj, form, change):
        said = (obj.practice, obj.email, obj.name, obj.is_owner)
        obj.pk = services.invite(*said, by=request.user, now=timezone.now()).pk

    @admin.action(description="Send again", permissions=["add"])
    def send_again(self, request, queryset):
        given = {"by": request.user, "now": timezone.now()}
        self._each(request, queryset, services.invite_again, **given)

    @admin.action(description="Withdraw", permissions=["add"])
    def withdraw(self, request, queryset):
        self._each(request, queryset, services.withdraw, now=timezone.now())

    def _each(self, request, invitations, service, **given):
        for invitation in invitations:
            try:
                service(invitation, **given)
            except NotAllowed as refusal:
                self.message_user(request, f"{invitation}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{invitation}: done.")


class NewStaffForm(forms.ModelForm):
    """Staff only, and without a password: they choose one with the link that they are sent."""

    class Meta:
        model = User
        fields = ["email", "name", "groups"]

    def save(self, commit=True):
        self.instance.is_staff = True
        self.instance.set_unusable_password()
        return super().save(commit)


class MemberForm(forms.ModelForm):
    """What may be changed by those who are no superusers: a member stays one of a practice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "practice" in self.fields:  # which a page that is only read does not have
            self.fields["practice"].required = True


@admin.register(User)
class UserAdmin(FoldedSearch, ShownOnlyAdmin, BaseUserAdmin):
    """People of practices for the office, staff and their rights for superusers only."""

    add_form = NewStaffForm
    list_display = ["name", "email", "practice", "is_owner", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_owner", "is_active", "groups"]
    list_select_related = ["practice"]
    search_fields = ["email"]
    search_keys = ["name_key", "practice__name_key"]
    ordering = ["name_key"]
    autocomplete_fields = ["practice"]
    fieldsets = [
        (None, {"fields": ["email", "name", "practice", "is_owner", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    fieldsets_of_members = [
        (None, {"fields": ["email", "name", "practice", "is_owner", "is_active"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["send_again"]
    add_fieldsets = [
        (
            "New member of the lab",
            {
                "fields": ["email", "name", "groups"],
                "description": "They are sent a link for choosing a password, which works once, "
                "for seven days. People of practices are invited under Invitations instead.",
            },
        )
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).manageable_by(request.user)

    def has_add_permission(self, request):
        return request.user.is_superuser

    def get_fieldsets(self, request, obj=None):
        if request.user.is_superuser:
            return super().get_fieldsets(request, obj)
        return self.fieldsets_of_members

    def get_list_filter(self, request):
        return self.list_filter if request.user.is_superuser else ["is_owner", "is_active"]

    def get_form(self, request, obj=None, **kwargs):
        if not request.user.is_superuser:
            kwargs["form"] = MemberForm
        return super().get_form(request, obj, **kwargs)

    def user_change_password(self, request, id, form_url=""):
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def save_model(self, request, obj, form, change):
        before = User.objects.select_related("practice").filter(pk=obj.pk).first()
        if "practice" in form.changed_data and "is_owner" not in form.changed_data:
            obj.is_owner = False  # of the practice that was left, not of the new one
        super().save_model(request, obj, form, change)
        if before:
            services.follow_up(before, obj, by=request.user, now=timezone.now())
        else:
            self._invite(request, obj)

    @admin.action(
        description="Send the link for a first password again, for seven days", permissions=["add"]
    )
    def send_again(self, request, queryset):
        for user in queryset:
            try:
                self._invite(request, user)
            except NotAllowed as refusal:
                self.message_user(request, f"{user.email}: {refusal}", messages.ERROR)

    def _invite(self, request, user):
        until = services.invite_staff(user, by=request.user, now=timezone.now())
        self.message_user(
            request,
            f"A link for choosing a password is on its way to {user.email}. It works once, until "
            f"{short_time(until, request.user.time_zone)}; one sent before works no more.",
        )


@admin.register(Group)
class GroupAdmin(ShownOnlyAdmin, BaseGroupAdmin):
    """The rights of staff, for superusers only."""


@admin.register(PasswordReset)
class PasswordResetAdmin(ReadOnlyAdmin, ShownOnlyAdmin):
    """Links that somebody asked for and that could not be written; others are gone at once."""

    list_display = ["created_at", "email", "work_state", "work_failure"]
    list_filter = ["work_state"]
    fields = ["created_at", "email", "work_state", "work_failures", "work_failure"]
    readonly_fields = fields
    actions = ["try_again"]

    @admin.action(description="Try again what failed", permissions=["view"])
    def try_again(self, request, queryset):
        for asked in queryset.filter(work_state=WorkState.FAILED):
            asked.reask()
        self.message_user(request, "Failed links will be written within a minute.")


@admin.register(Access)
class AccessAdmin(FoldedSearch, ReadOnlyAdmin, ShownOnlyAdmin):
    """The access log, to read."""

    list_display = [
        "at", "user", "practice", "case_number", "what", "action", "item", "result", "address",
    ]  # fmt: skip
    # Not date_hierarchy, which looks at the day of each of millions of rows.
    list_filter = ["at", "action", "what", "result"]
    list_select_related = ["user", "practice"]
    list_per_page = 50
    search_fields = ["case_number"]
    search_keys = ["user__name_key"]
    search_help_text = "Case ID, or name of a user"
    # A count of millions of rows for one more word on the page.
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def get_search_fields(self, request):
        # The office, which sees no staff, would learn their addresses.
        return [*self.search_fields, *(["user__email"] if request.user.is_superuser else [])]

    def get_fields(self, request, obj=None):
        fields = [*self.list_display, "place", "digest"]
        # A reason for emergency access may name a patient, whom the office does not see.
        return [*fields, "note"] if request.user.has_perm("cases.change_case") else fields

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj)

    @admin.display(description="number in its chain")
    def place(self, row):
        return row.link.position if hasattr(row, "link") else "Not linked yet"

    def digest(self, row):
        return row.link.digest if hasattr(row, "link") else ""
