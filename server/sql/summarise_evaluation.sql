-- How good the readings of one evaluation are: in total, for each tag, for each field.
--
-- One row of three JSON objects. The rates of the respondents are means over questions; those of a
-- field count its conditions over all questions. Parameter: run_id.

with judged as (
    select
        number, tags, gold, predicted, exact, unsupported_correct, limit_correct,
        precision, recall, f1, jaccard, identical, confidence, milliseconds
    from panelens.evaluation_case
    where run_id = %(run_id)s
),

scope as (
    -- The empty tag stands for all questions together.
    select '' as tag, number
    from judged
    union all
    select tag, number
    from judged
    cross join lateral unnest(tags) as given (tag)
),

figure as (
    select
        tag,
        count(*)::double precision as questions,
        avg(exact::integer)::double precision as exact,
        avg(precision) as precision,
        avg(recall) as recall,
        avg(f1) as f1,
        avg(jaccard) as jaccard,
        avg(identical::integer)::double precision as identical,
        avg(limit_correct::integer)::double precision as limit_correct,
        avg(unsupported_correct::integer)::double precision as unsupported_correct,
        percentile_cont(0.5) within group (order by milliseconds) as p50,
        percentile_cont(0.95) within group (order by milliseconds) as p95
    from scope
    join judged using (number)
    group by tag
),

level as (
    -- The normal quantile of a two-sided interval of 95 percent.
    select 1.959963984540054::double precision as z
),

spread as (
    -- Wilson's interval, which stays honest near 0 and 1 and for few questions.
    select
        tag,
        (exact + z * z / (2 * questions)) / (1 + z * z / questions) as middle,
        z / (1 + z * z / questions)
            * sqrt(exact * (1 - exact) / questions + z * z / (4 * questions * questions)) as reach
    from figure
    cross join level
),

bin as (
    -- Ten bins of equal width; full confidence belongs to the last.
    select
        tag,
        least(width_bucket(confidence, 0, 1, 10), 10) as place,
        count(*) as questions,
        avg(confidence) as confidence,
        avg(exact::integer)::double precision as exact
    from scope
    join judged using (number)
    where confidence is not null
    group by tag, place
),

calibration as (
    select
        tag,
        sum(questions * abs(confidence - exact)) / sum(questions)::double precision as ece,
        jsonb_agg(
            jsonb_build_object(
                'from', (place - 1) / 10::double precision,
                'to', place / 10::double precision,
                'questions', questions,
                'confidence', confidence,
                'exact', exact
            )
            order by place
        ) as reliability
    from bin
    group by tag
),

described as (
    select
        tag,
        jsonb_build_object(
            'questions', questions,
            'exact', exact,
            'exact_interval', jsonb_build_array(
                greatest(0, middle - reach), least(1, middle + reach)
            ),
            'precision', precision,
            'recall', recall,
            'f1', f1,
            'jaccard', jaccard,
            'identical', identical,
            'limit', limit_correct,
            'unsupported', unsupported_correct,
            'ece', ece,
            'reliability', coalesce(reliability, '[]'::jsonb),
            'milliseconds', jsonb_build_object('p50', p50, 'p95', p95)
        ) as figures
    from figure
    join spread using (tag)
    left join calibration using (tag)
),

condition as (
    -- What each filter says of a field; in canonical form, the same is said in the same words.
    select number, side, part, field, wanted
    from judged
    cross join lateral (values ('gold', gold), ('predicted', predicted)) as reading (side, filter)
    cross join lateral (
        select 'where', field, wanted
        from jsonb_each(filter -> 'where') as required (field, wanted)
        union all
        select 'not', field, wanted
        from jsonb_each(filter -> 'not') as negated (field, wanted)
        union all
        select 'either', field, wanted
        from jsonb_array_elements(filter -> 'either') as one (way)
        cross join lateral jsonb_each(way) as alternative (field, wanted)
        union all
        select 'by', field, null::jsonb
        from jsonb_array_elements_text(filter -> 'by') as breakdown (field)
    ) as said (part, field, wanted)
),

compared as (
    select
        number,
        field,
        bool_or(side = 'gold') as in_gold,
        bool_or(side = 'predicted') as in_predicted
    from condition
    group by number, part, field, wanted
),

field_figure as (
    select
        field,
        count(distinct number) filter (where in_gold) as questions,
        count(*) filter (where in_gold) as gold,
        count(*) filter (where in_predicted) as predicted,
        count(*) filter (where in_gold and in_predicted) as correct
    from compared
    group by field
),

field_described as (
    select
        field,
        jsonb_build_object(
            'questions', questions,
            'gold', gold,
            'predicted', predicted,
            'correct', correct,
            'precision', coalesce(correct / nullif(predicted, 0)::double precision, 0),
            'recall', coalesce(correct / nullif(gold, 0)::double precision, 0),
            'f1', 2 * correct / (gold + predicted)::double precision
        ) as figures
    from field_figure
)

select
    (select figures from described where tag = '') as total,
    (
        select coalesce(jsonb_object_agg(tag, figures), '{}'::jsonb)
        from described
        where tag <> ''
    ) as by_tag,
    (
        select coalesce(jsonb_object_agg(field, figures), '{}'::jsonb)
        from field_described
    ) as by_field
