-- Take labelled questions into the gold set; one that stands there in the same words is left alone.
--
-- One row: how many were taken. Parameters: panel, person; questions, a JSON list of objects.

with given as (
    -- The questions of the file; of several rows of one question the last one holds.
    select distinct on (question) question, filter, unsupported, tags, place
    from rows from (
        jsonb_to_recordset(%(questions)s) as (
            question text, filter jsonb, unsupported text[], tags text[]
        )
    ) with ordinality as read (question, filter, unsupported, tags, place)
    order by question, place desc
),

added as (
    -- Those that say something new.
    insert into panelens.gold_question (panel, question, filter, unsupported, tags, person)
    select %(panel)s, question, filter, unsupported, tags, %(person)s
    from given
    where not exists (
        select
        from panelens.gold
        where gold.panel = %(panel)s
            and gold.question = given.question
            and gold.filter = given.filter
            and gold.unsupported = given.unsupported
            and gold.tags = given.tags
    )
    order by place
    returning id
)

select count(*) as added
from added
