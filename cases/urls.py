from django.urls import path

from cases.files import downloads, uploads
from cases.views import emergency, listing, needs, new, record

app_name = "cases"
urlpatterns = [
    path("cases/", listing.case_list, name="list"),
    path("cases/export.csv", listing.export_csv, name="export_csv"),
    path("cases/new/", new.new_case, name="new"),
    path("cases/needs/", needs.needs, name="needs"),
    path("cases/files/<uuid:pk>/describe/", needs.describe_file, name="describe_file"),
    path("cases/drafts/<uuid:form_key>/", new.keep_draft, name="keep_draft"),
    path("cases/drafts/<uuid:form_key>/discard/", new.discard_draft, name="discard_draft"),
    path("cases/<str:number>/", record.record, name="record"),
    path("cases/<str:number>/created/", new.created, name="created"),
    path("cases/<str:number>/update/", record.update, name="update"),
    path("cases/<str:number>/update/send/", record.send_update, name="send_update"),
    path("cases/<str:number>/archive/", listing.archive, name="archive"),
    path("cases/<str:number>/unarchive/", listing.unarchive, name="unarchive"),
    path("cases/<str:number>/message/", record.post_message, name="message"),
    path("cases/<str:number>/rx/", downloads.rx, name="rx"),
    path("cases/<str:number>/changes/", record.compare, name="changes"),
    path("cases/<str:number>/rx/state/", record.rx_state, name="rx_state"),
    path("cases/<str:number>/rx/<int:revision>/", downloads.rx, name="rx_revision"),
    path("cases/<str:number>/files/", record.file_states, name="file_states"),
    path("cases/<str:number>/files/<uuid:pk>/", downloads.download, name="download"),
    path("admin/emergency/", emergency.emergency_page, name="emergency"),
    path("admin/emergency/<int:pk>/end/", emergency.end_emergency, name="end_emergency"),
    path("files/", uploads.uploads, name="uploads"),
    path("files/<uuid:pk>/", uploads.upload, name="upload"),
]
