"""Reminders that are due."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_rooms'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('mention', 'mention'), ('direct', 'direct message'), ('thread', 'thread'), ('room', 'room'), ('reminder', 'reminder'), ('note', 'note')], max_length=8),
        ),
    ]
