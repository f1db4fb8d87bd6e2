-- Since when the people of a panel are real: evaluations of made-up ones before say nothing of them.

create view panelens.people_replaced as
select load.panel, min(load.finished_at) as at
from panelens.load
join (
    select panel, max(id) as id
    from panelens.load
    where synthetic
    group by panel
) as made_up on made_up.panel = load.panel and made_up.id < load.id
where not load.synthetic
group by load.panel;

comment on view panelens.people_replaced is
    'When real people took the place of synthetic ones, of the panels where they did.';

create or replace view panelens.evaluation_latest_case as
select
    run.panel, kept.run_id, kept.number, kept.question, kept.tags, kept.fields,
    kept.gold, kept.predicted, kept.gold_unsupported, kept.predicted_unsupported,
    kept.exact, kept.unsupported_correct, kept.limit_correct, kept.confidence,
    kept.milliseconds, kept.gold_size, kept.predicted_size, kept.common_size,
    kept.precision, kept.recall, kept.f1, kept.jaccard, kept.identical
from panelens.evaluation_case as kept
join (
    select panel, max(id) as id
    from panelens.evaluation_run
    left join panelens.people_replaced as replaced using (panel)
    where finished_at >= coalesce(replaced.at, '-infinity')
    group by panel
) as run on run.id = kept.run_id;
