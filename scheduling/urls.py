from django.urls import path

from scheduling import views

app_name = "scheduling"
urlpatterns = [
    path("cases/<str:number>/schedule/", views.schedule, name="schedule"),
    path("cases/<str:number>/planning.ics", views.planning_calendar, name="calendar"),
]
