-- An evaluation, from whom its filters find to its figures: kept and summed up in one statement.
--
-- One row: the run's number and when it was finished. Composed of the pieces of server/search/plan.py:
--   respondent         the panel's table
--   finding            for each distinct filter its number if it finds the respondent, else null
-- Parameters: the filters' values; cases, a JSON list with one object a question, which names its
-- filters by number; resamples, how often the bootstrap draws; panel and the other columns of
-- panelens.evaluation_run.

with filter_set as materialized (
    -- Whom each distinct filter finds, limits aside, in one scan of the panel; a filter that several
    -- questions share is looked for once.
    select found.filter, respondent_id as respondent
    from {respondent}
    cross join lateral unnest(array_remove(array[{finding}]::integer[], null)) as found (filter)
),

asked as (
    -- Every question with its readings and the numbers of their filters.
    select *
    from jsonb_to_recordset(%(cases)s) as given (
        number integer, question text, tags text[], fields text[],
        gold jsonb, predicted jsonb, gold_unsupported text[], predicted_unsupported text[],
        exact boolean, unsupported_correct boolean, limit_correct boolean,
        confidence double precision, milliseconds double precision,
        gold_filter integer, predicted_filter integer
    )
),

pair as (
    -- The right filter and the one that was read where they differ, each two of them once.
    select distinct gold_filter, predicted_filter
    from asked
    where gold_filter <> predicted_filter
),

gold_set as (
    -- The respondents who should be found.
    select gold_filter, predicted_filter, respondent
    from pair
    join filter_set on filter_set.filter = pair.gold_filter
),

predicted_set as (
    -- The respondents who are found.
    select gold_filter, predicted_filter, respondent
    from pair
    join filter_set on filter_set.filter = pair.predicted_filter
),

overlap as (
    -- How many are in one set, in the other and in both; no row when both are empty. A filter that
    -- was read as it should be overlaps in everyone it finds.
    select
        gold_filter,
        predicted_filter,
        count(gold_set.respondent) as gold_size,
        count(predicted_set.respondent) as predicted_size,
        count(*) filter (
            where gold_set.respondent is not null and predicted_set.respondent is not null
        ) as common_size
    from gold_set
    full join predicted_set using (gold_filter, predicted_filter, respondent)
    group by gold_filter, predicted_filter
    union all
    select filter, filter, count(*), count(*), count(*)
    from filter_set
    group by filter
),

run as (
    -- The run itself.
    insert into panelens.evaluation_run (
        panel, file, file_sha256, model, model_sha256, adapter, catalogue_version,
        catalogue_sha256, code_version, reference_year, recorded, person, started_at, questions,
        people
    )
    values (
        %(panel)s, %(file)s, %(file_sha256)s, %(model)s, %(model_sha256)s, %(adapter)s,
        %(catalogue_version)s, %(catalogue_sha256)s, %(code_version)s, %(reference_year)s,
        %(recorded)s, %(person)s, %(started_at)s, %(questions)s,
        (select count(*) from {respondent})
    )
    returning id, finished_at
),

judged as (
    -- Every question as it is kept; the table computes its rates from the sizes.
    insert into panelens.evaluation_case (
        run_id, number, question, tags, fields,
        gold, predicted, gold_unsupported, predicted_unsupported,
        exact, unsupported_correct, limit_correct, confidence, milliseconds,
        gold_size, predicted_size, common_size
    )
    select
        run.id, number, question, tags, fields,
        gold, predicted, gold_unsupported, predicted_unsupported,
        exact, unsupported_correct, limit_correct, confidence, milliseconds,
        coalesce(gold_size, 0), coalesce(predicted_size, 0), coalesce(common_size, 0)
    from asked
    cross join run
    left join overlap using (gold_filter, predicted_filter)
    returning
        number, tags, gold, predicted, exact, unsupported_correct, limit_correct,
        precision, recall, f1, jaccard, identical, confidence, milliseconds
),

scope as (
    -- Which questions belong to which tag; the empty tag stands for all questions together.
    select '' as tag, number
    from judged
    union all
    select tag, number
    from judged
    cross join lateral unnest(tags) as given (tag)
),

counted as (
    -- For each tag the rates of its questions in a row, to draw from, and what is right of them;
    -- of their confidence, the bin (0 without one) and how far it is from the truth.
    select
        tag,
        count(*)::integer as questions,
        count(*) filter (where exact) as exact,
        count(*) filter (where identical) as identical,
        count(*) filter (where limit_correct) as limit_correct,
        count(*) filter (where unsupported_correct) as unsupported_correct,
        avg(precision) as precision,
        avg(recall) as recall,
        avg(f1) as f1,
        avg(jaccard) as jaccard,
        array_agg(precision order by number) as precisions,
        array_agg(recall order by number) as recalls,
        array_agg(f1 order by number) as f1s,
        array_agg(jaccard order by number) as jaccards,
        array_agg(coalesce(place, 0) order by number) as places,
        array_agg(coalesce(confidence - exact::integer, 0) order by number) as gaps,
        percentile_cont(0.5) within group (order by milliseconds) as p50,
        percentile_cont(0.95) within group (order by milliseconds) as p95
    from scope
    join judged using (number)
    cross join lateral (
        -- Asked first, because least() ignores nulls and would put them into the last bin.
        select case
            when confidence is not null then least(width_bucket(confidence, 0, 1, 10), 10)
        end
    ) as bin (place)
    group by tag
),

