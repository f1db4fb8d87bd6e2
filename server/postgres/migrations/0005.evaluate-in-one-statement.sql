-- An evaluation keeps its figures with their intervals, and every figure of a page has a view.

create function panelens.wilson(successes double precision, trials double precision)
    returns double precision[]
    language sql immutable parallel safe
    return case when trials > 0 then (
        select array[greatest(0, middle - reach), least(1, middle + reach)]
        from (
            select
                (successes + z * z / 2) / (trials + z * z),
                -- A planner may compute this before the case is decided.
                z * sqrt(successes * (trials - successes) / nullif(trials, 0) + z * z / 4)
                    / (trials + z * z)
            from (values (1.959963984540054::double precision)) as level (z)
        ) as spread (middle, reach)
    ) end;

comment on function panelens.wilson is
    'Wilson''s score interval of a share, 95 percent: Wilson (1927), JASA 22, 209-212. '
    'Stays honest near 0 and 1 and for few trials; null without any.';

alter table panelens.evaluation_run
    add column code_version text not null default '',
    add column model_sha256 text not null default '',
    add column catalogue_sha256 text not null default '',
    add column person text not null default '';

comment on column panelens.evaluation_run.code_version is 'of the product that compared';
comment on column panelens.evaluation_run.model_sha256 is 'SHA-256 of the model''s file';
comment on column panelens.evaluation_run.catalogue_sha256 is
    'SHA-256 of the catalogue that the questions were read with';
comment on column panelens.evaluation_run.person is 'who had it evaluated, empty at a start';

create table panelens.evaluation_figure (
    run_id    bigint           not null references panelens.evaluation_run on delete cascade,
    tag       text             not null,
    measure   text             not null,
    questions integer          not null,
    value     double precision,
    low       double precision,
    high      double precision,
    method    text check (method in ('wilson', 'bootstrap')),
    primary key (run_id, tag, measure)
);

comment on table panelens.evaluation_figure is
    'What an evaluation measured, one row a tag and measure.';
comment on column panelens.evaluation_figure.run_id is 'the evaluation it belongs to';
comment on column panelens.evaluation_figure.tag is 'the questions measured; empty: all of them';
comment on column panelens.evaluation_figure.measure is
    'exact, precision, recall, f1, jaccard, identical, limit, unsupported, ece, p50, p95';
comment on column panelens.evaluation_figure.questions is 'how many questions it is a mean of';
comment on column panelens.evaluation_figure.value is
    'the mean, from 0 to 1; milliseconds for p50 and p95; null when there is nothing to measure';
comment on column panelens.evaluation_figure.low is 'lower end of the 95 percent interval';
comment on column panelens.evaluation_figure.high is 'upper end of the 95 percent interval';
comment on column panelens.evaluation_figure.method is
    'how the interval was found: Wilson''s for shares, percentile bootstrap for means';

create table panelens.evaluation_condition (
    run_id     bigint  not null references panelens.evaluation_run on delete cascade,
    kind       text    not null check (kind in ('field', 'operator')),
    name       text    not null,
    questions  integer not null,
    gold       integer not null,
    predicted  integer not null,
    correct    integer not null,
    precision  double precision not null generated always as (
        coalesce(correct / nullif(predicted, 0)::double precision, 0)
    ) stored,
    recall     double precision not null generated always as (
        coalesce(correct / nullif(gold, 0)::double precision, 0)
    ) stored,
    f1         double precision not null generated always as (
        2 * correct / (gold + predicted)::double precision
    ) stored,
    primary key (run_id, kind, name)
);

comment on table panelens.evaluation_condition is
    'How often the conditions of a field or of an operator are read right, over all questions.';
comment on column panelens.evaluation_condition.run_id is 'the evaluation it belongs to';
comment on column panelens.evaluation_condition.kind is 'whether name is a field or an operator';
comment on column panelens.evaluation_condition.name is
    'a field''s name, or: any, all, range, not, either, by, limit';
comment on column panelens.evaluation_condition.questions is 'questions whose right filter has one';
comment on column panelens.evaluation_condition.gold is 'conditions in the right filters';
comment on column panelens.evaluation_condition.predicted is 'conditions that were read';
comment on column panelens.evaluation_condition.correct is 'conditions in both';
comment on column panelens.evaluation_condition.precision is 'correct / predicted';
comment on column panelens.evaluation_condition.recall is 'correct / gold';
comment on column panelens.evaluation_condition.f1 is 'harmonic mean of precision and recall';

create table panelens.evaluation_bin (
    run_id     bigint           not null references panelens.evaluation_run on delete cascade,
    tag        text             not null,
    place      smallint         not null check (place between 1 and 10),
    questions  integer          not null,
    confidence double precision not null,
    exact      double precision not null,
    primary key (run_id, tag, place)
);

comment on table panelens.evaluation_bin is
    'Confidence beside truth: ten bins of equal width, full confidence belongs to the last.';
comment on column panelens.evaluation_bin.run_id is 'the evaluation it belongs to';
comment on column panelens.evaluation_bin.tag is 'the questions measured; empty: all of them';
comment on column panelens.evaluation_bin.place is 'the bin, from 1: confidence 0 to 0.1';
comment on column panelens.evaluation_bin.questions is 'how many questions were so sure';
comment on column panelens.evaluation_bin.confidence is 'their mean confidence';
comment on column panelens.evaluation_bin.exact is 'the share of them that was read right';

create view panelens.evaluation_trend as
select
    run.id as run_id,
    run.panel,
    run.finished_at,
    run.file,
    run.model,
    run.adapter,
    run.catalogue_version,
    run.code_version,
    run.recorded,
    run.person,
    run.questions,
    exact.value as exact,
    exact.low as exact_low,
    exact.high as exact_high,
    f1.value as f1,
    f1.low as f1_low,
    f1.high as f1_high,
    jaccard.value as jaccard,
    jaccard.low as jaccard_low,
    jaccard.high as jaccard_high,
    ece.value as ece
