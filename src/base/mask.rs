//! Numbers as those may see them who need not know them.

/// The number with its middle covered: `138****0001`. Short numbers keep two digits.
pub fn mask(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().collect();
    let (head, tail) = match digits.len() {
        0..=3 => (0, 0),
        4..=6 => (0, 2),
        7..=9 => (2, 2),
        _ => (3, 4),
    };
    let covered = digits.len() - tail;
    digits
        .iter()
        .enumerate()
        .map(|(place, c)| if (head..covered).contains(&place) { '*' } else { *c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_ends_and_short_ones_next_to_nothing() {
        let check = |phone: &str, expect: &str| assert_eq!(mask(phone), expect);
        check("13800000001", "138****0001");
        check("02161234567", "021****4567");
        check("4008001234", "400***1234");
        check("61234567", "61****67");
        check("95588", "***88");
        check("110", "***");
        check("", "");
    }
}
