-- An evaluation keeps its figures with their intervals, and every figure of a page has a view.

create function panelens.wilson(
    successes double precision, trials double precision,
    out low double precision, out high double precision
)
    language sql immutable parallel safe
    return (
        select row(greatest(0, middle - reach), least(1, middle + reach))
        from (
            -- 1.96 is the normal quantile of a two-sided interval of 95 percent.
            select
                (successes + square / 2) / (nullif(trials, 0) + square),
                z * sqrt(successes * (trials - successes) / trials + square / 4) / (trials + square)
            from (values (1.959963984540054::double precision, 3.841458820694124::double precision))
                as level (z, square)
        ) as interval (middle, reach)
    );
