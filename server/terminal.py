"""Answers, load reports and evaluations as text for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.accuracy.history import Comparison, StoredRun
from server.answering import Answer
from server.catalogue import Catalogue
from server.errors import Language
from server.filter import Condition, Part, Range
from server.interpret.interpretation import values_of
from server.panel.report import LoadReport
from server.postgres.check import Checked
from server.search.answer import Found, Respondent

_ROWS_SHOWN = 20
_MARKS: Mapping[Language, Mapping[Part, str]] = {
    "ko": {"where": "", "not": "제외: ", "either": "대안 {group}: "},
    "en": {"where": "", "not": "not: ", "either": "alternative {group}: "},
}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "ko": {
        "unsupported": "패널에 없는 내용",
        "unused": "쓰이지 않은 말",
        "read_as": "“{typed}”을(를) “{read}”(으)로 읽음",
        "nobody": "이해한 조건이 없어 찾지 않았습니다.",
        "found": "{total:,}명 일치 (전체 {population:,}명)",
        "wanted": "{limit:,}명 요청, {found:,}명 찾음",
        "more": "… 외 {more:,}명",
        "synthetic": "합성 데이터입니다. 실제 응답자가 아닙니다.",
        "columns": "조건,혼자일 때,없을 때,확신",
    },
    "en": {
        "unsupported": "not in this panel",
        "unused": "words not used",
        "read_as": "“{typed}” read as “{read}”",
        "nobody": "Nothing was understood, so nobody was searched for.",
        "found": "{total:,} match (of {population:,})",
        "wanted": "{limit:,} asked for, {found:,} found",
        "more": "… and {more:,} more",
        "synthetic": "Synthetic data: these are not real people.",
        "columns": "condition,alone,without,confidence",
    },
}


def print_answer(answer: Answer, catalogue: Catalogue, console: Console) -> None:
    """What was understood, how many match, and the first of them."""
    language = answer.interpretation.language if answer.interpretation else "en"
    words = _WORDS[language]
    if answer.interpretation is not None:
        for each in answer.interpretation.read_as:
            line = words["read_as"].format(typed=each.typed, read=each.read)
            console.print(line, markup=False, style="dim")
        for name in ("unsupported", "unused"):
            listed = getattr(answer.interpretation, name)
            if listed:
                console.print(f"{words[name]}: {', '.join(listed)}", markup=False, style="yellow")
    if answer.found is None:
        console.print(words["nobody"])
        return
    _print_found(answer, answer.found, catalogue, language, console)


def _print_found(
    answer: Answer, found: Found, catalogue: Catalogue, language: Language, console: Console
) -> None:
    words = _WORDS[language]
    console.print(_conditions(answer, found, catalogue, language))
    console.print(words["found"].format(total=found.total, population=found.population))
    if answer.filter.limit is not None:
        console.print(words["wanted"].format(limit=answer.filter.limit, found=found.offered))
    if answer.filter.by:
        console.print(_breakdown(answer, found, catalogue, language))
    shown = found.respondents[:_ROWS_SHOWN]
    console.print(_respondents(answer, shown, catalogue, language))
    if found.offered > len(shown):
        console.print(words["more"].format(more=found.offered - len(shown)))
    if found.synthetic:
        console.print(words["synthetic"], style="dim")


def _conditions(answer: Answer, found: Found, catalogue: Catalogue, language: Language) -> Table:
    table = Table(*_WORDS[language]["columns"].split(","))
    for counted in found.conditions:
        read = answer.read.get((counted.part, counted.group, counted.condition.field))
        mark = _MARKS[language][counted.part].format(group=counted.group + 1)
        table.add_row(
            Text(f"{mark}{say_condition(counted.condition, catalogue, language)}"),
            f"{counted.alone:,}",
            f"{counted.without:,}",
            "" if read is None else f"{read.confidence:.0%}",
        )
    return table


def say_condition(condition: Condition, catalogue: Catalogue, language: Language) -> str:
    """A condition in words: the field's label and its values."""
    field = catalogue.field(condition.field)
    if isinstance(condition.constraint, Range):
        bounds = values_of(condition)
        said = f"{bounds.get('min', '')}–{bounds.get('max', '')}"
    else:
        joint = " + " if condition.constraint.every else ", "
        said = joint.join(
            _value(v, condition.field, catalogue, language) for v in values_of_list(condition)
        )
    return f"{field.label.in_(language)}: {said}"


def values_of_list(condition: Condition) -> tuple[str, ...]:
    """The listed values of a condition; none for a range."""
    return () if isinstance(condition.constraint, Range) else condition.constraint.values


def _value(value: str, field: str, catalogue: Catalogue, language: Language) -> str:
    answer = catalogue.field(field).by_value.get(value)
    return value if answer is None else answer.named(language)


def _breakdown(answer: Answer, found: Found, catalogue: Catalogue, language: Language) -> Table:
    labels = [catalogue.field(name).label.in_(language) for name in answer.filter.by]
    table = Table(*labels, "n", "%")
    for row in found.breakdown:
        named = (Text(v or "–") for v in row.values)
        table.add_row(*named, f"{row.count:,}", f"{row.share:.1%}")
    return table


def _respondents(
    answer: Answer, shown: tuple[Respondent, ...], catalogue: Catalogue, language: Language
) -> Table:
    asked = [
        counted.condition.field for counted in (answer.found.conditions if answer.found else ())
    ]
    names = list(dict.fromkeys(asked)) or [field.name for field in catalogue.fields[:5]]
    table = Table(catalogue.respondent_id, *(catalogue.field(n).label.in_(language) for n in names))
    for respondent in shown:
        table.add_row(Text(respondent.id), *(_cell(respondent.fields.get(name)) for name in names))
    return table


