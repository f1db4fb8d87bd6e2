-- What people keep: segments (named filters) for everyone, and each one's own searches.

create table panelens.segment (
    id       bigint generated always as identity primary key,
    panel    text        not null,
    name     text        not null check (name <> ''),
    note     text        not null default '',
    question text        not null default '',
    filter   jsonb       not null,
    people   bigint      not null,
    made_by  text        not null,
    made_at  timestamptz not null default now()
);

create index segment_by_panel on panelens.segment (panel, made_at desc);

comment on table panelens.segment is 'Filters that were given a name, for all who use the panel.';
comment on column panelens.segment.note is 'what its maker wants others to know';
comment on column panelens.segment.question is 'the question it was read from, if any';
comment on column panelens.segment.filter is 'as the contract spells it, without a limit';
comment on column panelens.segment.people is 'respondents who satisfied it when it was kept';
comment on column panelens.segment.made_by is 'the name of the person; local without sign-in';

create table panelens.made_search (
    id       bigint generated always as identity primary key,
    panel    text        not null,
    made_by  text        not null,
    question text        not null default '',
    filter   jsonb       not null,
    people   bigint      not null,
    made_at  timestamptz not null default now()
);

create index made_search_by_person on panelens.made_search (panel, made_by, made_at desc);

comment on table panelens.made_search is
    'Searches that people made, so that they find them again; each sees and forgets their own.';
comment on column panelens.made_search.question is 'as it was asked; empty when a filter was given';
comment on column panelens.made_search.people is 'respondents who satisfied it then';
comment on column panelens.made_search.made_by is 'the name of the person; local without sign-in';
