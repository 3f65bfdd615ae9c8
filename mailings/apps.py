from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    name = "mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        from addressbook.services.reset import forget_person
        from mailings.models import Decision
        from mailings.services import forgetting
        from workspace.views.history import named_values

        named_values.add_names("decision", Decision)
        forget_person.holds_addresses(lambda book, keys: forgetting.forget(book=book, keys=keys))
