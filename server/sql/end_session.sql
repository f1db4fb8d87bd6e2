-- Somebody signed out. No row.
--
-- Parameter: secret_sha256.

delete from panelens.session
where secret_sha256 = %(secret_sha256)s
