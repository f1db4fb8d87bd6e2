-- Whose session it is while it lasts. One row, or none; stale: it was not seen this minute.
--
-- Parameters: secret_sha256, idle_minutes, days.

select person.name, person.role, session.seen_at < now() - interval '1 minute' as stale
from panelens.session
join panelens.person on person.id = session.person_id
where session.secret_sha256 = %(secret_sha256)s
    and session.seen_at >= now() - make_interval(mins => %(idle_minutes)s)
    and session.started_at >= now() - make_interval(days => %(days)s)
