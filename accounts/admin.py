from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm

from accounts.models import Access, Dentist, Practice, User
from portal.read_only import ReadOnlyAdmin

# One way in, with one set of limits, for dentists and staff.
admin.site.login = secure_admin_login(admin.site.login)
# The library's own table of addresses; the address of a user is a field of the user here.
admin.site.unregister(EmailAddress)


class DentistInline(admin.TabularInline):
    model = Dentist
    extra = 0


class MemberInline(admin.TabularInline):
    model = User
    fields = ["name", "email", "is_active", "last_login"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request, obj):
        return False


@admin.register(Practice)
class PracticeAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "phone", "time_zone", "tooth_numbering", "is_active"]
    list_filter = ["is_active", "tooth_numbering"]
    search_fields = ["name", "email", "phone"]
    inlines = [DentistInline, MemberInline]


@admin.register(Dentist)
class DentistAdmin(admin.ModelAdmin):
    list_display = ["name", "practice", "license_state", "license_number", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["practice"]
    search_fields = ["name", "license_number", "practice__name"]
    autocomplete_fields = ["practice"]


class NewUserForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ["email", "name", "practice", "is_staff"]
        field_classes = {"email": forms.EmailField}


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    add_form = NewUserForm
    list_display = ["name", "email", "practice", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active"]
    list_select_related = ["practice"]
    search_fields = ["name", "email", "practice__name"]
    ordering = ["name"]
    autocomplete_fields = ["practice"]
    fieldsets = [
        (None, {"fields": ["email", "name", "practice", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "email", "name", "practice", "is_staff",
                    "usable_password", "password1", "password2",
                ]
            },
        ),
    ]  # fmt: skip


@admin.register(Access)
class AccessAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """The access log, to read."""

    list_display = ["at", "user", "practice", "case_number", "what", "item", "result", "address"]
    list_filter = ["what", "result"]
    list_select_related = ["user", "practice"]
    list_per_page = 50
    search_fields = ["case_number", "user__email", "user__name"]
    search_help_text = "Case ID, or name or address of a user"
    date_hierarchy = "at"
