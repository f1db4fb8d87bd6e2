-- The calibration error has an interval, and how many gave each answer is kept with the panel.

create or replace view panelens.evaluation_trend as
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
    ece.value as ece,
    ece.low as ece_low,
    ece.high as ece_high
from panelens.evaluation_run as run
left join panelens.evaluation_figure as exact
    on exact.run_id = run.id and exact.tag = '' and exact.measure = 'exact'
left join panelens.evaluation_figure as f1
    on f1.run_id = run.id and f1.tag = '' and f1.measure = 'f1'
left join panelens.evaluation_figure as jaccard
    on jaccard.run_id = run.id and jaccard.tag = '' and jaccard.measure = 'jaccard'
left join panelens.evaluation_figure as ece
    on ece.run_id = run.id and ece.tag = '' and ece.measure = 'ece';

create table panelens.answer_count (
    panel  text     not null,
    field  text     not null,
    stored smallint not null,
    people bigint   not null,
    primary key (panel, field, stored)
);

comment on table panelens.answer_count is
    'How many respondents gave each answer, as of the panel''s last load: the codebook page''s counts.';
comment on column panelens.answer_count.panel is 'the catalogue''s name';
comment on column panelens.answer_count.field is 'the field''s name';
comment on column panelens.answer_count.stored is 'the answer, as in panelens.answer';
comment on column panelens.answer_count.people is 'how many gave it, whatever else they gave';
