//! The arithmetic of the rule language, as `misstep/language/numbers.py` has it: by floats where they are sure, else by whole numbers;
//! None where these are too large, or a number has more than six places.
use crate::program::Value;
use std::cmp::Ordering;

const MILLION: i128 = 1_000_000;
const SMALL: f64 = 1e8;
const SURE: f64 = 0.4;

pub fn number(value: Value) -> Option<f64> {
    match value {
        Value::Whole(whole) => Some(whole as f64),
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// A whole number beside another one; as a float it may be one that it is not.
pub fn compare_exactly(whole: i64, number: f64) -> Option<Ordering> {
    let below = number.floor();
    let order = whole.cmp(&(below as i64));
    (!number.is_nan()).then(|| if order.is_eq() && number > below { Ordering::Less } else { order })
}

pub fn calculate(operator: char, a: f64, b: f64) -> Option<f64> {
    let (result, largest) = match operator {
        '+' => (a + b, a.abs().max(b.abs())),
        '-' => (a - b, a.abs().max(b.abs())),
        '*' => (a * b, (a * b).abs()),
        _ => (a / b, (a / b).abs()),
    };
    if let Some(whole) = nearest(result * 1e6).filter(|_| largest < SMALL) {
        return Some(whole / 1e6);
    }
    let (a, b) = (millionths(a)?, millionths(b)?);
    match operator {
        '+' => rounded(a + b, 1),
        '-' => rounded(a - b, 1),
        '*' => rounded(a.checked_mul(b)?, MILLION),
        _ => rounded(a.checked_mul(MILLION)?, b),
    }
}

/// The sum of many.
pub fn total(values: &[f64]) -> Option<f64> {
    rounded(sum(values)?, 1)
}

/// The sum of many by their number; None of none: then each of them was too large.
pub fn average(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { rounded(sum(values)?, values.len() as i128) }
}

/// Straight lines through the points, flat outside.
pub fn curve(x: f64, xs: &[f64], ys: &[f64], steep: bool) -> Option<f64> {
    let i = xs.partition_point(|&point| point <= x);
    if i == 0 || i == xs.len() {
        return Some(if i == 0 { ys[0] } else { ys[i - 1] });
    }
    let (x0, y0, x1, y1) = (xs[i - 1], ys[i - 1], xs[i], ys[i]);
    match nearest((y0 + (y1 - y0) * (x - x0) / (x1 - x0)) * 1e6) {
        Some(whole) if !steep => Some(whole / 1e6),
        _ => {
            let (x, x0, y0, x1, y1) = (millionths(x)?, millionths(x0)?, millionths(y0)?, millionths(x1)?, millionths(y1)?);
            rounded(y0.checked_mul(x1 - x0)?.checked_add((y1 - y0).checked_mul(x - x0)?)?, x1 - x0)
        }
    }
}

/// An amount as it is carried; of two that are as near the even one.
pub fn thousandths(amount: f64) -> Option<i64> {
    if let Some(whole) = nearest(amount * 1e3).filter(|_| amount.abs() < SMALL) {
        return Some(whole as i64);
    }
    let exact = millionths(amount)?;
    let (whole, rest) = (exact.div_euclid(1000), exact.rem_euclid(1000));
    i64::try_from(whole + i128::from(rest > 500 || (rest == 500 && whole % 2 != 0))).ok()
}

/// The nearest whole number, away from zero of two; None beyond those that a float holds exactly.
pub fn nearest_whole(number: f64) -> Option<i64> {
    (number.abs() < 9e15).then(|| number.round() as i64)
}

/// The nearest whole number; None where the errors of floats could change it.
fn nearest(scaled: f64) -> Option<f64> {
    let whole = scaled.round_ties_even();
    (-SURE < scaled - whole && scaled - whole < SURE).then_some(whole + 0.0) // -0.0 is 0.0
}

fn sum(values: &[f64]) -> Option<i128> {
    values.iter().map(|&value| millionths(value)).sum()
}

/// A number of at most six places below a thousand million, in millionths.
fn millionths(number: f64) -> Option<i128> {
    let whole = (number * 1e6).round();
    (whole.abs() < 1e15 && whole / 1e6 == number).then_some(whole as i128)
}

/// A quotient of millionths, rounded to whole ones, away from zero of two.
fn rounded(numerator: i128, denominator: i128) -> Option<f64> {
    let (size, by) = (numerator.checked_abs()?.checked_mul(2)?, denominator.abs());
    let millionths = size.checked_add(by)? / by.checked_mul(2)?;
    let signed = if (numerator < 0) == (denominator < 0) { millionths } else { -millionths };
    (signed.abs() < 1_000_000_000_000_000).then(|| signed as f64 / 1e6 + 0.0)
}
