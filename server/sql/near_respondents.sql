-- Who misses exactly one condition of a filter, and which one.
--
-- One row a respondent, in the panel's fixed order. Composed of the pieces of server/search/plan.py
-- and counts.py:
--   respondent                  the panel's table
--   held                        for each condition, whether the respondent satisfies it
--   missed, missed_in_groups    how many conditions do not hold, over held
--   lacking                     the number of the one condition that is missed, over these
--   columns                     what is known of a respondent
-- Parameters: the filter's values; most, how many respondents.

with flagged as (
    -- In the panel's order, so that the search ends with the last respondent wanted. "offset 0"
    -- keeps the planner from computing every condition again at each use below.
    select respondent_id, draw, {held} as held
    from {respondent}
    order by draw, respondent_id
    offset 0
),

weighed as (
    -- How many conditions each misses, and how many of each alternative.
    select
        respondent_id,
        draw,
        held,
        {missed} as missed,
        {missed_in_groups} as missed_in_groups
    from flagged
),

near as (
    -- The first of those who miss one, and which one.
    select respondent_id, draw, {lacking} as lacking
    from weighed
    where {lacking} is not null
    order by draw, respondent_id
    limit %(most)s
),

known as (
    -- What is known of them.
    select {columns}
    from {respondent}
    where respondent_id in (select respondent_id from near)
)

select near.lacking, row_to_json(known) as answers
from near
join known using (respondent_id)
order by near.draw, near.respondent_id
