# Checks of what each post writes cost a parse of their text for each statement, and these say little.
# The rooms come first: a post locks its room before it reads anything else, so the two can't wait for each other.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0028_draft_turn'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='room',
            name='pins',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='room',
            name='retention_days',
            field=models.IntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='room',
            name='slow_seconds',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='membership',
            name='place',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='membership',
            name='unread_turn',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='message',
            name='html_version',
            field=models.SmallIntegerField(),
        ),
        migrations.AlterField(
            model_name='messagetext',
            name='author',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='messagetext',
            name='room',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.room'),
        ),
        migrations.AlterField(
            model_name='messagetext',
            name='version',
            field=models.SmallIntegerField(db_default=0),
        ),
    ]
