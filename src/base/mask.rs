//! Numbers as those may see them who need not know them.

/// What stands in the place of a number that is withheld (RFC 3323): it says nothing of anybody.
const WITHHELD: [&str; 3] = ["anonymous", "restricted", "unavailable"];

/// The number with its middle covered: `138****0001`. Short numbers keep two digits.
pub fn mask(phone: &str) -> String {
    if WITHHELD.contains(&phone) {
        return phone.to_owned();
    }
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

/// The name with all but its beginning covered: `王**`, `J***`. The first character of each word stays.
pub fn mask_name(name: &str) -> String {
    let covered = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(String::from).unwrap_or_default();
        first + &"*".repeat(characters.count())
    };
    name.split(' ').map(covered).collect::<Vec<_>>().join(" ")
}

/// Covers mobile and fixed numbers of mainland China inside a text: eleven digits that begin
/// with 1, ten to twelve that begin with 0. Other figures, such as order numbers, stay.
pub fn mask_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let is_number = match (digits.as_bytes().first(), digits.len()) {
            (Some(b'1'), 11) => digits.as_bytes()[1] >= b'3',
            (Some(b'0'), 10..=12) => true,
            _ => false,
        };
        if is_number {
            shown.push_str(&mask(&digits));
        } else {
            shown.push_str(&digits);
        }
        digits.clear();
        shown.push(c);
    }
    shown.pop();
    shown
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
        check("anonymous", "anonymous");
    }

    #[test]
    fn names_keep_their_first_character() {
        let check = |name: &str, expect: &str| assert_eq!(mask_name(name), expect);
        check("王小明", "王**");
        check("王", "王");
        check("Ann Lee", "A** L**");
        check("", "");
    }

    #[test]
    fn numbers_inside_a_text_are_covered_and_other_figures_stay() {
        let text = "404 for 13800000001 (order 20260303001), again at 02161234567";
        assert_eq!(mask_numbers(text), "404 for 138****0001 (order 20260303001), again at 021****4567");
        assert_eq!(mask_numbers(""), "");
    }
}
