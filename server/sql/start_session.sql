-- Somebody signed in; sessions that nobody can use any more go. One row: whether the password is still
-- the one that was checked.
--
-- Parameters: secret_sha256, person_id, password_hash, idle_minutes, days.

with
-- what is past its time, whoever's it was
ended as (
    delete from panelens.session
    where seen_at < now() - make_interval(mins => %(idle_minutes)s)
        or started_at < now() - make_interval(days => %(days)s)
),
-- the session; a change of the password waits for it, or it for the change
started as (
    insert into panelens.session (secret_sha256, person_id)
    select %(secret_sha256)s, id
    from panelens.person
    where id = %(person_id)s and password_hash = %(password_hash)s
    for share
    returning person_id
)
select exists (select from started) as present
