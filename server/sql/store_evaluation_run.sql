-- Note an evaluation of a panel.
--
-- One row: the run's number and when it was finished. Parameters: panel, file, file_sha256, model,
-- adapter, catalogue_version, reference_year, recorded, started_at, questions.

insert into panelens.evaluation_run (
    panel, file, file_sha256, model, adapter,
    catalogue_version, reference_year, recorded, started_at, questions
)
values (
    %(panel)s, %(file)s, %(file_sha256)s, %(model)s, %(adapter)s,
    %(catalogue_version)s, %(reference_year)s, %(recorded)s, %(started_at)s, %(questions)s
)
returning id, finished_at
