"""The arithmetic of rules is that of decimals, as Python's ``decimal`` has it, rounded once to six places."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from itertools import product
from operator import add, mul, sub, truediv
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.evaluate import naive

from misstep.evaluate.emit import RUNTIME, ExpressionWriter
from misstep.language.expression import Arithmetic
from misstep.language.facts import LARGEST
from misstep.language.functions import Type
from misstep.language.numbers import curve, is_steep, steep_curve, thousandths, total
from misstep.language.operators import ARITHMETIC, ArithmeticOperator
from misstep.rulebase.expressions import NOTHING, ExpressionError, Scope, check_value

DECIMALS = st.builds(lambda digits, places: float(f"{digits}e-{places}"), st.integers(-(10**9), 10**9), st.integers(0, 9))
EXTREMES = st.sampled_from([0.0, 1.0, -1.0, 0.1, 0.5, 1e-6, 5e-7, 1e-300, 5e-324, 2.0**53, -(2.0**53), 2.0**33, 1e8, 99999999.9])
NUMBERS: st.SearchStrategy[float] = DECIMALS | EXTREMES | st.floats(-LARGEST, LARGEST) | st.integers(-LARGEST, LARGEST)


COMPUTE: dict[str, Any] = {"+": add, "-": sub, "*": mul, "/": truediv}


def exact(operator: str, *numbers: float) -> float:
    """The result by ``decimal``."""
    with localcontext(prec=2000):
        result = reduce(COMPUTE[operator], [Decimal(str(number)) for number in numbers])
        return float(result.quantize(Decimal("0.000001"), ROUND_HALF_UP))


def is_plain(number: float) -> bool:
    """Whether it is what results are: a float, and no zero below zero."""
    return type(number) is float and (number != 0 or math.copysign(1, number) == 1)


@pytest.mark.parametrize("operator", ARITHMETIC)
@given(a=NUMBERS, b=NUMBERS)
@example(a=1.0, b=0.9)
@example(a=0.1, b=3)
@example(a=0.000003, b=0.5)
@example(a=-0.000001, b=0.5)
@example(a=-0.1, b=1e-300)
@example(a=1e8 + 0.0000005, b=1)
@example(a=1.0000005, b=0.0)
def test_a_result_is_the_exact_decimal_rounded_once(operator: ArithmeticOperator, a: float, b: float) -> None:
    if operator == "/" and (b == 0 or abs(a / b) > 1e300):
        return
    got = ARITHMETIC[operator].run(a, b)
    assert got == exact(operator, a, b)
    assert is_plain(got)


@given(st.lists(NUMBERS, max_size=8).flatmap(lambda numbers: st.tuples(st.just(numbers), st.permutations(numbers))))
@example(([0.1] * 3, [0.1] * 3))
@example(([1e8, 5e-7, -1e8], [5e-7, 1e8, -1e8]))
def test_a_sum_of_many_is_rounded_once_so_that_their_order_does_not_show(lists: tuple[list[float], list[float]]) -> None:
    one, other = lists
    assert total(one) == total(other) == exact("+", 0.0, *one)
    assert is_plain(total(one))


@st.composite
def curves(draw: Any) -> tuple[float, list[tuple[float, float]]]:
    xs = sorted(draw(st.lists(NUMBERS.map(float), min_size=2, max_size=5, unique=True)))
    points = [(x, exact("+", draw(NUMBERS.map(float)))) for x in xs]
    return draw(st.sampled_from(xs) | st.floats(xs[0], xs[-1]) | NUMBERS), points


@given(curves())
@example((27, [(0.0, 0.0), (24.0, 0.0), (72.0, 1.0)]))
@example((1e8 + 0.5, [(1e8, 0.0), (1e8 + 1, 1e8)]))
def test_a_curve_is_exact_however_steep(drawn: tuple[float, list[tuple[float, float]]]) -> None:
    x, points = drawn
    xs, ys = zip(*points, strict=True)
    wanted = naive._curve(x, tuple(points))
    assert steep_curve(x, xs, ys) == wanted
    assert is_steep(points) or curve(x, xs, ys) == wanted
    assert min(ys) <= wanted <= max(ys)


@given(NUMBERS)
@example(0.0005)
@example(1.0005)
@example(1.0015)
@example(-1.0025)
def test_an_amount_is_rounded_to_thousandths_of_two_as_near_the_even_one(x: float) -> None:
    with localcontext(prec=2000):
        assert thousandths(x) == int((Decimal(str(x)) * 1000).quantize(Decimal(1), ROUND_HALF_EVEN))


def test_only_numbers_that_are_not_whole_pay() -> None:
    scope = Scope({"m": {"n": Type("integer", high=9), "x": Type("number", high=9)}})
    whole = {text: check_value(text, scope, NOTHING).node for text in ("m.n + 1", "m.n * m.n", "m.n - 1.5", "m.x * 2", "m.n / 2")}
    assert [node.whole for node in whole.values() if isinstance(node, Arithmetic)] == [True, True, False, False, False]


# -- the bounds by which a divisor is known not to be 0

ENDS = st.tuples(NUMBERS, NUMBERS).map(lambda ends: sorted(end + 0 for end in ends))  # no -0.0, which is not below 0.0
FORMS = ("{} + {}", "{} - {}", "{} * {}", "{} / {}", "min({}, {})", "max({}, {})", "abs({})", "round({})", "-({})")


@pytest.mark.parametrize("form", [*FORMS, "curve({}, (0, 1), (1, -2), (5, 7))", "({} if m.b else {})"])
@given(left=ENDS, right=ENDS, truth=st.booleans(), data=st.data())
def test_a_value_is_between_the_bounds_of_its_type(
    form: str, left: list[float], right: list[float], truth: bool, data: st.DataObject
) -> None:
    types = {name: Type("number", low=low, high=high) for name, (low, high) in (("x", left), ("y", right))}
    scope = Scope({"m": {**types, "b": Type("boolean")}})
    text = form.format("m.x", "m.y")
    if "/" in form and right[0] <= 0 <= right[1]:
        with pytest.raises(ExpressionError, match=r"^the divisor may be 0"):
            check_value(text, scope, NOTHING)
        return
    if "/" in form and max(map(abs, left)) / min(map(abs, right)) > 2.0**900:
        with pytest.raises(ExpressionError, match=r"^the number can become too large"):
            check_value(text, scope, NOTHING)
        return
    node, type_ = check_value(text, scope, NOTHING)
    between = [st.sampled_from([low, high]) | st.floats(float(low), float(high)) for low, high in (left, right)]
    values = {"x": data.draw(between[0]), "y": data.draw(between[1]), "b": truth}
    got = naive.evaluate(node, {"m": naive.Fact((), (), values)})
    assert type_.low <= got <= type_.high


def test_the_examples_of_authors() -> None:
    for text in ("1.0 - 0.9 >= 0.1", "1.1 - 1.0 >= 0.1", "0.1 * 3 == 0.3", "0.1 + 0.2 == 0.3", "2 / 3 * 3 == 2.000001"):
        node, _ = check_value(text, Scope({}), NOTHING)
        writer = ExpressionWriter({})
        assert eval(writer.expression(node), {**RUNTIME, **writer.constants}) is True
        assert naive.evaluate(node, {}) is True


@pytest.mark.parametrize(("a", "b"), [*product((2.0**53, -(2.0**53), 2**53), (0.1, 2.0**53, 1.5))])
def test_great_numbers_are_the_floats_nearest_to_the_exact_result(a: float, b: float) -> None:
    for operator, form in ARITHMETIC.items():
        assert form.run(a, b) == exact(operator, a, b)
