from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    name = "mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        from addressbook.services.reset import forget_person
        from mailings.services import forgetting

        forget_person.holds_addresses(lambda book, keys: forgetting.forget(book=book, keys=keys))
