-- What the latest evaluation of a panel says of questions that use any of these fields.
--
-- One row, or none when the panel was never evaluated; without such a question the rates are null.
-- Parameters: panel, fields.

with latest as (
    select id
    from panelens.evaluation_run
    where panel = %(panel)s
    order by id desc
    limit 1
),

asked as (
    select field, position
    from unnest(%(fields)s::text[]) with ordinality as given (field, position)
),

measured as (
    select fields, exact, precision, recall, f1, jaccard
    from panelens.evaluation_case
    where run_id = (select id from latest) and fields && %(fields)s::text[]
),

counted as (
    select
        count(*) as questions,
        avg(exact::integer)::double precision as exact,
        avg(precision) as precision,
        avg(recall) as recall,
        avg(f1) as f1,
        avg(jaccard) as jaccard
    from measured
)

select
    questions,
    exact,
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
