-- Which of a panel's unfinished loads nobody has gone on with for a week.
--
-- One row each: the key that its tables are named after. Parameters: panel.

select key
from panelens.staging
where panel = %(panel)s
    and started_at < now() - interval '7 days'
