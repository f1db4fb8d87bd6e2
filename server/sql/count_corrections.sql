-- How many corrections wait for a decision. Parameter: panel.

select count(*) as waiting
from panelens.correction_waiting
where panel = %(panel)s
