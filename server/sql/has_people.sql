-- Whether anybody may sign in. One row.
--
-- No parameters.

select exists (select from panelens.person) as present