from panelens.evaluation_run as run
left join panelens.evaluation_figure as exact
    on exact.run_id = run.id and exact.tag = '' and exact.measure = 'exact'
left join panelens.evaluation_figure as f1
    on f1.run_id = run.id and f1.tag = '' and f1.measure = 'f1'
left join panelens.evaluation_figure as jaccard
    on jaccard.run_id = run.id and jaccard.tag = '' and jaccard.measure = 'jaccard'
left join panelens.evaluation_figure as ece
    on ece.run_id = run.id and ece.tag = '' and ece.measure = 'ece';

comment on view panelens.evaluation_trend is
    'Accuracy page, trend: one row a run with its main figures and their intervals. '
    'select * from panelens.evaluation_trend where panel = ''welcome'' order by run_id';

create view panelens.evaluation_total as
select run_id, measure, questions, value, low, high, method
from panelens.evaluation_figure
where tag = '';

comment on view panelens.evaluation_total is
    'Accuracy page, figures of a run over all its questions, one row a measure.';

create view panelens.evaluation_by_tag as
select run_id, tag, measure, questions, value, low, high, method
from panelens.evaluation_figure
where tag <> '';

comment on view panelens.evaluation_by_tag is
    'Accuracy page, figures of a run by tag of its questions, one row a tag and measure.';

create view panelens.evaluation_by_field as
select
    run_id, name as field, questions, gold, predicted, correct, precision, recall, f1,
    panelens.wilson(correct, gold) as recall_interval,
    panelens.wilson(correct, predicted) as precision_interval
from panelens.evaluation_condition
where kind = 'field';

comment on view panelens.evaluation_by_field is
    'Accuracy page, per-field table: how often a run read the conditions of each field right.';

create view panelens.evaluation_by_operator as
select
    run_id, name as operator, questions, gold, predicted, correct, precision, recall, f1,
    panelens.wilson(correct, gold) as recall_interval,
    panelens.wilson(correct, predicted) as precision_interval
from panelens.evaluation_condition
where kind = 'operator';

comment on view panelens.evaluation_by_operator is
    'Accuracy page, per-operator table: any, all and range of the required conditions; not; '
    'either; by; limit.';

create view panelens.evaluation_reliability as
select
    run_id, tag,
    (place - 1) / 10::double precision as confidence_from,
    place / 10::double precision as confidence_to,
    questions, confidence, exact,
    (panelens.wilson(round(exact * questions), questions))[1] as exact_low,
    (panelens.wilson(round(exact * questions), questions))[2] as exact_high
from panelens.evaluation_bin;

comment on view panelens.evaluation_reliability is
    'Accuracy page, reliability diagram: how sure a run was beside how often it was right. '
    'The empty tag stands for all questions.';

create view panelens.evaluation_worst as
select
    run_id,
    row_number() over (
        partition by run_id order by exact, jaccard, confidence desc nulls last, number
    ) as place,
    number, question, tags, fields, gold, predicted, gold_unsupported, predicted_unsupported,
    exact, unsupported_correct, limit_correct, confidence, gold_size, predicted_size, common_size,
    precision, recall, f1, jaccard, identical
from panelens.evaluation_case;

comment on view panelens.evaluation_worst is
    'Accuracy page, worst questions first: filters that are wrong, by how few of the people agree, '
    'the surest of them first.';

create view panelens.evaluation_difference as
select
    earlier.run_id as before,
    later.run_id as after,
    question,
    case
        when later.exact and not earlier.exact then 'better'
        when earlier.exact and not later.exact then 'broken'
        when later.jaccard > earlier.jaccard then 'closer'
        when later.jaccard < earlier.jaccard then 'further'
        when later.predicted <> earlier.predicted
            or later.predicted_unsupported <> earlier.predicted_unsupported then 'other'
        else 'same'
    end as change,
    later.gold,
    earlier.gold <> later.gold as gold_changed,
    earlier.predicted as predicted_before,
    later.predicted as predicted_after,
    earlier.exact as exact_before,
    later.exact as exact_after,
    earlier.jaccard as jaccard_before,
    later.jaccard as jaccard_after
from panelens.evaluation_case as earlier
join panelens.evaluation_run as earlier_run on earlier_run.id = earlier.run_id
join panelens.evaluation_case as later using (question)
join panelens.evaluation_run as later_run
    on later_run.id = later.run_id and later_run.panel = earlier_run.panel;

comment on view panelens.evaluation_difference is
    'Two runs of one panel, question by question: better (right now, wrong before), broken (the '
    'other way round), closer or further (wrong both times, in whom they find), other (read '
    'otherwise, no nearer), same. Ask with both runs: where before = 1 and after = 2.';

create view panelens.evaluation_latest_case as
select
    run.panel, kept.run_id, kept.number, kept.question, kept.tags, kept.fields,
    kept.gold, kept.predicted, kept.gold_unsupported, kept.predicted_unsupported,
    kept.exact, kept.unsupported_correct, kept.limit_correct, kept.confidence,
    kept.milliseconds, kept.gold_size, kept.predicted_size, kept.common_size,
    kept.precision, kept.recall, kept.f1, kept.jaccard, kept.identical
from panelens.evaluation_case as kept
join (
    select panel, max(id) as id
    from panelens.evaluation_run
    group by panel
) as run on run.id = kept.run_id;

comment on view panelens.evaluation_latest_case is
    'Beside an answer, its accuracy: the questions of each panel''s latest run. The figures of an '
    'answer are the means over those that share a field with it: '
    'where panel = ''welcome'' and fields && array[''region''].';
