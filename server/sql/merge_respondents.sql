-- Take the rows of one data file into the panel; what is the same already is left alone.
--
-- No rows; the count of affected rows is that of new and of changed respondents. Composed:
--   respondent, staged     the panel's table and the file's rows
--   columns                the columns that the file gives
--   assignments            the file's answer, or the one already there, for each of them
--   before, after          those columns as they are and as they would become

insert into {respondent} as respondent (respondent_id, {columns})
select distinct on (respondent_id)
    respondent_id, {columns}
from {staged}
-- Of several rows under one id the last one holds.
order by respondent_id, row desc
on conflict (respondent_id) do update
set {assignments}
where ({before}) is distinct from ({after})
