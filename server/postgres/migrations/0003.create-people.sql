-- Who may enter: people with passwords and sessions, and tokens for programs. No secret is stored.

create table panelens.person (
    id            bigint generated always as identity primary key,
    name          text        not null,
    role          text        not null check (role in ('viewer', 'researcher', 'owner')),
    password_hash text        not null,
    created_at    timestamptz not null default now()
);

create unique index person_by_name on panelens.person (panelens.normalised(name));

comment on table panelens.person is 'People who may sign in.';
comment on column panelens.person.name is 'as they type it; case and white space do not count';
comment on column panelens.person.role is 'what they may do';
comment on column panelens.person.password_hash is 'Argon2id, with its own salt and cost';

create table panelens.session (
    secret_sha256 bytea primary key,
    person_id     bigint      not null references panelens.person on delete cascade,
    started_at    timestamptz not null default now(),
    seen_at       timestamptz not null default now()
);

create index session_by_person on panelens.session (person_id);

comment on table panelens.session is 'Who is signed in, one row a browser.';
comment on column panelens.session.secret_sha256 is 'SHA-256 of what the cookie holds';
comment on column panelens.session.person_id is 'whose session it is';
comment on column panelens.session.started_at is 'the sign-in';
comment on column panelens.session.seen_at is 'the last request, to the minute';

create table panelens.token (
    id            bigint generated always as identity primary key,
    name          text        not null unique,
    role          text        not null check (role in ('viewer', 'researcher', 'owner')),
    prefix        text        not null,
    secret_sha256 bytea       not null unique,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null,
    revoked_at    timestamptz,
    used_at       timestamptz
);

comment on table panelens.token is 'Keys of programs.';
comment on column panelens.token.name is 'what it is for';
comment on column panelens.token.role is 'what it may do';
comment on column panelens.token.prefix is 'how it begins, so that people can tell one from another';
comment on column panelens.token.secret_sha256 is 'SHA-256 of the whole token';
comment on column panelens.token.expires_at is 'from then on it opens nothing';
comment on column panelens.token.revoked_at is 'when somebody took it back';
comment on column panelens.token.used_at is 'its last use, to the minute';
