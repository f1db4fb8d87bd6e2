-- Groups of respondents side by side: how the answers to one field are shared in each of them.
--
-- One row an answer and group; one without an answer for each group when nobody gave any. Each group
-- is compared with the last one. Shares are of those who answered; who gave several answers counts
-- for each. Composed of the pieces of server/search/plan.py:
--   respondent, columns    the panel's table and its columns
--   held                   for each group, whether the respondent belongs to it
--   joins, value, known    the field's answers, grouped, and whether there is one
-- Parameters: the filters' values; groups, how many there are; most, how many answers are listed.

with matched as (
    -- Every respondent, and the groups he or she belongs to.
    select {columns}, {held} as held
    from {respondent}
),

member as (
    -- One row for each group and respondent in it.
    select side, {columns}, held
    from matched
    cross join lateral unnest(held) with ordinality as given (belongs, side)
    where belongs
),

size as (
    -- How large each group is, how many of it answered, and how many are in each group too.
    select
        side,
        count(*) as people,
        count(*) filter (where {known}) as answered,
        array[
            count(*) filter (where held[1]),
            count(*) filter (where held[2]),
            count(*) filter (where held[3])
        ] as shared
    from member
    group by side
),

side as (
    -- Every group, the empty ones too.
    select
        number as side,
        coalesce(people, 0) as people,
        coalesce(answered, 0) as answered,
        coalesce(shared, array[0, 0, 0]::bigint[]) as shared
    from generate_series(1, %(groups)s::bigint) as number
    left join size on size.side = number
),

counted as (
    -- How many of a group gave an answer.
    select side, {value} as value, count(*) as people
    from member as matched {joins}
    where {known}
    group by side, value
),

answer as (
    -- The answers that most people gave.
    select value
    from counted
    where value is not null
    group by value
    order by sum(people) desc, value
    limit %(most)s
),

shared_out as (
    -- The share of each answer in each group, with Wilson's interval.
    select
        value,
        side.side,
        coalesce(counted.people, 0) as count,
        coalesce(counted.people, 0) / nullif(answered, 0)::double precision as share,
        panelens.wilson(coalesce(counted.people, 0), answered) as bounds
    from answer
    cross join side
    left join counted using (value, side)
),

last as (
    -- The group that the others are compared with.
    select value, share, bounds
    from shared_out
    where side = %(groups)s
)

select
    one.value,
    side.side,
    side.people,
    side.answered,
    side.shared,
    (select count(distinct value) from counted where value is not null) as answers,
    one.count,
    one.share,
    one.bounds[1] as share_low,
    one.bounds[2] as share_high,
    one.share - last.share as difference,
    -- Newcombe (1998), Statistics in Medicine 17, 873-890, method 10: Wilson's bounds joined.
    one.share - last.share
        - sqrt((one.share - one.bounds[1]) ^ 2 + (last.bounds[2] - last.share) ^ 2)
        as difference_low,
    one.share - last.share
        + sqrt((one.bounds[2] - one.share) ^ 2 + (last.share - last.bounds[1]) ^ 2)
        as difference_high,
    one.share / nullif(last.share, 0) as lift
from side
left join shared_out as one on one.side = side.side
left join last using (value)
order by one.value, side.side
