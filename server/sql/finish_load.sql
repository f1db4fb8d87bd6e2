-- Note what became of a data file.
--
-- No rows. Parameters: load_id, rows_read, rows_stored, rows_changed, values_rejected.

update panelens.load
set finished_at = clock_timestamp(),
    rows_read = %(rows_read)s,
    rows_stored = %(rows_stored)s,
    rows_changed = %(rows_changed)s,
    values_rejected = %(values_rejected)s
where id = %(load_id)s
