-- How right the conditions of each field and each operator were in one evaluation, worst first.
--
-- One row a field or operator. Parameter: run_id.

select kind, name, questions, gold, predicted, correct, precision, recall, f1
from panelens.evaluation_condition
where run_id = %(run_id)s
order by kind, f1, gold desc, name
