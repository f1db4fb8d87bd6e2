-- A person's own searches, the latest first.
--
-- One row a search. Parameters: panel, made_by; most, how many at most.

select id, question, filter, people, made_at
from panelens.made_search
where panel = %(panel)s and made_by = %(made_by)s
order by made_at desc, id desc
limit %(most)s
