-- Delete a segment: its maker may, and whoever may delete any.
--
-- One row when one was deleted. Parameters: panel, id, made_by; any, whether the maker is no matter.

delete from panelens.segment
where
    panel = %(panel)s
    and id = %(id)s
    and (%(any)s or made_by = %(made_by)s)
returning id
