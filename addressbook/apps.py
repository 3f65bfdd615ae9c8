from django.apps import AppConfig


class AddressBookConfig(AppConfig):
    name = "addressbook"
    verbose_name = "Address book"

    def ready(self) -> None:
        from mailerconsole.operations import checks  # noqa: F401 - registers them
