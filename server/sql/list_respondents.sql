-- The next respondents who satisfy a filter, in the panel's fixed random order.
--
-- One row a respondent. The panel's table, its columns and the filter's predicates are composed in.
-- Parameters: the filter's values; after_draw and after_id, where the last row read stands (null
-- begins); page_rows, the most rows.

with matched as not materialized (
    -- Those who satisfy the filter, behind the last one that was read.
    select {columns}
    from {respondent}
    where
        ({matches})
        and (
            %(after_draw)s::bigint is null
            or (draw, respondent_id) > (%(after_draw)s::bigint, %(after_id)s::text)
        )
),

page as (
    -- The index on the order serves this: a late page costs what the first one does.
    select {columns}
    from matched
    order by draw, respondent_id
    limit %(page_rows)s
)

select row_to_json(page) as answers
from page
order by draw, respondent_id
