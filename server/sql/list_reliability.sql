-- Confidence beside truth in one evaluation, over all of its questions.
--
-- One row a bin that is not empty. Parameter: run_id.

select confidence_from, confidence_to, questions, confidence, exact, exact_low, exact_high
from panelens.evaluation_reliability
where run_id = %(run_id)s and tag = ''
order by confidence_from
