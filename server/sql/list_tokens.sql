-- Every token there was, the newest first. One row a token.
--
-- No parameters.

select name, role, prefix, created_at, expires_at, revoked_at, used_at
from panelens.token
order by id desc
