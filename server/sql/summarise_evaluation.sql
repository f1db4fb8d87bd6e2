-- The figures of one evaluation as it was kept: in total, for each tag, field and operator.
--
-- One row of four JSON objects. Parameter: run_id.

with figure as (
    -- The measures of each tag, the empty tag standing for all questions.
    select
        tag,
        max(questions) as questions,
        jsonb_object_agg(measure, value) filter (where measure not in ('p50', 'p95')) as rates,
        jsonb_object_agg(measure || '_interval', jsonb_build_array(low, high))
            filter (where method is not null) as intervals,
        jsonb_object_agg(measure, value) filter (where measure in ('p50', 'p95')) as milliseconds
    from panelens.evaluation_figure
    where run_id = %(run_id)s
    group by tag
),

reliability as (
    -- The bins of each tag.
    select
        tag,
        jsonb_agg(
            jsonb_build_object(
                'from', confidence_from,
                'to', confidence_to,
                'questions', questions,
                'confidence', confidence,
                'exact', exact
            )
            order by confidence_from
        ) as bins
    from panelens.evaluation_reliability
    where run_id = %(run_id)s
    group by tag
),

described as (
    -- Both as one object a tag.
    select
        tag,
        jsonb_build_object('questions', questions)
            || rates
            || intervals
            || jsonb_build_object(
                'reliability', coalesce(bins, '[]'::jsonb),
                'milliseconds', milliseconds
            ) as figures
    from figure
    left join reliability using (tag)
),

condition as (
    -- The conditions' figures, one object a field and one an operator.
    select
        kind,
        jsonb_object_agg(
            name,
            jsonb_build_object(
                'questions', questions,
                'gold', gold,
                'predicted', predicted,
                'correct', correct,
                'precision', precision,
                'recall', recall,
                'f1', f1
            )
        ) as figures
    from panelens.evaluation_condition
    where run_id = %(run_id)s
    group by kind
)

select
    (select figures from described where tag = '') as total,
    (
        select coalesce(jsonb_object_agg(tag, figures), '{}'::jsonb)
        from described
        where tag <> ''
    ) as by_tag,
    coalesce((select figures from condition where kind = 'field'), '{}'::jsonb) as by_field,
    coalesce((select figures from condition where kind = 'operator'), '{}'::jsonb) as by_operator
