-- Where a respondent stands in a list, found by the bookmark that an address may carry.
--
-- One row, or none when there is no such bookmark. The panel's table and the key of the list's order
-- are composed in. Parameter: bookmark.

select {key} as key, draw, respondent_id
from {respondent}
where bookmark = %(bookmark)s::uuid
