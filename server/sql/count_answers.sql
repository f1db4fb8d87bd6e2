-- Keep how many respondents of a panel gave each answer, so that no page has to count them.
--
-- No rows. Composed of: respondent, the panel's table; answers, for each field with listed answers
-- its name and the respondent's answers as an array. Parameter: panel.

with given as (
    -- One row for each answer of each respondent.
    select field, stored
    from {respondent}
    cross join lateral (values {answers}) as asked (field, answers)
    cross join lateral unnest(asked.answers) as one (stored)
    where stored is not null
),

counted as (
    -- How many respondents gave it.
    select field, stored, count(*) as people
    from given
    group by field, stored
)

insert into panelens.answer_count (panel, field, stored, people)
select answer.panel, answer.field, answer.stored, coalesce(counted.people, 0)
from panelens.answer
left join counted on counted.field = answer.field and counted.stored = answer.stored
where answer.panel = %(panel)s
on conflict (panel, field, stored) do update set people = excluded.people
