//! Rows of a table by number.

use kernels::embedding as kernel;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// `y` `[N, width]` ← or += rows `ids` `[N]` of `table` `[V, width]`.
#[wasm_bindgen]
pub fn embedding(y: Slot, table: Slot, ids: Slot, width: u32, accumulate: bool) -> Result<(), Problem> {
    let place = "embedding";
    lend(place, [y], [table, ids], |Lent { outputs: [y], inputs: [table, ids], .. }| {
        let ids = as_u32(ids);
        length(place, "y", y, "[N, C]", &[ids.len() as u32, width])?;
        check::below(place, "ids", ids, check::rows(place, "table", table, width)?, "table", None)?;
        kernel::embedding(y, table, ids, width as usize, accumulate);
        Ok(())
    })
}

/// Rows `ids` `[N]` of `dtable` `[V, width]` += `dy` `[N, width]`, but for ids equal to `ignore`.
#[wasm_bindgen]
pub fn embedding_backward(dtable: Slot, dy: Slot, ids: Slot, width: u32, ignore: u32) -> Result<(), Problem> {
    let place = "embedding_backward";
    lend(place, [dtable], [dy, ids], |Lent { outputs: [dtable], inputs: [dy, ids], .. }| {
        let ids = as_u32(ids);
        length(place, "dy", dy, "[N, C]", &[ids.len() as u32, width])?;
        check::below(place, "ids", ids, check::rows(place, "dtable", dtable, width)?, "dtable", Some(ignore))?;
        kernel::embedding_backward(dtable, dy, ids, width as usize, ignore);
        Ok(())
    })
}