def _cell(cell: object) -> Text:
    """What people wrote, brackets included: to rich they would be markup."""
    if isinstance(cell, list):
        return Text(", ".join(map(str, cell)))
    return Text("" if cell is None else str(cell))


def print_connection(checked: Checked, console: Console) -> None:
    """Where the connection leads and how it is protected, one line each, then the psql line."""
    session = checked.session
    protected = f"{session.tls}, {session.cipher}" if session.encrypted else "none"
    certificate = "checked" if checked.certificate_checked else "not checked"
    needed = "" if session.encoding == "UTF8" else " (Panelens needs UTF8)"
    prepared = "prepared" if session.prepared else "not prepared yet"
    lines = {
        "server": f"{session.server}, PostgreSQL {session.version}",
        "database": f"{session.database}, {session.encoding}{needed}, {prepared}",
        "as": f"{session.person}, may {'' if session.may_create else 'not '}create schemas",
        "encryption": f"{protected}; certificate {certificate}",
        "speed": f"{checked.connect_milliseconds} ms to connect, "
        f"{checked.round_trip_milliseconds} ms there and back",
        "connections": f"at most {session.connections_max}",
    }
    for name, value in lines.items():
        console.print(f"{name:<12}{value}", markup=False, highlight=False)
    console.print(f"\n{checked.psql}", markup=False, highlight=False, soft_wrap=True)


def print_report(report: LoadReport, console: Console) -> None:
    """What a load stored, what it refused and why."""
    console.print(
        f"{report.rows_read:,} rows read, {report.rows_stored:,} stored, "
        f"{report.rows_changed:,} changed, {report.values_rejected:,} values rejected "
        f"({report.seconds:.1f} s)"
    )
    if report.demo_removed:
        console.print(f"{report.demo_removed:,} synthetic people made room for them")
    for rows, said in (
        (report.header_rows, "rows held the questions' wording and were left out"),
        (report.duplicate_rows, "rows spoke of somebody again: of each the last one counts"),
    ):
        if rows:
            console.print(f"{rows:,} {said}")
    if report.rows_there:
        console.print(f"{report.rows_there:,} of them had been sent by a load that was cut off")
    if report.rejected:
        table = Table(
            "file", "row", "respondent", "field", "value", "reason", title="first rejected values"
        )
        for each in report.rejected:
            row = (each.file, each.row, each.respondent_id, each.field, each.value, each.reason)
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        console.print(table)
        console.print("All of them are in the table panelens.rejected_value.", style="dim")
    if report.answers_kept:
        console.print(f"{report.answers_kept:,} answers of before stay in place of rejected values")
    for names in report.unlisted:
        said = (
            f"{names.file}: {names.cells:,} names of {names.field} are not in the catalogue "
            f"and stay as written: {', '.join(names.first)}"
        )
        console.print(said, style="yellow", markup=False)
    for key in report.unknown_keys:
        said = f"{key.file}: key {key.key!r} is left out: {key.reason}"
        console.print(said, style="yellow", markup=False)


def print_evaluation(figures: Mapping[str, Any], console: Console) -> None:
    """The figures of an evaluation: in total and by tag, then by field and by operator."""
    names = ("questions", "exact", "precision", "recall", "f1", "jaccard", "identical", "ece")
    table = Table("", *names)
    # A tag may be called "all", too.
    for label, row in (("all questions", figures), *figures["by_tag"].items()):
        table.add_row(Text(label), *(_figure(row.get(name)) for name in names))
    console.print(table)
    for name in ("by_field", "by_operator"):
        console.print(_conditions_measured(figures[name], name.removeprefix("by_")))
    said = [_interval(name, figures) for name in names if f"{name}_interval" in figures]
    console.print(f"95 % intervals: {', '.join(said)}", markup=False)
    console.print(f"milliseconds a question: {figures['milliseconds']}", markup=False)
    console.print(f"kept as evaluation {figures['run']}", markup=False)


def print_runs(runs: Sequence[StoredRun], console: Console) -> None:
    """Evaluations with their main figures, oldest first."""
    table = Table("run", "when", "file", "questions", "exact", "95 %", "f1", "jaccard", "ece")
    for run in runs:
        table.add_row(
            str(run.run_id),
            f"{run.finished_at:%Y-%m-%d %H:%M}",
            Text(run.file),
            str(run.questions),
            _figure(run.exact),
            f"{run.exact_low:.3f}–{run.exact_high:.3f}",
            _figure(run.f1),
            _figure(run.jaccard),
            _figure(run.ece),
        )
    console.print(table)


def print_comparison(compared: Comparison, console: Console) -> None:
    """Two evaluations side by side, then the questions that did not come out the same."""
    print_runs((compared.before, compared.after), console)
    table = Table("change", "question", "jaccard before", "after")
    for each in compared.differences:
        table.add_row(
            each.change,
            Text(each.question),
            _figure(each.jaccard_before),
            _figure(each.jaccard_after),
        )
    console.print(table)


def _conditions_measured(rows: Mapping[str, Mapping[str, Any]], title: str) -> Table:
    names = ("gold", "predicted", "correct", "precision", "recall", "f1")
    table = Table(title, *names)
    for label, row in sorted(rows.items(), key=lambda item: item[1]["f1"]):
        table.add_row(label, *(_figure(row[name]) for name in names))
    return table


def _interval(name: str, figures: Mapping[str, Any]) -> str:
    low, high = figures[f"{name}_interval"]
    return f"{name} –" if low is None else f"{name} {low:.3f}–{high:.3f}"


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value if value is not None else "–")
