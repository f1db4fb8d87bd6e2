"""From an answer to what its page shows: pure functions, no request and no template in sight."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from server.accuracy.measured import ENOUGH_QUESTIONS, Accuracy
from server.answering import Answer
from server.catalogue import Answer as ListedAnswer
from server.catalogue import Catalogue, Kind, PanelField
from server.filter import (
    Condition,
    Filter,
    Part,
    Values,
    constraint_as_json,
    parse_filter,
    placed_conditions,
)
from server.guide import FieldGuide, WordsForSeveral
from server.interpret.interpretation import DOUBTFUL_BELOW, Interpretation
from server.search.answer import BreakdownRow, Cell, CountedCondition, Found, Respondent
from server.web import views
from server.web.addresses import Address
from server.web.asking import fields_holding, without_condition, write_filter
from server.web.changing import Place, condition_at, with_condition
from server.web.phrasing import (
    alternatives_in_words,
    cell_in_words,
    condition_in_words,
    label_of,
    labelled,
    labels_of,
    mark_question,
    value_in_words,
)
from server.web.wording import Wording

FOLDED_FROM = 12


@dataclass(frozen=True, slots=True)
class Showing:
    """Shows one panel's answers in one language from one address."""

    catalogue: Catalogue
    wording: Wording
    address: Address

    def coming(self, answer: Answer) -> views.AnswerView:
        """The reading, and where its parts are; nothing comes when nothing was understood."""
        if not answer.understood:
            return views.AnswerView(self.reading(answer))
        here = self.address.staying(answer.filter)
        parts = views.Parts(
            count=replace(here, path="/count").href,
            people=replace(self.address, path="/people", filter=here.filter).href,
            accuracy=replace(here, path="/measured").href,
        )
        return views.AnswerView(self.reading(answer), parts=parts)

    def respondent_groups(
        self, respondent: Respondent, fields: Iterable[PanelField]
    ) -> tuple[views.ProfileGroup, ...]:
        """What these fields hold of one person, by source file."""
        return tuple(
            self._profile_group(file, group, respondent) for file, group in self._by_file(fields)
        )

    def codebook(
        self,
        wanted: str,
        guide: Mapping[str, FieldGuide],
        people: Mapping[tuple[str, str], int],
    ) -> tuple[views.CodebookGroup, ...]:
        """The fields in which every wanted word occurs, by source file.

        `people` says how many gave an answer, by field and value.
        """
        fields = fields_holding(wanted, self.catalogue)
        return tuple(
            views.CodebookGroup(
                file, tuple(self._codebook_field(f, guide[f.name], people) for f in group)
            )
            for file, group in self._by_file(fields)
        )

    # The reading

    def reading(self, answer: Answer) -> views.ReadingView:
        """How the question was understood."""
        query, reading = answer.filter, answer.interpretation
        said = reading or answer.earlier
        chips = [
            (part, self._chip(answer, part, group, condition))
            for part, group, condition in placed_conditions(query)
        ]
        alternatives = iter([chip for part, chip in chips if part == "either"])
        return views.ReadingView(
            language=said.language if said else None,
            segments=mark_question(said) if said else (),
            chips=tuple(chip for part, chip in chips if part != "either"),
            groups=tuple(
                tuple(next(alternatives) for _ in conditions) for conditions in query.either
            ),
            settings=tuple(self._settings(query)),
            everyone=answer.understood and not query.restricts,
            read_as=said.read_as if said else (),
            unsupported=said.unsupported if said else (),
            unused=said.unused if said else (),
            contradiction=_warned(reading, "contradiction"),
            doubtful=any(chip.doubtful for _, chip in chips),
            may_lack=answer.confidence is not None and answer.confidence < DOUBTFUL_BELOW,
            others=tuple(
                self._whole(query, other) for other in (reading.others if reading else ())
            ),
            sure=answer.confidence,
            filter=write_filter(query) if answer.understood else "{}",
            milliseconds=reading.milliseconds if reading else None,
            chosen=reading is None,
            ask_again=self._ask_again(reading),
            add=self.address.editing(query, self.address.question, None, None),
            undo=self._undo(),
            keep=replace(
                self.address.searching(query, self.address.question), path="/segments"
            ).href,
        )

    def _undo(self) -> str | None:
        """The filter that was changed into this one."""
        if self.address.previous is None:
            return None
        before = self.address.asking(self.address.question or "")
        return replace(before, filter=self.address.previous).href

    def _ask_again(self, reading: Interpretation | None) -> str | None:
        question = self.address.question
        return self.address.asking(question).href if reading is None and question else None

    def _chip(self, answer: Answer, part: Part, group: int, condition: Condition) -> views.Chip:
        field = self.catalogue.field(condition.field)
        read = answer.read.get((part, group, condition.field))
        return views.Chip(
            label=label_of(field, self.wording),
            text=condition_in_words(condition, field, self.wording),
            source=self.catalogue.source_code(field.name),
            wording=field.question.in_(self.wording.language),
            href=self._codebook_entry(field),
            negated=part == "not",
            confidence=read.confidence if read else None,
            doubtful=read is not None and read.confidence < DOUBTFUL_BELOW,
            words=" ".join(read.words) if read else "",
            edit=self.address.editing(
                answer.filter, self.address.question, field.name, str(Place(part, group))
            ),
            turn=self._turn(answer.filter, part, condition),
            remove=self._without(answer.filter, part, group, condition.field),
            alternatives=tuple(
                self._alternative(answer.filter, Place(part, group), other)
                for other in (read.alternatives if read else ())
            ),
        )

    def _turn(self, query: Filter, part: Part, condition: Condition) -> views.Alternative | None:
        """The same condition with the other sign; none in `either`, which knows no sign.

        None either where it would take the place of another condition on the field.
        """
        if part == "either":
            return None
        other: Part = "not" if part == "where" else "where"
        if condition_at(query, Place(other), condition.field) is not None:
            return None
        rest = without_condition(query, part, 0, condition.field)
        turned = self._with(rest, Place(other), condition)
        text = (
            self.wording.say("must not hold") if other == "not" else self.wording.say("must hold")
        )
        return views.Alternative(text, self.address.changing(query, turned).href)

    def _alternative(self, query: Filter, place: Place, other: Condition) -> views.Alternative:
        field = self.catalogue.field(other.field)
        return views.Alternative(
            condition_in_words(other, field, self.wording),
            self.address.changing(query, self._with(query, place, other)).href,
        )

    def _whole(self, query: Filter, other: Filter) -> views.WholeReading:
        return views.WholeReading(
            tuple(self._whole_parts(query, other)), self.address.changing(query, other).href
        )

    def _whole_parts(self, query: Filter, other: Filter) -> Iterable[views.WholePart]:
        for condition in other.where:
            new = condition not in query.where
            yield views.WholePart(self._labelled(condition), negated=False, new=new)
        for condition in other.negated:
            new = condition not in query.negated
            yield views.WholePart(self._labelled(condition), negated=True, new=new)
        if other.either:
            text = alternatives_in_words(other, self.catalogue, self.wording)
            taken = [set(group) for group in query.either]
            new = [set(group) for group in other.either] != taken
            yield views.WholePart(text, negated=False, new=new)

    def _labelled(self, condition: Condition) -> str:
        return labelled(condition, self.catalogue, self.wording)

    def _with(self, query: Filter, place: Place, condition: Condition) -> Filter:
        return with_condition(
            query,
            self.catalogue,
            place=place,
            field=condition.field,
            constraint=constraint_as_json(condition.constraint),
        )

    def _settings(self, query: Filter) -> Iterable[views.Setting]:
        for name in query.by:
            kept = tuple(other for other in query.by if other != name)
            label = label_of(self.catalogue.field(name), self.wording)
            yield views.Setting(
                self.wording.say("by %(label)s", label=label),
                self.address.changing(query, replace(query, by=kept)).href,
            )
        if query.limit is not None:
            yield views.Setting(
                self.wording.say("%(n)s wanted", n=self.wording.number(query.limit)),
                self.address.changing(query, replace(query, limit=None)).href,
            )

    # Who was found

    def found(self, query: Filter, found: Found) -> views.FoundView:
        """How many were found, what each condition costs, and how they divide."""
        hidden = len(found.conditions) < len(list(placed_conditions(query)))
        funnel = tuple(self._funnel(query, found, hidden=hidden))
        costliest = next((row for row in funnel if row.costliest), None)
        return views.FoundView(
            headline=self._headline(query, found),
            remark=self._remark(query, found),
            total=found.total,
            population=found.population,
            share=_share(found.total, found.population),
            reference_year=found.reference_year,
            synthetic=found.synthetic,
            funnel=funnel,
            hidden=hidden,
            relief=costliest if found.total == 0 or found.shortfall > 0 else None,
            breakdown=self._breakdown(query, found),
            figures=replace(self.address.staying(replace(query, by=())), path="/figures").href,
            near=replace(self.address.staying(query), path="/near").href,
            sql=found.sql,
            api=write_filter(query),
            milliseconds=found.milliseconds,
        )

    def _headline(self, query: Filter, found: Found) -> str:
        if found.total == 0:
            return self.wording.say("Nobody matches")
        if query.limit is None:
            return self.wording.say_many(
                "%(n)s respondent matches", "%(n)s respondents match", found.total
            )
        return self.wording.say_many(
            "%(asked)s wanted, %(n)s matches",
            "%(asked)s wanted, %(n)s match",
            found.total,
            asked=self.wording.number(query.limit),
        )

    def _remark(self, query: Filter, found: Found) -> str:
        if query.limit is None or found.total == 0:
            return ""
        if found.shortfall > 0:
            return self.wording.say(
                "%(n)s short. Nobody is added to fill up.", n=self.wording.number(found.shortfall)
            )
        return self.wording.say(
            "The first %(n)s in a fixed random order: the same question brings the same people.",
            n=self.wording.number(query.limit),
        )

    def _funnel(self, query: Filter, found: Found, *, hidden: bool) -> Iterable[views.FunnelRow]:
        # One that is hidden may cost more than all that are shown.
        most = None if hidden else max((c.without for c in found.conditions), default=0)
        for counted in found.conditions:
            yield self._funnel_row(query, found, counted, most)

    def _funnel_row(
        self, query: Filter, found: Found, counted: CountedCondition, most: int | None
    ) -> views.FunnelRow:
        field = self.catalogue.field(counted.condition.field)
        gain = counted.without - found.total
        return views.FunnelRow(
            label=label_of(field, self.wording),
            text=condition_in_words(counted.condition, field, self.wording),
            source=self.catalogue.source_code(field.name),
            negated=counted.part == "not",
            alone=_bar(counted.alone, found.population),
            without=_bar(counted.without, found.population),
            gain=self._signed(gain),
            costliest=gain > 0 and counted.without == most,
            remove=self._without(query, counted.part, counted.group, field.name),
        )

    def _signed(self, gain: int) -> str:
        """What dropping a condition changes; fewer people when it is one of several ways in."""
        sign = "+" if gain > 0 else "−"
        return f"{sign}{self.wording.number(abs(gain))}" if gain else ""

    def accuracy(self, measured: Accuracy | None) -> views.AccuracyView:
        """How good readings with these fields were on labelled questions."""
        say = self.wording.say
        rates: list[tuple[str, str, float | None]] = []
        if measured is not None and measured.enough:
            rates = [
                (
                    say("Precision"),
                    say("share of the found people who should be found"),
                    measured.precision,
                ),
                (say("Recall"), say("share of the right people who are found"), measured.recall),
                ("F1", say("precision and recall in one figure"), measured.f1),
                ("Jaccard", say("overlap of found and right people"), measured.jaccard),
            ]
        return views.AccuracyView(
            questions=measured.questions if measured else 0,
            needed=ENOUGH_QUESTIONS,
            exact_questions=measured.exact_questions if measured else 0,
            exact=measured.exact if measured and measured.enough else None,
            low=measured.exact_low if measured and measured.enough else None,
            high=measured.exact_high if measured and measured.enough else None,
            rates=tuple(
                views.Rate(label, meaning, value, _width(value, 1))
                for label, meaning, value in rates
                if value is not None
            ),
            fields=labels_of(
                tuple(name for name in measured.fields if name in self.catalogue.by_name)
                if measured
                else (),
                self.catalogue,
                self.wording,
            ),
        )

    def _breakdown(self, query: Filter, found: Found) -> views.BreakdownView | None:
        if not query.by or not (found.breakdown or found.breakdown_left_off):
            return None
        fields = [self.catalogue.field(name) for name in query.by]
        largest = max((row.count for row in found.breakdown), default=0)
        return views.BreakdownView(
            headings=tuple(label_of(field, self.wording) for field in fields),
            rows=tuple(self._line(row, fields, largest) for row in found.breakdown),
            has_lift=query.restricts and not self._settled(query, fields),
            left_off=found.breakdown_left_off,
            several=any(field.kind is Kind.MULTI for field in fields),
        )

    def _line(
        self, row: BreakdownRow, fields: Sequence[PanelField], largest: int
    ) -> views.BreakdownLine:
        return views.BreakdownLine(
            values=tuple(
                self.wording.say("no answer")
                if value is None
                else value_in_words(value, field, self.wording)
                for field, value in zip(fields, row.values, strict=True)
            ),
            bar=_bar(row.count, largest),
            share=row.share,
            low=row.share_low,
            high=row.share_high,
            lift="–" if row.lift is None else self.wording.times(row.lift),
        )

    def _settled(self, query: Filter, fields: Iterable[PanelField]) -> bool:
        """Whether the filter itself settles how often an answer to one of the fields is found."""
        asked = [self.catalogue.field(c.field) for _, _, c in placed_conditions(query)]
        kept = {field.derived_from or field.name for field in asked}
        return any((field.derived_from or field.name) in kept for field in fields)

    # Profile and codebook

    def _profile_group(
        self, file: str, fields: Iterable[PanelField], respondent: Respondent
    ) -> views.ProfileGroup:
        rows, unanswered = [], []
        for field in fields:
            cell = respondent.fields.get(field.name)
            if cell is None or cell == []:
                unanswered.append(label_of(field, self.wording))
                continue
            rows.append(
                views.ProfileRow(
                    label=label_of(field, self.wording),
                    source=self._source(field),
                    wording=field.question.in_(self.wording.language),
                    href=self._codebook_entry(field),
                    answers=tuple(self._profile_answers(cell, field)),
                )
            )
        return views.ProfileGroup(file, tuple(rows), " · ".join(unanswered))

    def _profile_answers(self, cell: Cell, field: PanelField) -> Iterable[views.ProfileAnswer]:
        for value in cell if isinstance(cell, list) else [cell]:
            listed = field.by_value.get(value) if isinstance(value, str) else None
            yield views.ProfileAnswer(
                code=listed.code if listed and listed.code != value else "",
                text=cell_in_words(value, field, self.wording),
                official=_official(value, field) if isinstance(value, str) else "",
            )

    def _codebook_field(
        self, field: PanelField, guide: FieldGuide, people: Mapping[tuple[str, str], int]
    ) -> views.CodebookField:
        answers = tuple(
            self._codebook_answer(field, answer, guide, people.get((field.name, answer.value)))
            for answer in field.answers
        )
        return views.CodebookField(
            name=field.name,
            label=label_of(field, self.wording),
            source=self._source(field),
            kind=self._kind(field.kind),
            wording=field.question.in_(self.wording.language),
            personal=field.personal,
            note=field.note or "",
            names=", ".join(guide.names),
            examples=tuple(
                views.Example(text, self.address.asking(text).href) for text in guide.examples
            ),
            several=tuple(self._codebook_words(words) for words in guide.several),
            answers=answers,
            has_official=any(answer.official for answer in answers),
            has_words=any(answer.words for answer in answers),
            has_counts=any(answer.count is not None for answer in answers),
            folded=len(field.answers) >= FOLDED_FROM,
        )

    def _codebook_answer(
        self, field: PanelField, answer: ListedAnswer, guide: FieldGuide, count: int | None
    ) -> views.CodebookAnswer:
        query = Filter(where=(Condition(field.name, Values((answer.value,))),))
        return views.CodebookAnswer(
            code=answer.code,
            text=answer.named(self.wording.language),
            official=_official(answer.value, field),
            words=", ".join(guide.answers.get(answer.value, ())),
            count=count,
            href=None if answer.missing else self.address.searching(query, None).href,
        )

    def _codebook_words(self, several: WordsForSeveral) -> views.CodebookWords:
        query = parse_filter(several.filter, self.catalogue)
        return views.CodebookWords(
            words=", ".join(several.words),
            meaning="; ".join(
                f"{self.wording.say('not')} {text}" if part == "not" else text
                for part, _, condition in placed_conditions(query)
                for text in [self._condition(condition)]
            ),
            href=self.address.searching(query, None).href,
        )

    def _condition(self, condition: Condition) -> str:
        return condition_in_words(condition, self.catalogue.field(condition.field), self.wording)

    def _kind(self, kind: Kind) -> str:
        say = self.wording.say
        return {
            Kind.SINGLE: say("one answer"),
            Kind.ORDERED: say("one answer of an ordered list"),
            Kind.BAND: say("one range of numbers"),
            Kind.MULTI: say("several answers"),
            Kind.NUMBER: say("number"),
            Kind.TEXT: say("open list"),
        }[kind]

    def _by_file(
        self, fields: Iterable[PanelField]
    ) -> Iterable[tuple[str, tuple[PanelField, ...]]]:
        """Fields by source file; files of a single question stand together at the end."""
        alone = self._files_of_one_field
        files: dict[str, list[PanelField]] = {}
        for field in fields:
            file = self._file(field)
            title = self.wording.say("Single-question polls") if file in alone else file
            files.setdefault(title, []).append(field)
        return [(title, tuple(group)) for title, group in files.items()]

    @property
    def _files_of_one_field(self) -> set[str]:
        counted = Counter(self._file(field) for field in self.catalogue.fields)
        return {file for file, count in counted.items() if count == 1}

    def _file(self, field: PanelField) -> str:
        origin = field if field.source else self.catalogue.field(field.derived_from or "")
        return origin.source.file if origin.source else self.catalogue.name

    def _source(self, field: PanelField) -> str:
        """The code, with its file where the heading does not name it."""
        file = self._file(field)
        return (
            f"{file} {self.catalogue.source_code(field.name)}"
            if file in self._files_of_one_field
            else self.catalogue.source_code(field.name)
        )

    # Addresses

    def _codebook_entry(self, field: PanelField) -> str:
        return f"{self.address.to('/codebook').href}#{field.name}"

    def _without(self, query: Filter, part: Part, group: int, field: str) -> str:
        return self.address.changing(query, without_condition(query, part, group, field)).href


def _warned(reading: Interpretation | None, warning: str) -> bool:
    return reading is not None and warning in reading.warnings


def _official(value: str, field: PanelField) -> str:
    """The official wording where it says more than the short name."""
    answer = field.by_value.get(value)
    return answer.label if answer is not None and answer.label != answer.value else ""


def _bar(count: int, whole: int) -> views.Bar:
    return views.Bar(count, _width(count, whole))


def _width(part: float, whole: float) -> float:
    return round(100 * max(0.0, min(1.0, part / whole)), 2) if whole else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
