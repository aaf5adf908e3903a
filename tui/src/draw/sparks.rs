//! Numbers as rows of blocks: eighths of a cell tell more than a bar of whole cells, and need no widget of their own.

/// From nothing to full, by eighths.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same lying on its side.
const ACROSS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// `values` from left to right in `width` columns and `height` lines, the highest filling the height. Where there are more
/// values than columns, each column shows the largest of its own; anything above zero shows at least a trace.
pub(super) fn columns(values: &[u64], width: usize, height: usize) -> Vec<String> {
    let per_column = values.len().div_ceil(width.max(1)).max(1);
    let shown: Vec<u64> = values.chunks(per_column).map(|chunk| chunk.iter().copied().max().unwrap_or(0)).collect();
    let highest = shown.iter().copied().max().unwrap_or(0).max(1);
    let eighths: Vec<usize> = shown.iter().map(|value| scaled(*value, highest, height * 8)).collect();
    let line = |level: usize| {
        eighths.iter().map(|filled| EIGHTHS[filled.saturating_sub(level * 8).min(8)]).collect::<String>()
    };
    (0..height).rev().map(line).collect()
}

/// `value` as a bar of at most `width` cells, where `highest` fills them.
pub(super) fn bar(value: u64, highest: u64, width: usize) -> String {
    if width == 0 {
        return String::new();
    }
    let filled = scaled(value, highest.max(1), width * 8);
    let mut bar = ACROSS[8].to_string().repeat(filled / 8);
    if !filled.is_multiple_of(8) {
        bar.push(ACROSS[filled % 8]);
    }
    bar
}

/// `value` in steps, where `highest` is `steps` of them.
fn scaled(value: u64, highest: u64, steps: usize) -> usize {
    let exact = u128::from(value.min(highest)) * steps as u128 / u128::from(highest);
    usize::try_from(exact).unwrap_or(steps).max(usize::from(value > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_value_fills_the_height_and_the_least_leaves_a_trace() {
        assert_eq!(columns(&[0, 1, 500, 1000], 4, 2), ["   █", " ▁██"]);
        assert_eq!(columns(&[0, 0], 2, 1), ["  "]);
    }

    #[test]
    fn what_has_no_column_of_its_own_shows_through_the_largest() {
        assert_eq!(columns(&[8, 1, 1, 4], 2, 1), ["█▄"]);
        assert_eq!(columns(&[], 10, 1), [""]);
    }

    #[test]
    fn a_bar_is_never_longer_than_its_room() {
        assert_eq!(
            [bar(8, 8, 3), bar(4, 8, 3), bar(1, 1_000_000, 3), bar(0, 8, 3), bar(9, 8, 3), bar(8, 8, 0)],
            ["███", "█▌", "▏", "", "███", ""]
        );
    }
}
