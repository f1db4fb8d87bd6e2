-- Every session of a person ends. No row.
--
-- Parameter: name.

delete from panelens.session
using panelens.person
where session.person_id = person.id
    and panelens.normalised(person.name) = panelens.normalised(%(name)s)
