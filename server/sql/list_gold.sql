-- The gold set that grew on a panel: accepted corrections and imported questions.
--
-- One row a question. Parameter: panel.

select question, filter, unsupported, tags
from panelens.gold
where panel = %(panel)s
order by added_at, question
