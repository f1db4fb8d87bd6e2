-- Forget all of a person's searches.
--
-- One row a search that was there. Parameters: panel, made_by.

delete from panelens.made_search
where panel = %(panel)s and made_by = %(made_by)s
returning id
