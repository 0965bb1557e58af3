//! What is asked of arguments before a kernel sees them. Memory is safe without; answers and messages are not.

use kernels::activation::{ACTIVATIONS, Activation};
use kernels::dropout::Dropout;
use kernels::random::Philox;

use crate::error::Problem;
use crate::heap::Slot;

/// Refuses a slice that does not hold as many numbers as the product of `sizes`; `shape` names them, as in `"[N, C]"`.
pub fn length<T>(place: &str, name: &str, slice: &[T], shape: &str, sizes: &[u32]) -> Result<(), Problem> {
    // Four factors of 32 bits fit into 128: nothing wraps.
    let wanted: u128 = sizes.iter().map(|size| u128::from(*size)).product();
    if slice.len() as u128 == wanted {
        return Ok(());
    }
    Err(Problem::new(place, format!("{name} holds {} numbers, not {shape} = {wanted}", slice.len())))
}

/// [`length`], unless `slot` is 0: nothing was given.
pub fn optional<T>(
    place: &str,
    name: &str,
    slot: Slot,
    slice: &[T],
    shape: &str,
    sizes: &[u32],
) -> Result<(), Problem> {
    if slot == 0 { Ok(()) } else { length(place, name, slice, shape, sizes) }
}

/// Refuses a slice as long as another one is not.
pub fn same<T, U>(place: &str, name: &str, slice: &[T], other_name: &str, other: &[U]) -> Result<(), Problem> {
    if slice.len() == other.len() {
        return Ok(());
    }
    let what = format!("{name} holds {} numbers, {other_name} {}", slice.len(), other.len());
    Err(Problem::new(place, what))
}

/// How many rows of `width` a slice has; refuses a part of a row. Rows of width 0 cannot be counted: none.
pub fn rows<T>(place: &str, name: &str, slice: &[T], width: u32) -> Result<u32, Problem> {
    let rows = slice.len().checked_div(width as usize).unwrap_or(0);
    if rows * width as usize == slice.len() {
        return Ok(rows as u32);
    }
    Err(Problem::new(place, format!("{name} holds {} numbers, which are no rows of {width}", slice.len())))
}

/// Refuses a number in `name` that is not below `bound`, the number of `rows`; `ignore` is let through.
pub fn below(
    place: &str,
    name: &str,
    numbers: &[u32],
    bound: u32,
    rows: &str,
    ignore: Option<u32>,
) -> Result<(), Problem> {
    match numbers.iter().enumerate().find(|(_, number)| **number >= bound && Some(**number) != ignore) {
        None => Ok(()),
        Some((i, number)) => Err(Problem::new(place, format!("{name}[{i}] is {number}, and {rows} has {bound} rows"))),
    }
}

/// Refuses a label that is neither a class, 0 to `classes` − 1, nor `ignore`.
pub fn labels(place: &str, labels: &[i32], classes: u32, ignore: i32) -> Result<(), Problem> {
    let known = |label: i32| label == ignore || u32::try_from(label).is_ok_and(|label| label < classes);
    match labels.iter().enumerate().find(|(_, label)| !known(**label)) {
        None => Ok(()),
        Some((row, label)) => {
            let what = format!("label of row {row} is {label}, neither below {classes} nor {ignore}, the ignored one");
            Err(Problem::new(place, what))
        }
    }
}

/// Refuses offsets that do not ascend from 0 to `rows`.
pub fn offsets(place: &str, name: &str, offsets: &[u32], rows: u32) -> Result<(), Problem> {
    ascending(place, name, offsets)?;
    match offsets.last() {
        Some(last) if *last != rows => Err(Problem::new(place, format!("{name} end at {last}, not at N = {rows}"))),
        _ => Ok(()),
    }
}

/// Refuses offsets that do not begin at 0, or fall.
pub fn ascending(place: &str, name: &str, offsets: &[u32]) -> Result<(), Problem> {
    let problem = |what: String| Err(Problem::new(place, what));
    match offsets.first() {
        Some(0) => (),
        Some(first) => return problem(format!("{name} begin at {first}, not at 0")),
        None => return problem(format!("{name} is empty; no sequences are [0]")),
    }
    match offsets.windows(2).position(|ends| ends[0] > ends[1]) {
        None => Ok(()),
        Some(i) => problem(format!("{name}[{}] is {}, below {} before it", i + 1, offsets[i + 1], offsets[i])),
    }
}

/// The activation of that number.
pub fn activation(place: &str, kind: u32) -> Result<Activation, Problem> {
    let found = ACTIVATIONS.get(kind as usize).copied();
    found.ok_or_else(|| Problem::new(place, format!("activation {kind} is none of 0 to {}", ACTIVATIONS.len() - 1)))
}

/// The six arguments that describe dropout; rate 0 is off. `first`: number of the first number, or query, in the whole
/// batch that this one is a part of.
pub fn dropout(place: &str, rate: f32, seed: [u32; 2], stream: u32, step: u32, first: f64) -> Result<Dropout, Problem> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(Problem::new(place, format!("rate is {rate}, not from 0 to 1")));
    }
    // What f64 holds exactly, and then some: numbers and their sums stay whole.
    if !(0.0..9e15).contains(&first) || first.fract() != 0.0 {
        return Err(Problem::new(place, format!("first is {first}, not a whole number from 0 to 2^53")));
    }
    Ok(Dropout::new(rate, Philox { seed, stream, step }).from(first as u64))
}
