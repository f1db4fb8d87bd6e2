-- Whether anybody is in the panel.
--
-- One row. The panel's table is composed in; no parameters.

select exists (select from {respondent}) as present
