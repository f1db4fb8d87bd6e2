-- The session was used just now. No row.
--
-- Parameter: secret_sha256.

update panelens.session
set seen_at = now()
where secret_sha256 = %(secret_sha256)s
