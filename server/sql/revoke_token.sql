-- A token is taken back. One row: whether one of that name was in force.
--
-- Parameter: name.

with
-- the token, when nobody took it back before
revoked as (
    update panelens.token
    set revoked_at = now()
    where name = %(name)s and revoked_at is null
    returning id
)
select exists (select from revoked) as present
