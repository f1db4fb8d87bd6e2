-- A new person. One row: whether the name was free.
--
-- Parameters: name, role, password_hash.

with
-- the person, unless somebody has that name
added as (
    insert into panelens.person (name, role, password_hash)
    values (%(name)s, %(role)s, %(password_hash)s)
    on conflict do nothing
    returning id
)
select exists (select from added) as present
