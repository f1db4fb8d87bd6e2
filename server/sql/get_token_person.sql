-- What a token may do while it is in force. One row, or none; stale: it was not used this minute.
--
-- Parameter: secret_sha256.

select
    'token:' || name as name,
    role,
    coalesce(used_at < now() - interval '1 minute', true) as stale
from panelens.token
where secret_sha256 = %(secret_sha256)s and revoked_at is null and expires_at > now()
