-- A new password for a person, which ends every session of theirs. One row: whether they exist.
--
-- Parameters: name, password_hash.

with
-- the person of that name
changed as (
    update panelens.person
    set password_hash = %(password_hash)s
    where panelens.normalised(name) = panelens.normalised(%(name)s)
    returning id
),
-- whoever was signed in with the old one
ended as (
    delete from panelens.session
    using changed
    where session.person_id = changed.id
)
select exists (select from changed) as present