resampled as (
    -- The figures of questions drawn with replacement, as many as there are: their means, and how far
    -- confidence is from truth in all bins together. What is drawn follows from a hash: the same
    -- questions give the same interval.
    select tag, resample, redrawn.precision, redrawn.recall, redrawn.f1, redrawn.jaccard, redrawn.ece
    from counted
    cross join generate_series(1, %(resamples)s::integer) as resample
    cross join lateral (
        select
            sum(binned.precision) / counted.questions as precision,
            sum(binned.recall) / counted.questions as recall,
            sum(binned.f1) / counted.questions as f1,
            sum(binned.jaccard) / counted.questions as jaccard,
            sum(abs(gap)) / (sum(drawn) filter (where bin > 0))::double precision as ece
        from (
            select
                places[place] as bin,
                count(*) as drawn,
                sum(precisions[place]) as precision,
                sum(recalls[place]) as recall,
                sum(f1s[place]) as f1,
                sum(jaccards[place]) as jaccard,
                sum(gaps[place]) as gap
            from (
                select
                    1 + mod(
                        hashint8extended(draw, resample) & 9223372036854775807, counted.questions
                    ) as place
                from generate_series(1, counted.questions) as draw
            ) as one
            group by bin
        ) as binned
    ) as redrawn
),

bootstrap as (
    -- The middle 95 percent of those figures.
    select
        tag,
        percentile_cont(array[0.025, 0.975]) within group (order by precision) as precision,
        percentile_cont(array[0.025, 0.975]) within group (order by recall) as recall,
        percentile_cont(array[0.025, 0.975]) within group (order by f1) as f1,
        percentile_cont(array[0.025, 0.975]) within group (order by jaccard) as jaccard,
        percentile_cont(array[0.025, 0.975]) within group (order by ece) as ece
    from resampled
    group by tag
),

bin as (
    -- Ten bins of confidence of equal width; full confidence belongs to the last.
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
    -- The expected calibration error: how far confidence is from truth, bin by bin.
    select
        tag,
        sum(questions)::integer as questions,
        sum(questions * abs(confidence - exact)) / sum(questions)::double precision as ece
    from bin
    group by tag
),

measured as (
    -- Shares with Wilson's interval, means with the bootstrap's, times without one. Few questions
    -- make the calibration error too large, and drawings of them twice so: hence its interval reaches
    -- as far below the error as the bootstrap does above it.
    select tag, measure, questions, value, bounds[1] as low, bounds[2] as high, method
    from counted
    join bootstrap using (tag)
    cross join lateral (
        values
            ('exact', exact / questions::double precision,
                panelens.wilson(exact, questions), 'wilson'),
            ('identical', identical / questions::double precision,
                panelens.wilson(identical, questions), 'wilson'),
            ('limit', limit_correct / questions::double precision,
                panelens.wilson(limit_correct, questions), 'wilson'),
            ('unsupported', unsupported_correct / questions::double precision,
                panelens.wilson(unsupported_correct, questions), 'wilson'),
            ('precision', counted.precision, bootstrap.precision, 'bootstrap'),
            ('recall', counted.recall, bootstrap.recall, 'bootstrap'),
            ('f1', counted.f1, bootstrap.f1, 'bootstrap'),
            ('jaccard', counted.jaccard, bootstrap.jaccard, 'bootstrap'),
            ('p50', p50, null, null),
            ('p95', p95, null, null)
    ) as over_all (measure, value, bounds, method)
    union all
    select
        tag,
        'ece',
        coalesce(calibration.questions, 0),
        calibration.ece,
        greatest(0, 2 * calibration.ece - bootstrap.ece[2]),
        bootstrap.ece[2],
        case when calibration.ece is not null then 'bootstrap' end
    from counted
    join bootstrap using (tag)
    left join calibration using (tag)
),

figure as (
    -- Drawings that are all equal, but for rounding, say nothing of how far off their mean may be.
    select tag, measure, questions, value, method,
        case when spread then low end as low,
        case when spread then high end as high
    from measured
    cross join lateral (select method = 'wilson' or high - low > 1e-9) as drawn (spread)
),

condition as (
    -- What each filter says; in canonical form, the same is said in the same words.
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
        union all
        select 'limit', null, filter -> 'limit'
        where filter -> 'limit' is not null
    ) as said (part, field, wanted)
),

compared as (
    -- Each condition of a question once, and in which of its filters it stands.
    select
        number,
        field,
        case
            when part <> 'where' then part
            when jsonb_typeof(wanted) = 'array' then 'any'
            when wanted -> 'all' is not null then 'all'
            else 'range'
        end as operator,
        bool_or(side = 'gold') as in_gold,
        bool_or(side = 'predicted') as in_predicted
    from condition
    group by number, part, field, wanted
),

condition_figure as (
    -- How many conditions of a field, or of an operator, are right.
    select
        kind,
        name,
        count(distinct number) filter (where in_gold) as questions,
        count(*) filter (where in_gold) as gold,
        count(*) filter (where in_predicted) as predicted,
        count(*) filter (where in_gold and in_predicted) as correct
    from compared
    cross join lateral (values ('field', field), ('operator', operator)) as seen (kind, name)
    where name is not null
    group by kind, name
),

kept_figure as (
    -- The figures as they are kept.
    insert into panelens.evaluation_figure (
        run_id, tag, measure, questions, value, low, high, method
    )
    select run.id, tag, measure, questions, value, low, high, method
    from figure
    cross join run
),

kept_condition as (
    -- The conditions' figures as they are kept.
    insert into panelens.evaluation_condition (
        run_id, kind, name, questions, gold, predicted, correct
    )
    select run.id, kind, name, questions, gold, predicted, correct
    from condition_figure
    cross join run
),

kept_bin as (
    -- The bins as they are kept.
    insert into panelens.evaluation_bin (run_id, tag, place, questions, confidence, exact)
    select run.id, tag, place, questions, confidence, exact
    from bin
    cross join run
)

select id, finished_at
from run
