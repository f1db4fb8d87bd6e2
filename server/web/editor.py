"""The forms that change a filter, made from the catalogue: one condition, or a new one."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import NUMBER_MAX, Condition, Filter, Range, Values
from server.web import views
from server.web.addresses import Address
from server.web.asking import fields_holding, without_condition, write_filter
from server.web.changing import NEW_GROUP, Place, condition_at
from server.web.phrasing import label_of
from server.web.wording import Wording

SEARCHED_FROM = 12


@dataclass(frozen=True, slots=True)
class Editor:
    """Makes the forms for one filter in one language; `address` holds the question beside it."""

    catalogue: Catalogue
    wording: Wording
    address: Address
    query: Filter

    def condition(self, field: PanelField, place: Place) -> views.ConditionForm:
        """The form for one condition, filled in with what stands there now."""
        now = condition_at(self.query, place, field.name)
        values = now.constraint if now and isinstance(now.constraint, Values) else Values(())
        return views.ConditionForm(
            filter=write_filter(self.query),
            question=self.address.question or "",
            language=self.address.language,
            field=field.name,
            old="" if now is None else str(place),
            label=label_of(field, self.wording),
            source=self.catalogue.source_code(field.name),
            wording=field.question.in_(self.wording.language),
            personal=field.personal,
            places=tuple(self._places(place, field)),
            bounds=self._bounds(field, now),
            choices=tuple(self._choices(field, values.values)),
            searched=len(field.listed) >= SEARCHED_FROM,
            every=values.every if field.kind is Kind.MULTI else None,
            text=", ".join(values.values) if field.kind is Kind.TEXT else None,
            remove=None if now is None else self._without(place, field),
            cancel=self._searching(self.query),
        )

    def addition(self, wanted: str) -> views.AdditionForm:
        """What can be added: the fields in which the words occur, a wanted number, a breakdown."""
        return views.AdditionForm(
            filter=write_filter(self.query),
            question=self.address.question or "",
            language=self.address.language,
            wanted=wanted,
            fields=tuple(self._field_link(f) for f in fields_holding(wanted, self.catalogue)),
            limit=self.query.limit,
            by=tuple(
                views.Choice(
                    value=f.name,
                    text=label_of(f, self.wording),
                    official="",
                    checked=f.name in self.query.by,
                )
                for f in self.catalogue.fields
            ),
            cancel=self._searching(self.query),
        )

    def _field_link(self, field: PanelField) -> views.FieldLink:
        return views.FieldLink(
            label=label_of(field, self.wording),
            source=self.catalogue.source_code(field.name),
            wording=field.question.in_(self.wording.language),
            href=self.address.editing(self.query, self.address.question, field.name, None),
        )

    def _places(self, now: Place, field: PanelField) -> Iterable[views.Choice]:
        """Where the condition may stand: nowhere in place of another one on the field."""
        say = self.wording.say
        offered = [(Place("where"), say("must hold")), (Place("not"), say("must not hold"))]
        offered += [
            (Place("either", number), say("in alternative %(n)s", n=number + 1))
            for number in range(len(self.query.either))
        ]
        if self.query.either:
            offered.append((Place("either", NEW_GROUP), say("in a new alternative")))
        for place, text in offered:
            if place == now or condition_at(self.query, place, field.name) is None:
                yield views.Choice(str(place), text, "", checked=place == now)

    def _bounds(self, field: PanelField, now: Condition | None) -> views.Bounds | None:
        if not field.takes_range:
            return None
        bounds = now.constraint if now and isinstance(now.constraint, Range) else Range()
        unit = field.unit.in_(self.wording.language) if field.unit else ""
        return views.Bounds(bounds.min, bounds.max, field.min, field.max, NUMBER_MAX, unit)

    def _choices(self, field: PanelField, chosen: tuple[str, ...]) -> Iterable[views.Choice]:
        for answer in field.listed if field.has_listed_answers else ():
            yield views.Choice(
                value=answer.value,
                text=answer.named(self.wording.language),
                official=answer.label if answer.label != answer.value else "",
                checked=answer.value in chosen,
            )

    def _without(self, place: Place, field: PanelField) -> str:
        return self._searching(without_condition(self.query, place.part, place.group, field.name))

    def _searching(self, query: Filter) -> str:
        return self.address.changing(self.query, query).href
