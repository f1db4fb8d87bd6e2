-- The questions that one evaluation got most wrong, worst first.
--
-- One row a question whose filter is not the right one. Parameters: run_id; most, how many.

select
    number, question, tags, gold, predicted, gold_unsupported, predicted_unsupported,
    confidence, gold_size, predicted_size, common_size, jaccard
from panelens.evaluation_worst
where run_id = %(run_id)s and not exact
order by place
limit %(most)s
