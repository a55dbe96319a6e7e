from django.contrib import admin


class ShortInline(admin.TabularInline):
    """A table of rows within the form of another one, of as many as anybody types.

    Django makes forms for a thousand more than it shows, which costs seconds for one request.
    """

    MOST = max_num = 300

    def get_formset(self, request, obj=None, **kwargs):
        # Where nobody may add any, max_num is set to 0 for a request.
        return super().get_formset(request, obj, absolute_max=self.MOST, **kwargs)
