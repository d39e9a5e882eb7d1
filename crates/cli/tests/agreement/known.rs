//! The differences that `docs/compatibility.md` names and that generated cases meet: expressions whose value is wrong in
//! the existing system. A case with one of them is compared with the value that the existing system gives if what is
//! right stands in place of the expression, so that nothing else in the case may differ.

/// The integers that a float has exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The decimals up to which the existing system rounds exactly.
const DECIMALS_EXACT: usize = 9;

/// Returns a case with what is right in place of such expressions; none if it has none.
pub(crate) fn corrected(case: &str) -> Option<String> {
    let powers = replace(case, ".is-power-of-two", power);
    let rounded = replace(&powers, ".round --precision=", rounded);
    let parsed = replace(&rounded, "(int.parse \"", parsed);
    (parsed != case).then_some(parsed)
}

/// Replaces expressions that contain `mark`. `correct` gets the text before and after it, and returns how many bytes
/// the expression takes of both, and what stands in its place.
fn replace(case: &str, mark: &str, correct: impl Fn(&str, &str) -> Option<(usize, usize, String)>) -> String {
    let (mut text, mut rest) = (String::new(), case);
    while let Some((before, after)) = rest.split_once(mark) {
        text += before;
        rest = after;
        match correct(&text, after) {
            Some((left, right, value)) => {
                text.truncate(text.len() - left);
                text += &value;
                rest = &after[right..];
            }
            None => text += mark,
        }
    }
    text + rest
}

/// `(int.MIN).is-power-of-two`: true.
fn power(before: &str, _: &str) -> Option<(usize, usize, String)> {
    let receiver = &before[group(before)?..];
    Some((receiver.len(), 0, format!("({receiver} != int.MIN and {receiver}.is-power-of-two)")))
}

/// Returns where the parentheses begin that end a text.
fn group(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    let mut marks = text.rmatch_indices(['(', ')']).filter(|_| text.ends_with(')'));
    let (start, _) = marks.find(|(_, mark)| {
        depth = if *mark == ")" { depth + 1 } else { depth.saturating_sub(1) };
        depth == 0
    })?;
    Some(start)
}

/// `(1.5).round --precision=10`: inexact for many decimals, and for large numbers, which have no such decimals.
fn rounded(before: &str, after: &str) -> Option<(usize, usize, String)> {
    let receiver = &before[group(before)?..];
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let decimals: usize = after[..digits].parse().ok()?;
    let number: Option<f64> = receiver.trim_matches(['(', ')']).parse().ok();
    let is_small = |number: &f64| number.abs() * 10f64.powi(decimals as i32) < EXACT_MAX;
    let right = match number.filter(is_small) {
        Some(number) if decimals > DECIMALS_EXACT => {
            let value: f64 = format!("{number:.decimals$}").parse().ok()?;
            format!("({value:?})")
        }
        Some(_) => return None,
        None => {
            let is_large = format!("{receiver}.abs * 1e{decimals} >= {EXACT_MAX:?}");
            format!("({is_large} ? {receiver} : {receiver}.round --precision={decimals})")
        }
    };
    Some((receiver.len(), digits, right))
}

/// `(int.parse "12" 3)`: gives 0 if the range begins after its end.
fn parsed(_: &str, after: &str) -> Option<(usize, usize, String)> {
    let (text, rest) = after.split_once('"')?;
    let (range, _) = rest.split_once(')')?;
    let mut bounds = range.split_whitespace().map(|bound| bound.parse::<usize>().ok());
    let from = bounds.next()??;
    let to = bounds.next().unwrap_or(Some(text.len()))?;
    let is_reversed = from > to && bounds.next().is_none() && !text.contains('\\');
    is_reversed.then(|| (0, text.len() + 1 + range.len() + 1, "(throw \"OUT_OF_BOUNDS\")".to_string()))
}

#[test]
fn only_the_named_forms_are_corrected() {
    let check = |case: &str, expected: Option<&str>| assert_eq!(corrected(case).as_deref(), expected);
    let power = "((2 * int.MIN) != int.MIN and (2 * int.MIN).is-power-of-two)";
    check("f (2 * int.MIN).is-power-of-two", Some(&format!("f {power}")));
    check("x.is-power-of-two", None);
    check("((1.25).round --precision=1)", None);
    check("((1.25).round --precision=12)", Some("((1.25))"));
    let large = "(x).abs * 1e2 >= 9007199254740992.0 ? (x) : (x).round --precision=2";
    check("[(x).round --precision=2]", Some(&format!("[({large})]")));
    check("x.round --precision=2", None);
    check("[(int.parse \"12\" 3)]", Some("[(throw \"OUT_OF_BOUNDS\")]"));
    check("(int.parse \"12\" 2)", None);
    check("(int.parse \"12\" 0 5)", None);
    check("(int.parse \"12\" --radix=16)", None);
}
