"""Words with their time, a list of words in their other forms, and the words of files. Rows of before are seen to by a job."""

import datetime
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0014_marking_unread'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AttachmentText',
            fields=[
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='words', serialize=False, to='chat.attachment')),
                ('vector', django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.CreateModel(
            name='Vocabulary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upto', models.BigIntegerField(default=0)),
                ('dictionary', models.CharField(default='simple', max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='Word',
            fields=[
                ('word', models.TextField(primary_key=True, serialize=False)),
                ('stem', models.TextField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name='messagetext',
            name='message_words_room',
        ),
        migrations.AddField(
            model_name='messagetext',
            name='created_at',
            field=models.DateTimeField(db_default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
        ),
        migrations.AddField(
            model_name='messagetext',
            name='has_link',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='messagetext',
            name='version',
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
        migrations.AlterField(
            model_name='messagetext',
            name='author',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('edited_at__isnull', False)), fields=['edited_at'], name='message_edited'),
        ),
        migrations.AddIndex(
            model_name='messagetext',
            index=models.Index(fields=['created_at'], name='message_words_when'),
        ),
        migrations.AddIndex(
            model_name='messagetext',
            index=models.Index(fields=['room', 'created_at'], name='message_words_room'),
        ),
        migrations.AddIndex(
            model_name='messagetext',
            index=models.Index(fields=['author', 'created_at'], name='message_words_author'),
        ),
        migrations.AddIndex(
            model_name='messagetext',
            index=models.Index(condition=models.Q(('has_link', True)), fields=['created_at'], name='message_words_links'),
        ),
        migrations.AddIndex(
            model_name='messagetext',
            index=models.Index(condition=models.Q(('version__lt', 1)), fields=['message'], name='message_words_old'),
        ),
        migrations.AddField(
            model_name='attachmenttext',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.room'),
        ),
        migrations.AddIndex(
            model_name='word',
            index=models.Index(fields=['stem'], name='word_stem'),
        ),
        migrations.AddIndex(
            model_name='word',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['word'], name='word_parts', opclasses=['public.gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='attachmenttext',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['vector'], name='attachment_words'),
        ),
    ]
