-- What people say of readings, what was decided of it, and the gold set that grows from it.

create function panelens.refuse_rewriting() returns trigger
    language plpgsql as
$$
begin
    raise exception 'what a person wrote in panelens.% is never overwritten: add a row',
        tg_table_name using errcode = 'restrict_violation';
end
$$;

comment on function panelens.refuse_rewriting is
    'Keeps a table append-only: what a person wrote is never changed and never removed.';

create table panelens.correction (
    id                    bigint generated always as identity primary key,
    panel                 text        not null,
    question              text        not null check (question <> ''),
    verdict               text        not null check (verdict in ('right', 'wrong', 'corrected')),
    original              jsonb,
    original_unsupported  text[]      not null,
    corrected             jsonb check ((verdict = 'wrong') = (corrected is null)),
    corrected_unsupported text[]      not null,
    model                 text        not null,
    adapter               text        not null,
    catalogue_version     integer     not null,
    person                text        not null,
    said_at               timestamptz not null default clock_timestamp()
);

create index correction_by_panel on panelens.correction (panel, id);

comment on table panelens.correction is
    'What people said of readings: right, wrong, or how the question should be read. Append-only.';
comment on column panelens.correction.id is 'later ones have higher numbers';
comment on column panelens.correction.panel is 'the catalogue''s name';
comment on column panelens.correction.question is 'as the person asked it';
comment on column panelens.correction.verdict is
    'right: the reading is the corrected one too; wrong: nobody said yet what is right';
comment on column panelens.correction.original is
    'the filter as it was read; null when the reader could not be asked';
comment on column panelens.correction.original_unsupported is
    'phrases that the reader said the panel cannot answer';
comment on column panelens.correction.corrected is 'the filter that is right';
comment on column panelens.correction.corrected_unsupported is
    'phrases that the panel really cannot answer';
comment on column panelens.correction.model is 'the model that read the question';
comment on column panelens.correction.adapter is 'SHA-256 of its adapter, empty without one';
comment on column panelens.correction.catalogue_version is 'of the catalogue it was read with';
comment on column panelens.correction.person is 'who said so';
comment on column panelens.correction.said_at is 'when';

create table panelens.correction_review (
    correction_id bigint      primary key references panelens.correction,
    accepted      boolean     not null,
    person        text        not null,
    reviewed_at   timestamptz not null default clock_timestamp()
);

comment on table panelens.correction_review is
    'What was decided of corrections: accepted into the gold set or declined. Append-only.';
comment on column panelens.correction_review.correction_id is 'the correction that was decided on';
comment on column panelens.correction_review.accepted is 'whether it became a gold question';
comment on column panelens.correction_review.person is 'who decided';
comment on column panelens.correction_review.reviewed_at is 'when';

create table panelens.gold_question (
    id            bigint generated always as identity primary key,
    panel         text        not null,
    question      text        not null check (question <> ''),
    filter        jsonb       not null,
    unsupported   text[]      not null,
    tags          text[]      not null,
    correction_id bigint references panelens.correction,
    person        text        not null,
    added_at      timestamptz not null default clock_timestamp()
);

create index gold_question_by_question on panelens.gold_question (panel, question, id);

comment on table panelens.gold_question is
    'Labelled questions of this panel, accepted or imported. Append-only: of several rows of one '
    'question the last one holds.';
comment on column panelens.gold_question.id is 'later ones have higher numbers';
comment on column panelens.gold_question.panel is 'the catalogue''s name';
comment on column panelens.gold_question.question is 'as a person asked it';
comment on column panelens.gold_question.filter is 'the filter that it means';
comment on column panelens.gold_question.unsupported is 'phrases that the panel cannot answer';
comment on column panelens.gold_question.tags is 'what the question is about';
comment on column panelens.gold_question.correction_id is
    'the correction it was accepted from; null when it was imported';
comment on column panelens.gold_question.person is 'who accepted or imported it';
comment on column panelens.gold_question.added_at is 'when';

create trigger correction_is_kept before update or delete or truncate
    on panelens.correction execute function panelens.refuse_rewriting();

create trigger correction_review_is_kept before update or delete or truncate
    on panelens.correction_review execute function panelens.refuse_rewriting();

create trigger gold_question_is_kept before update or delete or truncate
    on panelens.gold_question execute function panelens.refuse_rewriting();

create view panelens.gold as
select distinct on (panel, question)
    panel, question, filter, unsupported, tags, correction_id, person, added_at
from panelens.gold_question
order by panel, question, id desc;

comment on view panelens.gold is
    'The gold set that grew on this panel: of each question the row that holds.';

create view panelens.correction_waiting as
select
    correction.panel, correction.id, question, verdict, original, original_unsupported,
    corrected, corrected_unsupported, model, adapter, catalogue_version, person, said_at
from panelens.correction
where not exists (
    select
    from panelens.correction_review
    where correction_review.correction_id = correction.id
);

comment on view panelens.correction_waiting is
    'Review page: what people said of readings and nobody decided on yet.';
