from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("addressbook", "0014_lists")]

    operations = [
        migrations.AddIndex(
            model_name="address",
            index=models.Index(fields=["edition", "registered_at", "id"], name="address_by_day"),
        ),
    ]
