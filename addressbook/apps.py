from django.apps import AppConfig


class AddressBookConfig(AppConfig):
    name = "addressbook"
    verbose_name = "Address book"
