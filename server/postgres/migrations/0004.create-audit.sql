-- What happened: every sign-in, export and change, who did it and from where.

create table panelens.audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    who     text        not null,
    act     text        not null,
    about   text        not null,
    address text        not null,
    done    boolean     not null
);

comment on table panelens.audit is 'Every sign-in, export and change, good or refused.';
comment on column panelens.audit.who is 'the name that signed in, or that was tried';
comment on column panelens.audit.act is 'sign-in, sign-out, export, change';
comment on column panelens.audit.about is 'what it was about: a path, a person, a file';
comment on column panelens.audit.address is 'where the request came from; empty for the terminal';
comment on column panelens.audit.done is 'whether it was allowed and worked';

create function panelens.refuse_change_of_audit() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'what was audited stays as it is' using errcode = 'insufficient_privilege';
end
$$;

comment on function panelens.refuse_change_of_audit is 'Rows are only ever added.';

create trigger audit_stays before update or delete or truncate on panelens.audit
    for each statement execute function panelens.refuse_change_of_audit();
