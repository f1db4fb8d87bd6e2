-- The same password hashed at today's cost, unless it was changed meanwhile. No row.
--
-- Parameters: person_id; checked, the hash it was held against; renewed.

update panelens.person
set password_hash = %(renewed)s
where id = %(person_id)s and password_hash = %(checked)s
