//! The order of a conversation: what a person ticked, against the steps of the script (CNT-10).

/// The first step that was done too late or too early: the earlier of the two stands after the
/// later in the script. None where the order is kept; a step may be left out. The error names a
/// step that the script does not know.
pub fn out_of_order<'a>(
    script: &[String],
    done: &'a [String],
) -> Result<Option<(&'a str, &'a str)>, &'a str> {
    let place = |step: &'a String| script.iter().position(|known| known == step).ok_or(step.as_str());
    let mut places = Vec::with_capacity(done.len());
    for step in done {
        places.push((place(step)?, step.as_str()));
    }
    Ok(places.windows(2).find(|pair| pair[0].0 > pair[1].0).map(|pair| (pair[0].1, pair[1].1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cnt_10_steps_are_in_order_or_the_first_pair_that_is_not_is_named() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let script = words("greeting recovery satisfaction thanks");
        let said = words("greeting satisfaction recovery thanks");
        assert_eq!(out_of_order(&script, &said), Ok(Some(("satisfaction", "recovery"))));
        assert_eq!(
            out_of_order(&script, &words("greeting satisfaction thanks")),
            Ok(None),
            "one is left out"
        );
        assert_eq!(out_of_order(&script, &words("greeting weather")), Err("weather"));
        assert_eq!(out_of_order(&script, &[]), Ok(None));
    }
}
