-- Give a row the answer that is there already, where its own was not accepted.
--
-- No rows; the count of affected rows is that of the answers that stay. Composed:
--   respondent             the panel's table
--   rows, rejected         the file's rows, and what was not accepted of them
--   column                 the column in question
--   staged, known          what it holds in the file's row and in the panel
-- Parameters: fields, which fill that column.

update {rows} as staged
set {column} = {known}
from {respondent} as respondent
where respondent.respondent_id = staged.respondent_id
    and {staged} is null
    and {known} is not null
    and exists (
        select
        from {rejected} as rejected
        where rejected.row = staged.row and rejected.field = any(%(fields)s)
    )
    -- Of several rows under one id the last one holds.
    and not exists (
        select
        from {rows} as later
        where later.respondent_id = staged.respondent_id and later.row > staged.row
    )
