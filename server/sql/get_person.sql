-- Who has that name, to check a password. One row, or none.
--
-- Parameter: name.

select id, name, role, password_hash
from panelens.person
where panelens.normalised(name) = panelens.normalised(%(name)s)
