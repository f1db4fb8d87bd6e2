"""Fills the catalogue's fields and answers into the GBNF skeleton: what the model may write."""

import json
from collections.abc import Iterable
from string import Template

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import BY_MAX, GROUPS_MAX, TEXT_LENGTH_MAX, TEXTS_MAX
from server.resources import folder
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX


def build_grammar(catalogue: Catalogue) -> str:
    """The GBNF of a catalogue: it accepts exactly the spellings of its valid filters."""
    skeleton = Template((folder("grammars") / "filter.gbnf").read_text("utf-8"))
    rules = [_rule(field) for field in catalogue.fields]
    return skeleton.substitute(
        where=" ".join(f"{rule}?" for rule in rules),
        negated=" ".join(f'("-" {rule})?' for rule in rules),
        groups="\n".join(_group_rules(rules)),
        names=" | ".join(_literal(field.name) for field in catalogue.fields),
        fields="\n".join(_field_rules(catalogue.fields)),
        groups_max=GROUPS_MAX,
        by_max=BY_MAX,
        phrases_max=PHRASES_MAX,
        phrase_rest=PHRASE_LENGTH_MAX - 1,
        text_rest=TEXT_LENGTH_MAX - 1,
    )


def _rule(field: PanelField) -> str:
    """GBNF rule names know no underscore."""
    return f"c-{field.name.replace('_', '-')}"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _group_rules(rules: list[str]) -> Iterable[str]:
    """For each field: a group that begins no earlier, and the rest of a group from there on."""
    for i, rule in enumerate(rules):
        last = i == len(rules) - 1
        begin, go_on = f'"/" {rule}', f'("&" {rule})?'
        yield (
            f"group-{i} ::= {begin}"
            if last
            else f"group-{i} ::= {begin} rest-{i + 1} | group-{i + 1}"
        )
        if i:
            yield f"rest-{i} ::= {go_on}" if last else f"rest-{i} ::= {go_on} rest-{i + 1}"


def _field_rules(fields: Iterable[PanelField]) -> Iterable[str]:
    for field in fields:
        rule, values = _rule(field), f"{_rule(field)}-v"
        name = _literal(field.name)
        match field.kind:
            case Kind.NUMBER:
                yield f'{rule} ::= {name} "=" range "\\n"'
                continue
            case Kind.TEXT:
                yield f'{rule} ::= {name} "=" text ("|" text){{0,{TEXTS_MAX - 1}}} "\\n"'
                continue
            case Kind.BAND:
                yield f'{rule} ::= {name} "=" (range | {_list(values, field)}) "\\n"'
            case Kind.MULTI:
                yield f'{rule} ::= {name} "*"? "=" {_list(values, field)} "\\n"'
            case Kind.SINGLE | Kind.ORDERED:
                yield f'{rule} ::= {name} "=" {_list(values, field)} "\\n"'
        yield f"{values} ::= {' | '.join(_literal(a.value) for a in field.listed)}"


def _list(values: str, field: PanelField) -> str:
    more = len(field.listed) - 1
    return f'{values} ("|" {values}){{0,{more}}}' if more else values
