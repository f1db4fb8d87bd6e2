-- How many respondents of a panel gave each answer, as of its last load.
--
-- One row a field and answer. Parameter: panel.

select field, stored, people
from panelens.answer_count
where panel = %(panel)s
