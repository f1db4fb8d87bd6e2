-- A new password for a person. One row: whether they exist.
--
-- Parameters: name, password_hash.

with
-- the person of that name
changed as (
    update panelens.person
    set password_hash = %(password_hash)s
    where panelens.normalised(name) = panelens.normalised(%(name)s)
    returning id
)
select exists (select from changed) as present
