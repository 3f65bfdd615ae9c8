from django.db import models

from workspace import limits
from workspace.models.books import AddressBook


class Connection(models.Model):
    """The API keys of a book; there is a row as long as it has any.

    Beside the book and not in it, so that what is read with every click holds no secret. `sealed_keys` opens with a key
    that is not in this database (`services.secrets`); `masked_access_key` is what a page may show.
    """

    book = models.OneToOneField(AddressBook, models.CASCADE, related_name="connection")
    # Scheme and host instead of the zone's own; only one that the operator allows (settings.MAILER_HOSTS) is called.
    base_url = models.CharField(max_length=limits.BASE_URL_CHARACTERS, blank=True)
    masked_access_key = models.CharField(max_length=limits.MASKED_KEY_CHARACTERS)
    sealed_keys = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"connection of book {self.book_id}"


class SealingKey(models.Model):
    """Which key seals in this installation, so that a machine with another is noticed; not the key, only its hash."""

    fingerprint = models.CharField(max_length=64, unique=True)

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return self.fingerprint[:8]
