-- The segments of a panel, the newest first.
--
-- One row a segment. Parameter: panel.

select id, name, note, question, filter, people, made_by, made_at
from panelens.segment
where panel = %(panel)s
order by made_at desc, id desc
