"""The door through which an organisation's role enqueues its own jobs, and what nobody may do in this database."""

from django.db import migrations

ENQUEUE = """
create function public.enqueue_job(
    task text, queue text, arguments jsonb, waiting_once text, not_before timestamptz
) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    -- Inside a definer's function current_user is the owner; the role that was taken still stands here.
    caller text := pg_catalog.current_setting('role');
begin
    if caller <> 'none' then
        arguments := arguments || pg_catalog.jsonb_build_object('organisation', caller);
        waiting_once := caller || ':' || waiting_once;
    end if;
    insert into public.procrastinate_jobs (queue_name, task_name, queueing_lock, args, scheduled_at)
    values (queue, task, waiting_once, arguments, not_before)
    on conflict (queueing_lock) where status = 'todo' do nothing;
end
$$;
revoke all on schema public from public;
grant usage on schema public to public;
do $$ begin
    execute pg_catalog.format('revoke temporary on database %I from public', pg_catalog.current_database());
exception when insufficient_privilege then
    raise warning 'revoke temporary on this database from public yourself: the login does not own it';
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [migrations.RunSQL(ENQUEUE, migrations.RunSQL.noop)]
