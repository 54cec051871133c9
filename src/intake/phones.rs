//! The numbers of a cell: one, or several with signs between them.

use crate::archive::Contact;
use crate::base::PhoneNumber;
use crate::table::header::half_width;

/// Numbers of one customer at most.
pub const MAX_CONTACTS: usize = 10;
/// Longest label of a number, in characters.
const MAX_LABEL_CHARS: usize = 30;

/// The numbers that stand in a cell, in its order: `13600001111/0769-22508699`,
/// `13600001111（妻子）、13602388518`. What stands in brackets becomes the number's label.
pub fn contacts(cell: &str, label: &str, home_area: Option<&str>) -> Result<Vec<Contact>, String> {
    let cell = half_width(cell);
    // Most cells hold one number, whose own spelling may use any of the signs.
    if let Ok((phone, extension)) = PhoneNumber::parse(&cell, home_area) {
        return Ok(vec![Contact { phone, extension: extension.unwrap_or_default(), label: label.into() }]);
    }
    let mut found: Vec<Contact> = Vec::new();
    for part in cell.split(['/', '、', ';', '|', '\n', '，', ',']).map(str::trim).filter(|p| !p.is_empty())
    {
        let (number, own_label) = unlabelled(part);
        let (phone, extension) = PhoneNumber::parse(&number, home_area).map_err(|e| e.0)?;
        if found.iter().all(|contact| contact.phone != phone) {
            let label = if own_label.is_empty() { label } else { own_label };
            let label = label.chars().take(MAX_LABEL_CHARS).collect();
            found.push(Contact { phone, extension: extension.unwrap_or_default(), label });
        }
    }
    if found.len() > MAX_CONTACTS {
        return Err(format!("{} numbers stand in one cell; at most {MAX_CONTACTS} may", found.len()));
    }
    Ok(found)
}

/// The number without its bracket, and the words in the bracket where it holds no digit.
fn unlabelled(part: &str) -> (String, &str) {
    let bracket = part.split_once('(').and_then(|(before, rest)| Some((before, rest.split_once(')')?)));
    match bracket {
        Some((before, (inside, after)))
            if !inside.is_empty() && !inside.chars().any(|c| c.is_ascii_digit()) =>
        {
            (format!("{before}{after}"), inside.trim())
        }
        _ => (part.to_owned(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_numbers_of_a_cell_come_in_their_order_with_their_labels() {
        let read = |cell: &str| -> Vec<(String, String, String)> {
            let found = contacts(cell, "", Some("0769")).unwrap_or_else(|e| panic!("{cell}: {e}"));
            found.into_iter().map(|c| (c.phone.to_string(), c.extension, c.label)).collect()
        };
        let plain = |phones: &[&str]| -> Vec<(String, String, String)> {
            phones.iter().map(|p| ((*p).to_owned(), String::new(), String::new())).collect()
        };
        assert_eq!(read("13600001111/0769-22508699"), plain(&["13600001111", "076922508699"]));
        assert_eq!(read("１３６００００１１１１、22508699"), plain(&["13600001111", "076922508699"]));
        assert_eq!(read("13600001111; 136-0000-1111"), plain(&["13600001111"]));
        assert_eq!(read("136-0238-8518"), plain(&["13602388518"]));
        assert_eq!(read("+86 136 0238 8518"), plain(&["13602388518"]));
        let labelled = read("13600001111（妻子）/13602388518");
        assert_eq!(labelled[0].2, "妻子");
        assert_eq!(labelled[1].2, "");
        assert!(contacts("13600001111/12", "", None).is_err());
        let many = (0..11).map(|n| format!("136000011{n:02}")).collect::<Vec<_>>().join("/");
        assert!(contacts(&many, "", None).unwrap_err().contains("at most 10"));
    }
}
