-- Who is connected, to what, and how the way there is protected.
--
-- One row: the session as the server sees it. No parameters.

select
    current_user::text as person,
    current_database()::text as database,
    current_setting('server_encoding') as encoding,
    current_setting('server_version') as version,
    current_setting('max_connections')::integer as connections_max,
    coalesce(host(inet_server_addr()), 'a Unix socket') as server,
    coalesce(wire.ssl, false) as encrypted,
    wire.version as tls,
    wire.cipher,
    has_database_privilege(current_database(), 'create') as may_create,
    to_regnamespace('panelens') is not null as prepared
from (select pg_backend_pid() as pid) as me
left join pg_stat_ssl as wire using (pid)
