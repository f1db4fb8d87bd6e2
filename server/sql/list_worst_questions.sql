-- The questions that one evaluation got most wrong, worst first.
--
-- One row a question whose filter is not the right one; its sizes and Jaccard are null, and it comes
-- last, where they would tell of too few people; `wrong` counts all such questions. Parameters:
-- run_id; most, how many; smallest, how many people are not too few, 0 if any may be told of.

with wrong as (
    -- Those questions, and whether what they tell may be told.
    select
        place, number, question, tags, gold, predicted, gold_unsupported, predicted_unsupported,
        confidence, gold_size, predicted_size, jaccard,
        coalesce(fewest >= %(smallest)s, true) as told
    from panelens.evaluation_worst
    where run_id = %(run_id)s and not exact
)

select
    number, question, tags, gold, predicted, gold_unsupported, predicted_unsupported, confidence,
    case when told then gold_size end as gold_size,
    case when told then predicted_size end as predicted_size,
    case when told then jaccard end as jaccard,
    count(*) over () as wrong
from wrong
order by not told, case when told then place end, number
limit %(most)s
