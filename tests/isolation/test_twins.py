"""The ground that the other tests stand on: equal ids, and a canary in every field of text."""

from typing import Any

from django.db import connection

from tests.isolation.twins import Twin, words_in

_TEXTS = """
select table_name, column_name from information_schema.columns
where table_schema = %s and data_type in ('text', 'character varying', 'jsonb', 'json', 'tsvector')
  and table_name <> 'django_migrations'
order by 1, 2
"""
# Fields that can't hold a word of ours, and why.
WITHOUT: dict[tuple[str, str], str] = {
    ("accounts_handover", "token_hash"): "a hash",
    ("accounts_invitation", "token_hash"): "a hash",
    ("accounts_invitation", "kind"): "one of two words",
    ("accounts_invitation", "role"): "a role",
    ("accounts_person", "password"): "a hash",
    ("accounts_person", "picture"): "a random name, a secret of its own (Twin.secrets)",
    ("accounts_person", "kind"): "one of two words",
    ("accounts_person", "role"): "a role",
    ("accounts_person", "status_emoji"): "an emoji",
    ("accounts_profilefield", "kind"): "one of four words",
    ("accounts_person", "notify"): "one of three words",
    ("accounts_person", "time_zone"): "a time zone",
    ("auth_permission", "codename"): "names of the code",
    ("auth_permission", "name"): "names of the code",
    ("chat_customemoji", "version"): "a digest",
    ("chat_attachment", "content_type"): "a type that was found",
    ("chat_attachment", "file"): "a random name",
    ("chat_attachment", "kind"): "one of six words",
    ("chat_attachment", "state"): "one of four words",
    ("chat_attachment", "thumbnail"): "a random name",
    ("chat_block", "direct_key"): "ids",
    ("chat_import", "file"): "a random name",
    ("chat_import", "state"): "one of seven words",
    ("chat_importedroom", "state"): "one of two words",
    ("chat_linkpreview", "picture"): "a random name, a secret of its own",
    ("chat_linkpreview", "state"): "one of three words",
    ("chat_membership", "notify"): "one of three words",
    ("chat_message", "kind"): "one of three words",
    ("chat_reaction", "emoji"): "an emoji of the list",
    ("chat_room", "direct_key"): "ids",
    ("chat_room", "kind"): "one of three words",
    ("chat_vocabulary", "dictionary"): "the name of a dictionary of Postgres",
    ("chat_section", "kind"): "one of four words",
    ("django_content_type", "app_label"): "names of the code",
    ("django_content_type", "model"): "names of the code",
    ("django_session", "session_data"): "signed and encoded",
    ("django_session", "session_key"): "a secret of its own (Twin.secrets)",
    ("mfa_authenticator", "type"): "one of three words",
    ("notifications_notification", "kind"): "one of three words",
    ("socialaccount_socialaccount", "provider"): "a protocol",
    ("socialaccount_socialapp", "provider"): "a protocol",
    ("usersessions_usersession", "session_key"): "a secret of its own (Twin.secrets)",
}


def test_the_twins_have_the_same_ids(twins: tuple[Twin, Twin]) -> None:
    ours, theirs = twins
    assert ours.ids() == theirs.ids()
    assert not set(ours.readers) & set(theirs.readers)


def test_every_field_of_text_holds_a_canary(twins: tuple[Twin, Twin]) -> None:
    for twin in twins:
        schema, missing = twin.organisation.schema_name, []
        with connection.cursor() as cursor:
            cursor.execute(_TEXTS, [schema])
            columns: list[Any] = cursor.fetchall()
            for table, column in columns:
                cursor.execute(f'select "{column}"::text from "{schema}"."{table}"')
                words = {word for (value,) in cursor.fetchall() for word in words_in(value or "")}
                if not words & set(twin.readers):
                    missing.append((table, column))
        different = set(missing) ^ set(WITHOUT)
        assert not different, "\n".join(map(str, sorted(different)))
