-- Somebody signed in; sessions that nobody can use any more go. No row.
--
-- Parameters: secret_sha256, person_id, idle_minutes, days.

with
-- what is past its time, whoever's it was
ended as (
    delete from panelens.session
    where seen_at < now() - make_interval(mins => %(idle_minutes)s)
        or started_at < now() - make_interval(days => %(days)s)
)
insert into panelens.session (secret_sha256, person_id)
values (%(secret_sha256)s, %(person_id)s)
