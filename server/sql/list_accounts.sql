-- Everybody who may sign in, in the order of their names. One row a person.
--
-- No parameters.

with
-- when each was last here
seen as (
    select person_id, max(seen_at) as seen_at
    from panelens.session
    group by person_id
)
select person.name, person.role, person.created_at, seen.seen_at
from panelens.person
left join seen on seen.person_id = person.id
order by person.name
