-- How well questions are read: every evaluation of a panel, and what became of each question.

create table panelens.evaluation_run (
    id                bigint generated always as identity primary key,
    panel             text        not null,
    file              text        not null,
    file_sha256       text        not null,
    model             text        not null,
    adapter           text        not null,
    catalogue_version integer     not null,
    reference_year    integer     not null,
    recorded          boolean     not null default false,
    started_at        timestamptz not null,
    finished_at       timestamptz not null default clock_timestamp(),
    questions         integer     not null check (questions > 0)
);

create index evaluation_run_by_panel on panelens.evaluation_run (panel, id);

comment on table panelens.evaluation_run is
    'Every evaluation of a panel, one row a run; the latest is what the page shows.';
comment on column panelens.evaluation_run.id is 'later runs have higher numbers';
comment on column panelens.evaluation_run.panel is 'the catalogue''s name';
comment on column panelens.evaluation_run.file is 'the file of labelled questions';
comment on column panelens.evaluation_run.file_sha256 is
    'of the file that was read: the labelled questions, or the recorded evaluation';
comment on column panelens.evaluation_run.model is 'the model that read the questions';
comment on column panelens.evaluation_run.adapter is 'SHA-256 of its adapter, empty without one';
comment on column panelens.evaluation_run.catalogue_version is
    'of the catalogue the questions were read with';
comment on column panelens.evaluation_run.reference_year is 'ages were counted to this year';
comment on column panelens.evaluation_run.recorded is
    'whether the readings came with the product; the sizes are of this panel all the same';
comment on column panelens.evaluation_run.started_at is
    'before the first question was read, by the clock of the machine that read it';
comment on column panelens.evaluation_run.finished_at is
    'when it was stored, by the database''s clock';
comment on column panelens.evaluation_run.questions is 'how many questions were evaluated';

create table panelens.evaluation_case (
    run_id                bigint           not null
                          references panelens.evaluation_run on delete cascade,
    number                integer          not null,
    question              text             not null,
    tags                  text[]           not null,
    fields                text[]           not null,
    gold                  jsonb            not null,
    predicted             jsonb            not null,
    gold_unsupported      text[]           not null,
    predicted_unsupported text[]           not null,
    exact                 boolean          not null,
    unsupported_correct   boolean          not null,
    limit_correct         boolean          not null,
    confidence            double precision check (confidence between 0 and 1),
    milliseconds          double precision not null check (milliseconds >= 0),
    gold_size             bigint           not null,
    predicted_size        bigint           not null,
    common_size           bigint           not null
                          check (common_size between 0 and least(gold_size, predicted_size)),
    precision             double precision not null generated always as (
        case
            when predicted_size > 0 then common_size::double precision / predicted_size
            when gold_size = 0 then 1
            else 0
        end
    ) stored,
    recall                double precision not null generated always as (
        case
            when gold_size > 0 then common_size::double precision / gold_size
            when predicted_size = 0 then 1
            else 0
        end
    ) stored,
    f1                    double precision not null generated always as (
        case
            when gold_size + predicted_size = 0 then 1
            else 2 * common_size::double precision / (gold_size + predicted_size)
        end
    ) stored,
    jaccard               double precision not null generated always as (
        case
            when gold_size + predicted_size = 0 then 1
            else common_size::double precision / (gold_size + predicted_size - common_size)
        end
    ) stored,
    identical             boolean          not null generated always as (
        common_size = gold_size and common_size = predicted_size
    ) stored,
    primary key (run_id, number)
);

comment on table panelens.evaluation_case is
    'Every question of an evaluation: the right filter, the one that was read, and whom they find. '
    'Two empty sets agree: their rates are 1. A rate without a denominator is otherwise 0.';
comment on column panelens.evaluation_case.run_id is 'the evaluation it belongs to';
comment on column panelens.evaluation_case.question is 'as a person asked it';
comment on column panelens.evaluation_case.number is 'its place in the file, from 1';
comment on column panelens.evaluation_case.tags is 'what the question is about, its language too';
comment on column panelens.evaluation_case.fields is 'the fields that the right filter uses';
comment on column panelens.evaluation_case.gold is 'the right filter in canonical form';
comment on column panelens.evaluation_case.predicted is 'the filter that was read, in canonical form';
comment on column panelens.evaluation_case.gold_unsupported is
    'phrases that the panel cannot answer';
comment on column panelens.evaluation_case.predicted_unsupported is
    'phrases that the reader said the panel cannot answer';
comment on column panelens.evaluation_case.exact is 'whether the two filters are equal';
comment on column panelens.evaluation_case.unsupported_correct is
    'whether just the right phrases were said to be beyond the panel';
comment on column panelens.evaluation_case.limit_correct is
    'whether as many respondents were asked for as the question wants';
comment on column panelens.evaluation_case.confidence is
    'the least confidence among the conditions, 1 without any, null when nothing could be read';
comment on column panelens.evaluation_case.milliseconds is 'how long the reading took';
comment on column panelens.evaluation_case.gold_size is
    'respondents whom the right filter finds, its limit aside';
comment on column panelens.evaluation_case.predicted_size is
    'respondents whom the filter that was read finds, its limit aside';
comment on column panelens.evaluation_case.common_size is 'respondents whom both find';
comment on column panelens.evaluation_case.precision is 'common_size / predicted_size';
comment on column panelens.evaluation_case.recall is 'common_size / gold_size';
comment on column panelens.evaluation_case.f1 is 'harmonic mean of precision and recall';
comment on column panelens.evaluation_case.jaccard is 'respondents both find / whom either finds';
comment on column panelens.evaluation_case.identical is 'whether both find the same people';
