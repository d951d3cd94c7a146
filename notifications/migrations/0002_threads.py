"""Entries of replies are read with their thread; a follower has one unread entry for each."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='thread_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('mention', 'mention'), ('direct', 'direct message'), ('thread', 'thread'), ('note', 'note')], max_length=8),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'thread'), ('read_at__isnull', True)), fields=('person', 'thread_id'), name='notification_thread_once'),
        ),
    ]
