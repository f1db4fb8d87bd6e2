-- What the latest evaluation of a panel says of questions that use any of these fields.
--
-- One row, or none when the panel's people were never evaluated; without such a question the rates
-- are null. Parameters: panel, fields.

with latest as (
    -- The latest evaluation of the people who are there, not of made-up ones before them.
    select run.id
    from panelens.evaluation_run as run
    left join panelens.people_replaced as replaced using (panel)
    where panel = %(panel)s and finished_at >= coalesce(replaced.at, '-infinity')
    order by run.id desc
    limit 1
),

asked as (
    -- The fields, in their order.
    select field, position
    from unnest(%(fields)s::text[]) with ordinality as given (field, position)
),

measured as (
    -- Its questions that use any of them.
    select fields, exact, precision, recall, f1, jaccard
    from panelens.evaluation_case
    where run_id = (select id from latest) and fields && %(fields)s::text[]
),

counted as (
    -- How many they are, how many were read right, and the means of their rates.
    select
        count(*) as questions,
        count(*) filter (where exact) as exact_questions,
        panelens.wilson(count(*) filter (where exact), count(*)) as bounds,
        avg(precision) as precision,
        avg(recall) as recall,
        avg(f1) as f1,
        avg(jaccard) as jaccard
    from measured
)

select
    questions,
    exact_questions,
    exact_questions / nullif(questions, 0)::double precision as exact,
    bounds[1] as exact_low,
    bounds[2] as exact_high,
    precision,
    recall,
    f1,
    jaccard,
    array(
        select field
        from asked
        where exists (select from measured where asked.field = any(measured.fields))
        order by position
    ) as fields
from counted
where exists (select from latest)
