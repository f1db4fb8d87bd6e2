-- What people said of readings and nobody decided on yet, oldest first.
--
-- One row a correction. Parameters: panel; most, how many.

select
    id, question, verdict, original, original_unsupported, corrected, corrected_unsupported,
    person, said_at
from panelens.correction_waiting
where panel = %(panel)s
order by id
limit %(most)s
