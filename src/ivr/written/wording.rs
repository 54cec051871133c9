//! What is said into a telephone, as it is written on a page: without keys and tones, and with
//! the words that a key stands for as the label of a button.

/// The words of a prompt that ask for something, without what only a telephone needs.
pub(super) fn written(language: &str, said: &str) -> String {
    if language.starts_with("zh") { chinese(said) } else { english(said) }
}

/// Keys that a prompt names, each with the words it stands for. English names the key behind a
/// condition ("if it does, press 1"), which is no label; there the meaning of the key is shown.
pub(super) fn labels(language: &str, said: &str) -> Vec<(char, String)> {
    if !language.starts_with("zh") {
        return Vec::new();
    }
    let named = |(clause, _): (&str, char)| {
        let (words, key) = clause.split_once("请按")?;
        let words = words.trim();
        Some((digit(key)?, words.to_owned())).filter(|_| !words.is_empty())
    };
    clauses(said).into_iter().filter_map(named).collect()
}

/// The word of a key for people: `very_satisfied` is "Very satisfied".
pub(super) fn plain(means: &str) -> String {
    let words = means.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn digit(text: &str) -> Option<char> {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let mut letters = text.trim().chars();
    let (first, rest) = (letters.next()?, letters.next());
    if rest.is_some() {
        return None;
    }
    match DIGITS.iter().position(|digit| *digit == first) {
        Some(place) => char::from_digit(u32::try_from(place).ok()?, 10),
        None => first.is_ascii_digit().then_some(first),
    }
}

/// Clauses with the mark behind each.
fn clauses(text: &str) -> Vec<(&str, char)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['，', '。', '？', '：', '！']) {
        let mark = rest[at..].chars().next().unwrap_or('。');
        found.push((&rest[..at], mark));
        rest = &rest[at + mark.len_utf8()..];
    }
    if !rest.trim().is_empty() {
        found.push((rest, '。'));
    }
    found
}

fn chinese(said: &str) -> String {
    let mut text = String::new();
    let mut cut = false;
    for (clause, mark) in clauses(said) {
        if ["请按", "按井号", "按星号"].iter().any(|keys| clause.contains(keys)) {
            cut = true;
            continue;
        }
        end_sentence(&mut text, cut);
        cut = false;
        text.push_str(&clause.replace("请在嘀声后", "请").replace("在嘀声后", ""));
        text.push(mark);
    }
    end_sentence(&mut text, true);
    text
}

/// What a left-out clause was joined to ends the sentence.
fn end_sentence(text: &mut String, cut: bool) {
    if cut && text.ends_with('，') {
        text.pop();
        text.push('。');
    }
}

fn english(said: &str) -> String {
    let mut text = String::new();
    for sentence in said.split_inclusive(['.', '?', '!']) {
        let sentence = sentence
            .trim()
            .replace("After the tone, please", "Please")
            .replace(" after the tone", "")
            .replace(" and press the pound key", "");
        let names_a_key = sentence.contains("press ") || is_short_choice(&sentence);
        if sentence.is_empty() || names_a_key {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&sentence);
    }
    text
}

/// "Satisfied, 4."
fn is_short_choice(sentence: &str) -> bool {
    let key = sentence.trim_end_matches('.').rsplit(", ").next().unwrap_or_default();
    key.len() == 1 && key.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tones_are_left_out_and_become_labels() {
        let said = "您恢复得怎么样？恢复良好请按一，恢复一般请按二，有不舒服请按三。";
        assert_eq!(written("zh-CN", said), "您恢复得怎么样？");
        let labels = labels("zh-CN", said);
        assert_eq!(labels, [('1', "恢复良好".into()), ('2', "恢复一般".into()), ('3', "有不舒服".into())]);
        let comment = "如果您有意见或建议，请在嘀声后说明，说完请按井号。没有请直接按井号。";
        assert_eq!(written("zh-CN", comment), "如果您有意见或建议，请说明。");
        let reason = "没有来店的主要原因是：还不需要保养请按一，距离太远请按二。";
        assert_eq!(written("zh-CN", reason), "没有来店的主要原因是：");
        assert_eq!(written("zh-CN", "五分最好，一分最差，请按键评分。"), "五分最好，一分最差。");
    }

    #[test]
    fn english_is_written_without_keys_too() {
        let scale = "For very satisfied, press 5. Satisfied, 4. Very dissatisfied, 1. To hear this again, press star.";
        assert_eq!(written("en", scale), "");
        let said = "Does your product work well? If it does, press 1. If it does not work, press 3.";
        assert_eq!(written("en", said), "Does your product work well?");
        let comment = "If you have any comment, please say it after the tone and press the pound key. If not, just press the pound key.";
        assert_eq!(written("en", comment), "If you have any comment, please say it.");
        assert_eq!(plain("very_dissatisfied"), "Very dissatisfied");
    }
}
