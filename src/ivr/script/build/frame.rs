//! What a script takes from its frame.

use super::super::raw::{RawEntry, RawLimits, RawScript, RawWaiting, Text};
use super::super::source::{Frames, Sources};
use super::nodes::RawNode;
use super::{Checked, names, nearest};

/// Every node with its name.
type NamedNodes = Vec<(Text, RawNode)>;

/// A script as written, its frame taken in. Nodes of the frame come last, and only those
/// whose name the script does not use itself.
pub(super) fn read<'a>(
    sources: Sources<'a>,
    frames: &'a Frames,
) -> Checked<(Sources<'a>, RawScript, NamedNodes)> {
    let mut raw = sources.read_own()?;
    let mut named = names(&mut raw);
    let Some(frame) = &raw.frame else { return Ok((sources, raw, named)) };
    let Some(sources) = sources.within(frames, frame.get_ref()) else {
        let hint = nearest(frame.get_ref(), frames.names().map(String::as_str)).map_or_else(
            || format!("put it there: scripts/frames/{}.toml", frame.get_ref()),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("there is no frame `{}`", frame.get_ref());
        return Err(sources.error(frame.span(), message, hint));
    };
    let mut outer = sources.read_frame()?;
    if let Some(frame) = &outer.frame {
        let hint = "remove `frame` there; a script stands in one frame";
        return Err(sources.error(frame.span(), "a frame stands in no other", hint));
    }
    let inherited = names(&mut outer);
    inherit(&mut raw, outer);
    let own: std::collections::BTreeSet<String> =
        named.iter().map(|(name, _)| name.get_ref().clone()).collect();
    named.extend(inherited.into_iter().filter(|(name, _)| !own.contains(name.get_ref())));
    Ok((sources, raw, named))
}

/// Each word, key, column and scale by itself: the script's own stands.
fn inherit(raw: &mut RawScript, frame: RawScript) {
    raw.title = raw.title.take().or(frame.title);
    raw.languages = raw.languages.take().or(frame.languages);
    let own = std::mem::take(&mut raw.entry);
    raw.entry = RawEntry {
        person: own.person.or(frame.entry.person),
        machine: own.machine.or(frame.entry.machine),
        doubt: own.doubt.or(frame.entry.doubt),
        limit: own.limit.or(frame.entry.limit),
    };
    raw.limits = RawLimits {
        steps: raw.limits.steps.take().or(frame.limits.steps),
        seconds: raw.limits.seconds.take().or(frame.limits.seconds),
    };
    let own = std::mem::take(&mut raw.waiting);
    raw.waiting = RawWaiting {
        seconds: own.seconds.or(frame.waiting.seconds),
        between_keys_seconds: own.between_keys_seconds.or(frame.waiting.between_keys_seconds),
        silences: own.silences.or(frame.waiting.silences),
        wrong_keys: own.wrong_keys.or(frame.waiting.wrong_keys),
        silence_prompts: own.silence_prompts.or(frame.waiting.silence_prompts),
        wrong_prompts: own.wrong_prompts.or(frame.waiting.wrong_prompts),
        silence_next: own.silence_next.or(frame.waiting.silence_next),
        wrong_next: own.wrong_next.or(frame.waiting.wrong_next),
    };
    raw.private_fields.extend(frame.private_fields);
    for (name, meaning) in frame.fields {
        raw.fields.entry(name).or_insert(meaning);
    }
    for (key, meaning) in frame.keys {
        raw.keys.entry(key).or_insert(meaning);
    }
    for (name, keys) in frame.scale {
        raw.scale.entry(name).or_insert(keys);
    }
}
