-- Note that a data file is being loaded.
--
-- One row: the load's number. Parameters: panel, file, sha256, synthetic.

insert into panelens.load (panel, file, sha256, synthetic)
values (%(panel)s, %(file)s, %(sha256)s, %(synthetic)s)
returning id
