-- Decide on a correction; what is accepted becomes a gold question.
--
-- One row, or none when there is no such correction, when it was decided on before, or when it says
-- nothing that could be accepted. Parameters: panel, correction_id, accepted, person.

with waiting as (
    -- The correction, if nobody decided on it.
    select id, question, corrected, corrected_unsupported
    from panelens.correction_waiting
    where panel = %(panel)s
        and id = %(correction_id)s
        and (corrected is not null or not %(accepted)s)
),

reviewed as (
    -- The decision; of two people at once the first one decides.
    insert into panelens.correction_review (correction_id, accepted, person)
    select id, %(accepted)s, %(person)s
    from waiting
    on conflict (correction_id) do nothing
    returning correction_id, accepted
),

taken as (
    -- The gold question.
    insert into panelens.gold_question (
        panel, question, filter, unsupported, tags, correction_id, person
    )
    select
        %(panel)s, question, corrected, corrected_unsupported, array['accepted'],
        correction_id, %(person)s
    from reviewed
    join waiting on waiting.id = reviewed.correction_id
    where accepted
)

select correction_id
from reviewed
