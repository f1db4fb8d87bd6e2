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
),

replaced as (
    -- When real people took the place of synthetic ones; null when they never did.
    select min(finished_at) as at
    from panelens.load
    where panel = %(panel)s
        and not synthetic
        and id > (select max(id) from panelens.load where panel = %(panel)s and synthetic)
)

select exists (
    select
    from panelens.evaluation_run as run
    cross join loaded
    cross join replaced
    where panel = %(panel)s
        and (
            (not recorded and finished_at >= coalesce(replaced.at, '-infinity'::timestamptz))
            or (
                file_sha256 = %(file_sha256)s
                and finished_at >= coalesce(loaded.at, '-infinity'::timestamptz)
                and exists (select from panelens.evaluation_figure where run_id = run.id)
            )
        )
) as present
