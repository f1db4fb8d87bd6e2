-- What happened, the latest first, from before a given row on. One row an act.
--
-- Parameters: before (null: from the latest), most.

select id, at, who, act, about, address, done
from panelens.audit
where id < coalesce(%(before)s, 9223372036854775807)
order by id desc
limit %(most)s
