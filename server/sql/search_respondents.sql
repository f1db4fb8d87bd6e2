-- Who satisfies a filter: how many, what each condition costs, one page of them, a breakdown.
--
-- One row. Composed of the pieces of server/search/plan.py and counts.py:
--   respondent              the panel's table
--   held                    for each condition, whether the respondent satisfies it
--   missed, found           how many required conditions do not hold; whether the filter does
--   alone, without          for each condition: people it holds for; people found if it were dropped
--   matches                 the filter again over the columns, where an index can serve it
--   columns                 what is known of a respondent
--   joins, groups, names    the groups of the breakdown, and whether one is asked for
-- Parameters: the filter's values; page_rows, page_offset; breakdown_rows, the most lines listed.

with pattern as (
    -- Respondents who hold the same conditions, counted together: a condition is computed once a
    -- respondent, and whatever is counted below comes from these few rows.
    select {held} as held, count(*) as people
    from {respondent}
    group by 1
),

weighed as (
    -- How many conditions each pattern misses, and how many of each alternative.
    select held, people, {missed} as missed, {missed_in_groups} as missed_in_groups
    from pattern
),

counted as (
    -- Everyone, those whom the filter finds, and what each condition costs.
    select
        coalesce(sum(people), 0)::bigint as population,
        coalesce(sum(people) filter (where {found}), 0)::bigint as total,
        {alone} as alone,
        {without} as without
    from weighed
),

matched as not materialized (
    -- Whom the filter finds, with what is known of them.
    select {columns}
    from {respondent}
    where {matches}
),

page as (
    -- The order is fixed and random: the same question gives the same people, pages follow on.
    select {columns}
    from matched
    order by draw, respondent_id
    limit %(page_rows)s offset %(page_offset)s
),

held_against as not materialized (
    -- Everyone with whether the filter finds them, so that one scan divides both.
    select {columns}, ({matches}) is true as is_found
    from {respondent}
),

broken_down as (
    -- How many of each group of the breakdown are found, and how many there are in the panel.
    select {groups}, count(*) filter (where is_found) as people, count(*) as in_panel
    from held_against as matched {joins}
    where {asked}
    group by {names}
    having bool_or(is_found)
),

largest as (
    -- The lines that most of the found people are in.
    select {names}, people, in_panel
    from broken_down
    order by people desc, {names}
    limit %(breakdown_rows)s
),

described as (
    -- Their shares with Wilson's interval, and how many times the share in the whole panel that is.
    select
        {names},
        people,
        panelens.wilson(people, total) as bounds,
        people * population / (total * in_panel::double precision) as lift
    from largest
    cross join counted
)

select
    counted.population,
    counted.total,
    counted.alone,
    counted.without,
    (
        select coalesce(json_agg(page order by draw, respondent_id), '[]'::json)
        from page
    ) as page,
    (
        select coalesce(json_agg(json_build_array({names}, people, bounds[1], bounds[2], lift)), '[]'::json)
        from described
    ) as breakdown,
    (select count(*) from broken_down) as breakdown_lines
from counted
