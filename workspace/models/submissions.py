from django.db import models


class Submission(models.Model):
    """A form that was sent and what it brought about, kept so that the same form sent again has no second effect.

    The row is written in the transaction of its effect: either both are there or neither.
    """

    token = models.UUIDField()
    act = models.CharField(max_length=20)
    # Of what was sent: the same form with other contents is another submission.
    digest = models.CharField(max_length=64)
    user = models.ForeignKey("User", models.CASCADE, related_name="+", db_index=False)
    outcome = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        app_label = "addressbook"
        constraints = [models.UniqueConstraint(fields=["user", "token", "act", "digest"], name="submission_once")]

    def __str__(self) -> str:
        return str(self.token)
