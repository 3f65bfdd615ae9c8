from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "mailerconsole.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from mailerconsole.operations import checks  # noqa: F401 - registers them
