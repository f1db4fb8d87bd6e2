-- How many respondents of a panel gave each answer, as of its last load, and how many it has.
--
-- One row a field and answer. Composed of: respondent, the panel's table. Parameter: panel.

select field, stored, people, (select count(*) from {respondent}) as population
from panelens.answer_count
where panel = %(panel)s
