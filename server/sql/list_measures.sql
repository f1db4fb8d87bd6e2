-- The figures of one evaluation with their intervals: in total and by tag.
--
-- One row a tag and measure, the empty tag (all questions) first. Parameter: run_id.

select tag, measure, questions, value, low, high, method
from panelens.evaluation_figure
where run_id = %(run_id)s
order by tag <> '', questions desc, tag, measure
