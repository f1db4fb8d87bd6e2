-- Whom a filter finds, divided in several ways at once, in one scan.
--
-- One row a division and group, and one of everybody. Composed of the pieces of server/search/plan.py:
--   respondent, columns    the panel's table and its columns
--   matches                the filter
--   groups, names, joins   the groups of all divisions
--   once                   true in one row of each respondent, whom several answers give several
--   divisions              for each division, its names
-- Parameters: the filter's values.

with matched as not materialized (
    -- Whom the filter finds, with what is known of them.
    select {columns}
    from {respondent}
    where {matches}
),

grouped as (
    -- The groups they belong to, one column for each field of each division.
    select {groups}, {once} as once
    from matched {joins}
)

select
    -- One bit a column, the last the lowest: 1 where it does not belong to the division.
    grouping({names}) as elsewhere,
    json_build_array({names}) as groups,
    count(*) filter (where once) as people,
    count(*) as answers
from grouped
group by grouping sets ({divisions}, ())
