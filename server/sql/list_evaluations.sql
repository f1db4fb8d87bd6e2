-- The evaluations of a panel with their main figures, oldest first.
--
-- One row a run. Parameters: panel; run, the number of the only one wanted, or null; most, how many
-- of the latest.

with latest as (
    -- The latest runs that have figures.
    select
        run_id, finished_at, file, model, adapter, catalogue_version, code_version, recorded,
        person, questions, exact, exact_low, exact_high, f1, f1_low, f1_high,
        jaccard, jaccard_low, jaccard_high, ece, ece_low, ece_high
    from panelens.evaluation_trend
    where panel = %(panel)s
        and run_id = coalesce(%(run)s::numeric, run_id)
        and exact is not null
    order by run_id desc
    limit %(most)s
)

select
    run_id, finished_at, file, model, adapter, catalogue_version, code_version, recorded,
    person, questions, exact, exact_low, exact_high, f1, f1_low, f1_high,
    jaccard, jaccard_low, jaccard_high, ece, ece_low, ece_high
from latest
order by run_id
