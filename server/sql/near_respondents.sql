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
    -- "offset 0" keeps the planner from computing every condition again at each use below.
    select respondent_id, {held} as held
    from {respondent}
    offset 0
),

weighed as (
    select respondent_id, held, {missed} as missed, {missed_in_groups} as missed_in_groups
    from flagged
    offset 0
),

near as (
    select respondent_id, {lacking} as lacking
    from weighed
    where {lacking} is not null
),

page as (
    select near.lacking, {columns}
    from near
    join {respondent} using (respondent_id)
    order by draw, respondent_id
    limit %(most)s
)

select lacking, row_to_json(page) as answers
from page
order by draw, respondent_id
