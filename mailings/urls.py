from django.urls import URLPattern, URLResolver, include, path

from mailings.views.compose import attachments, behind, check, draft, preview, recipient_files, recipients
from mailings.views.follow import about_address, follow_up, line, mailing, mailings, statistics
from mailings.views.follow import files as result_files
from mailings.views.follow import recipients as followed_recipients
from mailings.views.settings import sections
from mailings.views.suppressions import blocks, lists, unsubscribes
from mailings.views.templates import acts, content, editing, files, in_drafts, page

mailing_urls: list[URLPattern] = [
    path("", mailing.mailing_page, name="mailing"),
    path("save/", draft.save_draft, name="save_draft"),
    path("copy/", draft.copy_mailing, name="copy_mailing"),
    path("delete/", draft.ask_delete_draft, name="ask_delete_draft"),
    path("delete/apply/", draft.delete_draft, name="delete_draft"),
    path("recipients/", recipients.ask_recipients, name="ask_recipients"),
    path("recipients/groups/", recipients.add_groups, name="add_recipient_groups"),
    path("recipients/addresses/", recipients.add_addresses, name="add_recipient_addresses"),
    path("recipients/file/", recipient_files.add_file, name="add_recipient_file"),
    path("recipients/file/<int:file_id>/remove/", recipient_files.remove_file, name="remove_recipient_file"),
    path("recipients/file/<int:file_id>/", recipient_files.show_file, name="show_recipient_file"),
    path("recipients/file/<int:file_id>/choose/", recipient_files.choose_file, name="choose_recipient_file"),
    path("recipients/sample/", recipient_files.recipient_sample, name="recipient_sample"),
    path("recipients/behind/<str:which>/", behind.show_behind, name="recipients_behind"),
    path("recipients/<int:source_id>/refused/", behind.download_refused, name="download_refused_recipients"),
    path("recipients/now/", recipient_files.show_recipients, name="show_recipients"),
    path("recipients/<int:source_id>/remove/", recipients.remove_source, name="remove_recipients"),
    path("attachments/", attachments.add_attachment, name="add_attachment"),
    path("attachments/<int:attachment_id>/remove/", attachments.remove_attachment, name="remove_attachment"),
    path("template/", in_drafts.load_template, name="load_template"),
    path("save-as-template/", in_drafts.save_as_template, name="save_as_template"),
    path("preview/", preview.preview_draft, name="preview_draft"),
    path("preview/frame/", preview.preview_frame, name="preview_frame"),
    path("test/", preview.send_test_mail, name="send_test_mail"),
    path("check/", check.ask_send, name="ask_send"),
    path("confirm/", check.confirm_mailing, name="confirm_mailing"),
    path("frame/", mailing.mailing_frame, name="mailing_frame"),
    path("recipients/<int:number>/mail/", mailing.received_mail, name="received_mail"),
    path("recipients/<int:number>/mail/frame/", followed_recipients.received_frame, name="received_frame"),
    path("files/", result_files.mailing_files, name="mailing_files"),
    path("not-reached/send/", follow_up.send_to_not_reached, name="send_to_not_reached"),
    path("not-reached/take-out/", follow_up.take_out_of_book, name="take_out_of_book"),
    path("not-reached/group/", follow_up.put_into_group, name="put_into_group"),
    path("undo/", mailing.undo_mailing, name="undo_mailing"),
    path("approve/", mailing.approve_mailing, name="approve_mailing"),
    path("send-now/", mailing.send_mailing_now, name="send_mailing_now"),
    path("stop/", mailing.stop_mailing, name="stop_mailing"),
    path("pause/", mailing.pause_mailing, name="pause_mailing"),
    path("resume/", mailing.resume_mailing, name="resume_mailing"),
    path("parts/<int:part_id>/look/", mailing.look_again, name="look_again"),
    path("parts/<int:part_id>/send/", mailing.send_part, name="send_part"),
    path("parts/<int:part_id>/leave-out/", mailing.leave_part_out, name="leave_part_out"),
]

book_urls: list[URLPattern | URLResolver] = [
    path("", mailings.mailings, name="mailings"),
    path("line/", line.mailing_line, name="mailing_line"),
    path("files/", result_files.mailings_files, name="mailings_files"),
    path("statistics/", statistics.mail_statistics, name="mail_statistics"),
    path("refresh/", mailings.refresh_mailings, name="refresh_mailings"),
    path("begin/", draft.begin_draft, name="begin_draft"),
    path("begin/selection/", recipients.begin_with_selection, name="begin_with_selection"),
    path("<int:mailing_id>/", include(mailing_urls)),
]

template_urls: list[URLPattern] = [
    path("", page.template_page, name="template"),
    path("edit/", editing.edit_template, name="edit_template"),
    path("copy/", acts.copy_template, name="copy_template"),
    path("delete/", acts.delete_template, name="delete_template"),
    path("restore/", acts.restore_template, name="restore_template"),
    path("content/", content.template_content, name="template_content"),
    path("content/frame/", content.template_frame, name="template_frame"),
]

templates_urls: list[URLPattern | URLResolver] = [
    path("", page.manage_templates, name="manage_templates"),
    path("state/", page.templates_state, name="templates_state"),
    path("refresh/", acts.refresh_templates, name="refresh_templates"),
    path("register/", editing.register_template, name="register_template"),
    path("categories/create/", acts.create_template_category, name="create_template_category"),
    path("categories/<int:category_id>/rename/", acts.rename_template_category, name="rename_template_category"),
    path("categories/<int:category_id>/delete/", acts.delete_template_category, name="delete_template_category"),
    path("import/", files.import_templates, name="import_templates"),
    path("import/<int:import_id>/stop/", files.stop_template_import, name="stop_template_import"),
    path("import/<int:import_id>/dismiss/", files.dismiss_template_import, name="dismiss_template_import"),
    path("export/", files.export_templates, name="export_templates"),
    path("<int:template_id>/", include(template_urls)),
]

unsubscribe_urls: list[URLPattern] = [
    path("", unsubscribes.unsubscribe_list, name="unsubscribes"),
    path("register/", unsubscribes.register_unsubscribes, name="register_unsubscribes"),
    path("remove/", unsubscribes.remove_unsubscribes, name="remove_unsubscribes"),
    path("lists/<int:upload_id>/take-back/", lists.take_back_unsubscribes, name="take_back_unsubscribes"),
    path("read/", unsubscribes.read_unsubscribes, name="read_unsubscribes"),
    path("tell/", unsubscribes.tell_unsubscribes, name="tell_unsubscribes"),
]

block_urls: list[URLPattern] = [
    path("", blocks.send_block_list, name="send_blocks"),
    path("look-up/", blocks.look_up_blocks, name="look_up_blocks"),
]

settings_urls: list[URLPattern] = [
    path("senders/add/", sections.add_sender, name="add_sender"),
    path("senders/<int:sender_id>/default/", sections.make_default_sender, name="make_default_sender"),
    path("senders/<int:sender_id>/remove/", sections.remove_sender, name="remove_sender"),
    path("advertising/", sections.change_advertising, name="change_advertising"),
    path("rules/", sections.change_rules, name="change_mail_rules"),
]

urlpatterns = [
    path("books/<slug:slug>/addresses/about/", about_address.show_about_address, name="about_address"),
    path("books/<slug:slug>/mailings/", include(book_urls)),
    path("books/<slug:slug>/templates/", include(templates_urls)),
    path("books/<slug:slug>/unsubscribes/", include(unsubscribe_urls)),
    path("books/<slug:slug>/send-blocks/", include(block_urls)),
    path("books/<slug:slug>/settings/mail/", include(settings_urls)),
]
