from django.contrib.auth.views import LogoutView
from django.urls import include, path

from addressbook.views import books, console, groups, jobs, registration, selection, sign_in, uploads

book_urls = [
    path("", console.console, name="console"),
    path("register/", registration.register, name="register"),
    path("register/check/", registration.check_registration, name="check_registration"),
    path("register/repair/", registration.repair_registration, name="repair_registration"),
    path("uploads/send/", uploads.send_upload, name="send_upload"),
    path("uploads/<int:upload_id>/", uploads.show_upload, name="show_upload"),
    path("uploads/<int:upload_id>/choose/", uploads.choose_upload, name="choose_upload"),
    path("uploads/<int:upload_id>/apply/", uploads.apply_upload, name="apply_upload"),
    path("uploads/<int:upload_id>/cancel/", uploads.cancel_upload, name="cancel_upload"),
    path("uploads/<int:upload_id>/dismiss/", uploads.dismiss_upload, name="dismiss_upload"),
    path("uploads/<int:upload_id>/refused/", uploads.download_refused, name="download_refused"),
    path("uploads/<int:upload_id>/mend/", uploads.mend_upload, name="mend_upload"),
    path("groups/create/", groups.create_group, name="create_group"),
    path("groups/create-inline/", groups.create_group_inline, name="create_group_inline"),
    path("groups/actions/", groups.group_actions, name="group_actions"),
    path("groups/rename/", groups.rename_group, name="rename_group"),
    path("groups/empty/", groups.empty_group, name="empty_group"),
    path("groups/delete/", groups.delete_group, name="delete_group"),
    path("addresses/select-all/", selection.select_everything, name="select_everything"),
    path("addresses/delete/", selection.ask_delete, name="ask_delete"),
    path("addresses/delete/apply/", selection.delete, name="delete_addresses"),
    path("addresses/remove/", selection.ask_remove, name="ask_remove"),
    path("addresses/remove/apply/", selection.remove, name="remove_from_group"),
    path("addresses/groups/", selection.ask_edit_groups, name="ask_edit_groups"),
    path("addresses/groups/apply/", selection.edit_groups, name="edit_groups"),
    path("addresses/send-mail/", selection.send_mail, name="send_mail"),
    path("jobs/", jobs.show_jobs, name="jobs"),
    path("jobs/<int:job_id>/cancel/", jobs.cancel_job, name="cancel_job"),
    path("jobs/<int:job_id>/dismiss/", jobs.dismiss_job, name="dismiss_job"),
    path("settings/", books.book_settings, name="book_settings"),
    path("settings/members/add/", books.add_member, name="add_member"),
    path("settings/members/role/", books.change_role, name="change_role"),
    path("settings/members/remove/", books.ask_remove_member, name="ask_remove_member"),
    path("settings/members/remove/apply/", books.remove_member, name="remove_member"),
]

urlpatterns = [
    path("", books.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("language/", sign_in.choose_language, name="set_language"),
    path("new-book/", books.create_book, name="create_book"),
    path("new-book/adopt/", books.adopt_book, name="adopt_book"),
    path("books/<slug:slug>/", include(book_urls)),
]
