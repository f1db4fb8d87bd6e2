-- Whether the recorded evaluation has nothing to add to what is known of a panel.
--
-- One row. It has not when questions were evaluated here, on people who have not made room for real
-- ones since, nor when this very file was already stored with its figures and the panel has not been
-- loaded since. Parameters: panel, file_sha256.

with loaded as (
    -- When people were last loaded.
    select max(finished_at) as at
    from panelens.load
    where panel = %(panel)s
)

select exists (
    select
    from panelens.evaluation_run as run
    cross join loaded
    left join panelens.people_replaced as replaced using (panel)
    where panel = %(panel)s
        and (
            (not recorded and finished_at >= coalesce(replaced.at, '-infinity'))
            or (
                file_sha256 = %(file_sha256)s
                and finished_at >= coalesce(loaded.at, '-infinity'::timestamptz)
                and exists (select from panelens.evaluation_figure where run_id = run.id)
            )
        )
) as present
