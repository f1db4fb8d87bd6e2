-- An evaluation says of how few people its sizes tell; its columns say what they hold now.

alter table panelens.evaluation_run add column people bigint;

comment on column panelens.evaluation_run.people is
    'respondents in the panel when it was compared; null in a run from before they were counted';

create function panelens.fewest(gold bigint, predicted bigint, common bigint, people bigint)
    returns bigint
    language sql immutable parallel safe
    return least(
        nullif(gold, 0), nullif(people - gold, 0),
        nullif(predicted, 0), nullif(people - predicted, 0),
        nullif(common, 0), nullif(gold - common, 0), nullif(predicted - common, 0),
        nullif(people - gold - predicted + common, 0)
    );

comment on function panelens.fewest is
    'How many people are in the smallest group that the sizes of two filters tell of: whom one '
    'finds, or does not, or both find, or only one, or neither. Groups of nobody are passed over.';

create or replace view panelens.evaluation_worst as
select
    run_id,
    row_number() over (
        partition by run_id order by exact, jaccard, confidence desc nulls last, number
    ) as place,
    number, question, tags, fields, gold, predicted, gold_unsupported, predicted_unsupported,
    exact, unsupported_correct, limit_correct, confidence, gold_size, predicted_size, common_size,
    precision, recall, f1, jaccard, identical,
    panelens.fewest(gold_size, predicted_size, common_size, run.people) as fewest
from panelens.evaluation_case
join panelens.evaluation_run as run on run.id = run_id;

create or replace view panelens.evaluation_difference as
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
    later.jaccard as jaccard_after,
    panelens.fewest(
        earlier.gold_size, earlier.predicted_size, earlier.common_size, earlier_run.people
    ) as fewest_before,
    panelens.fewest(
        later.gold_size, later.predicted_size, later.common_size, later_run.people
    ) as fewest_after
from panelens.evaluation_case as earlier
join panelens.evaluation_run as earlier_run on earlier_run.id = earlier.run_id
join panelens.evaluation_case as later using (question)
join panelens.evaluation_run as later_run
    on later_run.id = later.run_id and later_run.panel = earlier_run.panel;

comment on column panelens.evaluation_case.exact is
    'whether the two filters are equal, and either both readings ask for nobody or neither does';
comment on column panelens.evaluation_case.confidence is
    'that of the reading as a whole, null when the question was refused';
comment on column panelens.evaluation_bin.exact is 'the share of them whose filter is right';
comment on column panelens.evaluation_figure.low is
    'lower end of the 95 percent interval; null when there is none';
comment on column panelens.evaluation_figure.high is
    'upper end of the 95 percent interval; null when there is none';
comment on column panelens.evaluation_figure.method is
    'how the interval is found: Wilson''s for shares; by bootstrap for means (its percentiles) and '
    'for ece (as far below the error as the percentile above it), none where all drawings are equal';

update panelens.evaluation_figure
set low = null, high = null
where method = 'bootstrap' and high - low < 1e-9;
