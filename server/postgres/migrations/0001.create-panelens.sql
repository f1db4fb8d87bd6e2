-- What every panel shares: its answers in words, the loads, and what a load did not accept.

create schema if not exists panelens;

comment on schema panelens is 'Panelens: loads, rejected values and the catalogue''s answers.';

create function panelens.normalised(spelling text) returns text
    language sql immutable strict parallel safe
    return lower(regexp_replace(normalize(spelling, nfkc), '\s', '', 'g'));

comment on function panelens.normalised is
    'The form in which two spellings are the same: NFKC, lower case, no white space. '
    'The twin of normalise() in server/catalogue.py.';

create table panelens.answer (
    panel    text     not null,
    field    text     not null,
    stored   smallint not null,
    code     text     not null,
    value    text     not null,
    label    text     not null,
    position smallint not null,
    primary key (panel, field, stored)
);

comment on table panelens.answer is 'The listed answers of every field, from the catalogue.';
comment on column panelens.answer.stored is 'the number in the panel''s own table';
comment on column panelens.answer.code is 'the codebook''s code';
comment on column panelens.answer.value is 'the short name in filters and on the page';
comment on column panelens.answer.label is 'the official wording';
comment on column panelens.answer.position is 'its place in the codebook, from 1';

create table panelens.load (
    id              bigint generated always as identity primary key,
    panel           text        not null,
    file            text        not null,
    sha256          text        not null,
    started_at      timestamptz not null default now(),
    finished_at     timestamptz,
    rows_read       bigint      not null default 0,
    rows_stored     bigint      not null default 0,
    rows_changed    bigint      not null default 0,
    values_rejected bigint      not null default 0,
    synthetic       boolean     not null default false
);

comment on table panelens.load is 'Every data file that was loaded, one row a file and load.';
comment on column panelens.load.rows_stored is 'respondents that the file speaks of';
comment on column panelens.load.rows_changed is 'respondents that were new or different';

create table panelens.rejected_value (
    load_id       bigint not null references panelens.load on delete cascade,
    file          text   not null,
    row           bigint not null,
    respondent_id text,
    field         text   not null,
    value         text   not null,
    reason        text   not null
);

create index rejected_value_by_load on panelens.rejected_value (load_id, row);

comment on table panelens.rejected_value is
    'Values that no answer of the catalogue explains; the rest of their row was stored.';
