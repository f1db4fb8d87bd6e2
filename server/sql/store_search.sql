-- Remember a search; the same one again only moves to the top, and the oldest are forgotten.
--
-- One row: the search's number.
-- Parameters: panel, made_by, question, filter (JSON), people; most, how many are kept beside it.

with same as (
    -- This search, when the person made it before.
    select id
    from panelens.made_search
    where
        panel = %(panel)s
        and made_by = %(made_by)s
        and question = %(question)s
        and filter = %(filter)s
    order by made_at desc, id desc
    limit 1
),

repeated as (
    -- It moves to the top.
    update panelens.made_search
    set made_at = now(), people = %(people)s
    from same
    where made_search.id = same.id
    returning made_search.id
),

old as (
    -- What the list does not show any more.
    select id
    from panelens.made_search
    where
        panel = %(panel)s
        and made_by = %(made_by)s
        and id not in (select id from repeated)
    order by made_at desc, id desc
    offset %(most)s
),

forgotten as (
    -- It goes.
    delete from panelens.made_search
    using old
    where made_search.id = old.id
),

added as (
    -- A search not made before.
    insert into panelens.made_search (panel, made_by, question, filter, people)
    select %(panel)s, %(made_by)s, %(question)s, %(filter)s, %(people)s
    where not exists (select from repeated)
    returning id
)

select id from repeated
union all
select id from added
