-- Keep what a load did not accept.
--
-- No rows. Parameters: load_id. Composed: rejected, where it waited.

insert into panelens.rejected_value (load_id, file, row, respondent_id, field, value, reason)
select
    %(load_id)s, file, row, respondent_id, field, value, reason
from {rejected}
order by row
