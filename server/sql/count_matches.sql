-- How far two filters find the same people, their limits aside.
--
-- One row. Composed of the pieces of server/search/plan.py:
--   respondent         the panel's table
--   gold, predicted    the right filter and the one that was read
-- Parameters: the values of both filters.

with judged as (
    select ({gold}) as gold, ({predicted}) as predicted
    from {respondent}
)

select
    count(*) filter (where gold) as gold_size,
    count(*) filter (where predicted) as predicted_size,
    count(*) filter (where gold and predicted) as common_size
from judged
