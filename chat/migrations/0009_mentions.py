"""Mentions know when they were made and in which ways, and those in threads whether they were read."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0008_leaner_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='mention',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='mention',
            name='unread',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='mention',
            name='ways',
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.RunSQL(
            "update chat_mention mention set created_at = message.created_at,"
            " ways = case when message.mentions_room then 8 else 1 end"
            " from chat_message message where message.id = mention.message_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='mention',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(fields=['person', '-created_at', '-message'], name='mention_newest'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('unread', True)), fields=['person'], name='mention_in_thread'),
        ),
    ]
