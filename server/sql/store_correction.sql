-- Keep what a person said of a reading.
--
-- One row: its number. Parameters: the columns' names.

insert into panelens.correction (
    panel, question, verdict, original, original_unsupported, corrected, corrected_unsupported,
    model, adapter, catalogue_version, person
)
values (
    %(panel)s, %(question)s, %(verdict)s, %(original)s, %(original_unsupported)s, %(corrected)s,
    %(corrected_unsupported)s, %(model)s, %(adapter)s, %(catalogue_version)s, %(person)s
)
returning id
