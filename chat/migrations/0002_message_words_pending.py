"""New words gather in the index's pending list: entering each message's words one by one was most of a post's cost."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]

    operations = [
        # Options of the index that exists: nothing is built anew, so a large organisation does not wait for it.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "alter index message_words set (fastupdate = on, gin_pending_list_limit = 256)",
                    "alter index message_words set (fastupdate = off)",
                )
            ],
            state_operations=[
                migrations.RemoveIndex("messagetext", "message_words"),
                migrations.AddIndex(
                    "messagetext",
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["vector"], name="message_words", fastupdate=True, gin_pending_list_limit=256
                    ),
                ),
            ],
        )
    ]
