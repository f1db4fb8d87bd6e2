-- The roles of the application, made by the database's administrator; may be run again and again.
--   panelens_owner   owns the schemas: migrations, loads, what people store. Logs in.
--   panelens_reader  may read the panel and nothing else: searches run as it. Cannot log in.
-- psql variables: owner_password.
\set ON_ERROR_STOP on
set client_min_messages = warning;
-- The password must not stand in the server's log. Who may not say so is on RDS, where statements
-- are not logged unless somebody asked for it.
do $$
begin
    perform set_config('log_statement', 'none', false);
exception
    when insufficient_privilege then null;
end
$$;
select 'create role panelens_reader nologin'
where not exists (select from pg_roles where rolname = 'panelens_reader') \gexec
select 'create role panelens_owner login'
where not exists (select from pg_roles where rolname = 'panelens_owner') \gexec
alter role panelens_owner with login password :'owner_password';
alter role panelens_owner connection limit 20;
grant panelens_reader to panelens_owner;
select format('grant create, connect on database %I to panelens_owner', current_database()) \gexec
select format('revoke temporary on database %I from public', current_database()) \gexec
select format('grant temporary on database %I to panelens_owner', current_database()) \gexec
revoke create on schema public from public;
