"""Replies in threads: counted on their own, without a position in their room."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0005_pins'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('root', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='chat.message')),
                ('messages', models.BigIntegerField(default=0)),
                ('tombstones', models.BigIntegerField(default=0)),
                ('last_reply_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ThreadFollow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('following', models.BooleanField(default=True)),
                ('read_position', models.BigIntegerField(default=0)),
                ('unread', models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name='message',
            name='thread',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='thread_position',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='mention',
            name='position',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='message',
            name='position',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('thread__isnull', False)), fields=('thread', 'thread_position'), name='message_thread_position_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('position__isnull', False), ('thread__isnull', True), ('thread_position__isnull', True)), models.Q(('thread__isnull', False), ('thread_position__isnull', False)), _connector='OR'), name='message_has_a_place'),
        ),
        migrations.AddField(
            model_name='thread',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.room'),
        ),
        migrations.AddField(
            model_name='threadfollow',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='threadfollow',
            name='thread',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='follows', to='chat.thread'),
        ),
        migrations.AddIndex(
            model_name='threadfollow',
            index=models.Index(condition=models.Q(('following', True), ('unread', True)), fields=['person'], name='thread_follow_unread'),
        ),
        migrations.AddConstraint(
            model_name='threadfollow',
            constraint=models.UniqueConstraint(fields=('thread', 'person'), name='thread_follow_once'),
        ),
    ]
