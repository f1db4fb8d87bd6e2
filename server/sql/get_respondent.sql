-- Everything that is known of one respondent.
--
-- One row, or none when there is no such respondent. The panel's table and columns are composed in.
-- Parameter: respondent_id.

with known as (
    -- The respondent of that id.
    select {columns}
    from {respondent}
    where respondent_id = %(respondent_id)s
)

select row_to_json(known) as answers
from known
