-- A person goes, and their sessions with them. One row: whether there was one of that name.
--
-- Parameter: name.

with
-- the person of that name
removed as (
    delete from panelens.person
    where panelens.normalised(name) = panelens.normalised(%(name)s)
    returning id
)
select exists (select from removed) as present
