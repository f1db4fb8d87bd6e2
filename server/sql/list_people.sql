-- One page of the people who satisfy a filter, in an order of choice, behind or before a place.
--
-- One row. Composed of the pieces of server/search/people.py:
--   respondent      the panel's table
--   columns         what is shown of a respondent
--   matches         the filter over the columns, where an index can serve it
--   key             what the list is sorted by; null keeps the panel's fixed random order
--   first           with a limit, the clause that keeps the first so many
--   behind          which rows lie on the wanted side of the place
--   page_order      the order seen from the place
-- Parameters: the filter's values and the place's; page_rows, the most rows; enough, up to how many
-- people are counted.

with matched as not materialized (
    -- Those who satisfy the filter.
    select {columns}, bookmark, {key} as key
    from {respondent}
    where {matches}
),

wanted as not materialized (
    -- As many as were asked for: the first of them in the panel's fixed random order.
    select {columns}, bookmark, key
    from matched
    {first}
),

page as (
    -- Those next to the place. No row is counted off: a late page costs what the first one does.
    select {columns}, bookmark, key
    from wanted
    where {behind}
    order by {page_order}
    limit %(page_rows)s
),

counted as (
    -- The people as far as they must be counted, to say that they are not too few.
    select 1 as one
    from matched
    limit %(enough)s
)

select
    (select coalesce(json_agg(page order by {page_order}), '[]'::json) from page) as page,
    (select count(*) from counted) as counted
