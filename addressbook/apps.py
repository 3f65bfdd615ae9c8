from django.apps import AppConfig


class AddressBookConfig(AppConfig):
    name = "addressbook"
    verbose_name = "Address book"

    def ready(self) -> None:
        from addressbook.subscriptions import subscribe

        subscribe()
