"""Plan → counting: SQL over the conditions that respondents hold, each computed once.

The statements keep three columns for these expressions: `held`, one boolean a condition;
`missed`, how many of `where` and `not` do not hold; `missed_in_groups`, the same for each group
of `either`.
"""

from collections.abc import Collection, Iterable

from psycopg import sql

from server.search.plan import TRUE, Plan, Predicate, any_of


def held(plan: Plan) -> sql.Composable:
    """For each condition in turn, whether the respondent satisfies it: no answer never does."""
    return _array((sql.SQL("({}) is true").format(p.sql) for p in plan.predicates), "boolean[]")


def missed(plan: Plan) -> sql.Composable:
    """How many conditions of `where` and `not` do not hold."""
    return _misses(plan.required)


def missed_in_groups(plan: Plan) -> sql.Composable:
    """For each group of `either` in turn, how many of its conditions do not hold."""
    return _array((_misses(group) for group in plan.groups), "integer[]")


def found(plan: Plan) -> sql.Composable:
    """Whether the whole filter holds."""
    return sql.SQL("missed = 0 and {}").format(_either(plan))


def alone(plan: Plan) -> sql.Composable:
    """For each condition in turn, the people who satisfy it by itself."""
    return _array((_people(_holds(p)) for p in plan.predicates), "bigint[]")


def without(plan: Plan) -> sql.Composable:
    """For each condition in turn, the people who would be found if it were dropped."""
    return _array((_people(_found_without(p, plan)) for p in plan.predicates), "bigint[]")


def lacking(plan: Plan, among: Collection[Predicate]) -> sql.Composable:
    """The number of the one condition, of these, that keeps a respondent from being found, else null.

    When several groups of `either` lack one condition each, it is the first of them.
    """
    if not among:
        return sql.SQL("null::integer")
    cases = (
        sql.SQL("when {} then {}").format(_lacks_only(p, plan), sql.Literal(p.number))
        for p in among
    )
    return sql.SQL("case {} end").format(sql.SQL(" ").join(cases))


def _found_without(dropped: Predicate, plan: Plan) -> sql.Composable:
    """The filter less one condition, as a person edits it.

    A group that loses its only condition goes too, and `either` goes with its last group.
    """
    if dropped.part != "either":
        return sql.SQL("missed - {} = 0 and {}").format(_miss(dropped), _either(plan))
    ways = [
        sql.SQL("{} = 0").format(_missed_in(number))
        for number in range(len(plan.groups))
        if number != dropped.group
    ]
    if len(plan.groups[dropped.group]) > 1:
        ways.append(sql.SQL("{} - {} = 0").format(_missed_in(dropped.group), _miss(dropped)))
    return sql.SQL("missed = 0 and ({})").format(any_of(ways) if ways else TRUE)


def _lacks_only(near: Predicate, plan: Plan) -> sql.Composable:
    if near.part != "either":
        return sql.SQL("missed = 1 and not {} and {}").format(_holds(near), _either(plan))
    return sql.SQL("missed = 0 and not {} and {} = 1 and not {}").format(
        _holds(near), _missed_in(near.group), _either(plan)
    )


def _either(plan: Plan) -> sql.Composable:
    return sql.SQL("0 = any(missed_in_groups)") if plan.groups else TRUE


def _holds(predicate: Predicate) -> sql.Composable:
    """PostgreSQL counts an array's places from 1."""
    return sql.SQL("held[{}]").format(sql.Literal(predicate.number + 1))


def _miss(predicate: Predicate) -> sql.Composable:
    return sql.SQL("(not {})::integer").format(_holds(predicate))


def _misses(predicates: Iterable[Predicate]) -> sql.Composable:
    return sql.SQL(" + ").join([sql.SQL("0"), *(_miss(p) for p in predicates)])


def _missed_in(group: int) -> sql.Composable:
    return sql.SQL("missed_in_groups[{}]").format(sql.Literal(group + 1))


def _people(condition: sql.Composable) -> sql.Composable:
    return sql.SQL("coalesce(sum(people) filter (where {}), 0)").format(condition)


def _array(items: Iterable[sql.Composable], as_type: str) -> sql.Composable:
    return sql.SQL("array[{}]::{}").format(sql.SQL(", ").join(items), sql.SQL(as_type))
