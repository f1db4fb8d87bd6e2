"""Charts as SVG: leather's one owner. They carry no style and no script, and stand before a table."""

from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import leather
from leather import theme

from server.accuracy.history import Bin, StoredRun
from server.web.wording import Wording

# As wide as a phone's page: there it is shown as it is, elsewhere larger.
WIDTH, HEIGHT = 340, 250
# Each legible on a light and on a dark page.
EXACT, F1, QUIET = "#2f6fb3", "#c2741c", "#737f8c"
_FONT = "system-ui, sans-serif"
_QUARTERS = [0, 0.25, 0.5, 0.75, 1]


class _Unlisted(leather.Line):  # type: ignore[misc]  # untyped
    """A line that explains itself and has no entry in the legend."""

    def legend_to_svg(self, series: object, palette: object) -> list[Any]:
        """No entry."""
        return []


def draw_trend(runs: Sequence[StoredRun], wording: Wording) -> str:
    """The share of right filters and F1 over the runs, each with its 95 % interval."""
    chart = _chart()
    exact = [(float(place), run.exact) for place, run in enumerate(runs, start=1)]
    f1 = [(place + 0.06, run.f1) for place, run in enumerate(runs, start=1)]
    for (at, _), (beside, _), run in zip(exact, f1, runs, strict=True):
        _add_interval(chart, at, run.exact_low, run.exact_high, EXACT)
        _add_interval(chart, beside, run.f1_low, run.f1_high, F1)
    for points, colour in ((exact, EXACT), (f1, F1)):
        _add_line(chart, points, colour)
    chart.add_dots(exact, fill_color=EXACT, radius=4, name=wording.say("right filters"))
    chart.add_dots(f1, fill_color=F1, radius=4, name="F1")
    chart.add_x_scale(0.5, len(runs) + 0.5)
    numbers = [str(run.run_id) for run in runs]
    step = -(-len(runs) // 8)
    chart.add_x_axis(
        ticks=list(range(1, len(runs) + 1, step)),
        tick_formatter=lambda place, _number, _count: numbers[round(place) - 1],
        name=wording.say("evaluation"),
    )
    _add_shares(chart, wording)
    return _svg(chart)


def draw_reliability(bins: Sequence[Bin], wording: Wording) -> str:
    """Confidence beside the share of right filters; on the diagonal they are the same."""
    chart = _chart()
    _add_line(chart, [(0, 0), (1, 1)], QUIET, dashes="4 4")
    points = [(each.confidence, each.exact) for each in bins]
    for each in bins:
        _add_interval(chart, each.confidence, each.exact_low, each.exact_high, EXACT)
    if len(points) > 1:
        _add_line(chart, points, EXACT)
    if points:
        chart.add_dots(points, fill_color=EXACT, radius=4, name=wording.say("right filters"))
    chart.add_x_scale(0, 1)
    chart.add_x_axis(
        ticks=_QUARTERS, tick_formatter=_percent(wording), name=wording.say("confidence")
    )
    _add_shares(chart, wording)
    return _svg(chart)


def _chart() -> Any:
    theme.background_color = "none"
    theme.margin = 0.06
    for part in ("title", "legend", "axis_title", "tick"):
        setattr(theme, f"{part}_font_family", _FONT)
    theme.legend_font_size = theme.axis_title_font_size = theme.tick_font_size = 12
    theme.tick_font_char_width = 7
    theme.legend_font_char_width = 10
    theme.axis_title_gap = 6
    theme.legend_color = theme.axis_title_color = theme.label_color = QUIET
    theme.tick_color = "#8a96a333"
    theme.zero_color = "#8a96a399"
    return leather.Chart()


def _add_shares(chart: Any, wording: Wording) -> None:
    chart.add_y_scale(0, 1)
    chart.add_y_axis(ticks=_QUARTERS, tick_formatter=_percent(wording))


def _add_interval(
    chart: Any, place: float, low: float | None, high: float | None, colour: str
) -> None:
    if low is not None and high is not None:
        _add_line(chart, [(place, low), (place, high)], f"{colour}88")


def _add_line(
    chart: Any, points: Sequence[tuple[float, float]], colour: str, *, dashes: str = "none"
) -> None:
    series = leather.Series(list(points))
    chart.add_series(series, _Unlisted(colour, width=2, stroke_dasharray=dashes))


def _percent(wording: Wording) -> Callable[[float, int, int], str]:
    return lambda share, _number, _count: wording.percent(float(share))


def _svg(chart: Any) -> str:
    """The drawing with a view box, so that it grows and shrinks as a whole."""
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    root = ET.fromstring(chart.to_svg(width=WIDTH, height=HEIGHT))  # noqa: S314  (our own text)
    root.set("viewBox", f"0 0 {WIDTH} {HEIGHT}")
    return ET.tostring(root, encoding="unicode")
