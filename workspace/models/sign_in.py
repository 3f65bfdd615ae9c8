from typing import Self

from django.db import models
from django.db.models.functions import Now


class GuessCounterQuerySet(models.QuerySet["GuessCounter"]):
    def forgotten(self) -> Self:
        """Those that say nothing any more, by the clock of the database."""
        return self.filter(forget_after__lte=Now())


class GuessCounter(models.Model):
    """How much was guessed lately at one account, from one network address, or from one browser.

    `key` is a keyed digest of what is counted: neither an address nor what somebody typed as their name stands here.
    `level` goes up by one with each guess, and down by itself with time (`services.guessing`).
    """

    key = models.CharField(max_length=64, primary_key=True)
    level = models.FloatField(default=0)
    guessed_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)
    forget_after = models.DateTimeField(db_index=True)

    objects = GuessCounterQuerySet.as_manager()

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"{self.level:.1f} guesses"


class Authenticator(models.Model):
    """The app of a user that makes codes: their second factor. Without `confirmed_at` it is only being set up.

    The secret that it shares with us is sealed (`services.secrets`). `last_step` is the period of 30 seconds, counted
    since 1970, of the last code that was accepted: no code of it or of one before is accepted again.
    """

    user = models.OneToOneField("User", models.CASCADE, related_name="authenticator")
    sealed_secret = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"authenticator of user {self.user_id}"


class RecoveryCode(models.Model):
    """A code that replaces the app once. Hashed like a password; used ones are deleted."""

    user = models.ForeignKey("User", models.CASCADE, related_name="recovery_codes")
    hashed = models.CharField(max_length=128)

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"
