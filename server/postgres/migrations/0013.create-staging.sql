-- Rows of data files on their way into a panel: a load that was cut off goes on after them.

create schema if not exists panelens_staging;

comment on schema panelens_staging is
    'Rows that were sent and not merged yet, two tables a file, named after panelens.staging.key.';

create table panelens.staging (
    key        text        primary key,
    panel      text        not null,
    file       text        not null,
    started_at timestamptz not null default now()
);

comment on table panelens.staging is
    'Data files whose load has begun and not ended; forgotten a week after the start.';
comment on column panelens.staging.key is
    'the file''s content and name, the catalogue, the year and the version that read it';
