-- A person goes, and with them their sessions and searches; their segments stay, as nobody's: whoever
-- has the name next is somebody else. One row: whether there was one of that name.
--
-- Parameter: name.

with
-- the person of that name
removed as (
    delete from panelens.person
    where panelens.normalised(name) = panelens.normalised(%(name)s)
    returning name
),

-- what they searched with
searches as (
    delete from panelens.made_search
    using removed
    where made_by = removed.name
),

-- what they kept, which others use too
segments as (
    update panelens.segment
    set made_by = ''
    from removed
    where made_by = removed.name
)
select exists (select from removed) as present
