-- The last row of a data file that reached the database; rows go there in whole batches.
--
-- One row: its number, 0 when there is none. Composed: rows and rejected, where they wait.

select greatest(
    (select coalesce(max(row), 0) from {rows}),
    (select coalesce(max(row), 0) from {rejected})
)
