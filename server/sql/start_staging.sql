-- Note that rows of a data file will be kept until all of them are there, or that it goes on.
--
-- No rows. Parameters: key, panel, file.

insert into panelens.staging (key, panel, file)
values (%(key)s, %(panel)s, %(file)s)
on conflict (key) do update set started_at = now()
