"""The index of keys compares bytes, so that it can tell which of them begin alike."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "address_once_per_edition"
BY_BYTES = models.UniqueConstraint(
    fields=["edition", "key"], name=NAME, opclasses=["int8_ops", "varchar_pattern_ops"]
)


def compare_bytes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    # SQLite compares bytes already, and would copy the whole table for nothing.
    if editor.connection.vendor == "postgresql":
        address = apps.get_model("addressbook", "Address")
        editor.remove_constraint(address, models.UniqueConstraint(fields=["edition", "key"], name=NAME))
        editor.add_constraint(address, BY_BYTES)


class Migration(migrations.Migration):
    dependencies = [("addressbook", "0006_history_actions")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(compare_bytes)],
            state_operations=[
                migrations.RemoveConstraint("address", NAME),
                migrations.AddConstraint("address", BY_BYTES),
            ],
        )
    ]
