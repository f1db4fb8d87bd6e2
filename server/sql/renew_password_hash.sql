-- The same password hashed at today's cost. No row.
--
-- Parameters: person_id, password_hash.

update panelens.person
set password_hash = %(password_hash)s
where id = %(person_id)s
