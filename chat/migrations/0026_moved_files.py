"""Words of files don't say in which room they are: the file does, and it may move."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0025_retention"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="attachmenttext",
            name="room",
        ),
    ]
