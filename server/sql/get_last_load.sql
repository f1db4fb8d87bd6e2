-- The number of a panel's last load: what was counted of the panel holds until there is another.
--
-- One row. Parameter: panel.

select coalesce(max(id), 0) as number
from panelens.load
where panel = %(panel)s
