-- Two evaluations question by question: what got better, what broke.
--
-- One row a question that both asked and that did not come out the same, the broken ones first. A
-- Jaccard that would tell of too few people is null. Parameters: panel; before and after, the numbers
-- of the runs; smallest, how many people are not too few, 0 if any may be told of.

with run as (
    -- The two runs, if they are of this panel.
    select id
    from panelens.evaluation_run
    where panel = %(panel)s and id in (%(before)s, %(after)s)
),

difference as (
    -- What changed; a question that both runs asked twice is compared four times and told once.
    select distinct
        question, change, gold, gold_changed, predicted_before, predicted_after,
        exact_before, exact_after,
        case when fewest_before < %(smallest)s then null else jaccard_before end as jaccard_before,
        case when fewest_after < %(smallest)s then null else jaccard_after end as jaccard_after
    from panelens.evaluation_difference
    where before = %(before)s
        and after = %(after)s
        and change <> 'same'
        and before in (select id from run)
        and after in (select id from run)
)

select
    question, change, gold, gold_changed, predicted_before, predicted_after,
    exact_before, exact_after, jaccard_before, jaccard_after
from difference
order by
    array_position(array['broken', 'better', 'further', 'closer', 'other'], change),
    abs(jaccard_after - jaccard_before) desc nulls last,
    question
