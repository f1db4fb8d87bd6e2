-- A new token. One row: whether the name was free.
--
-- Parameters: name, role, prefix, secret_sha256, days.

with
-- the token, unless one has that name
added as (
    insert into panelens.token (name, role, prefix, secret_sha256, expires_at)
    values (
        %(name)s, %(role)s, %(prefix)s, %(secret_sha256)s, now() + make_interval(days => %(days)s)
    )
    on conflict (name) do nothing
    returning id
)
select exists (select from added) as present
