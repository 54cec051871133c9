//! Addresses of pages: their filter is their query, which is that of the API.

use axum::http::Uri;

use super::super::problem::Problem;

/// The pairs of a query that say something: what a form left empty was not asked for.
fn filled(uri: &Uri) -> impl Iterator<Item = (String, String)> + '_ {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.filter(|(_, value)| !value.trim().is_empty()).map(|(name, value)| (name.into(), value.into()))
}

/// The query of a page.
pub(super) fn query<T: serde::de::DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let uri: Uri = format!("/{}", asked(uri, &[])).parse().map_err(|e| Problem::internal(&e))?;
    let axum::extract::Query(query) = axum::extract::Query::try_from_uri(&uri)
        .map_err(|e| Problem::invalid_field("query", e.to_string(), "open the page from its link"))?;
    Ok(query)
}

/// What a page was asked for as the query of a route: `?` and its pairs, then `more`, which replace
/// pairs of the same name (an empty value takes them out). Empty where nothing is left.
pub(super) fn asked(uri: &Uri, more: &[(&str, &str)]) -> String {
    let mut all = form_urlencoded::Serializer::new(String::new());
    all.extend_pairs(filled(uri).filter(|(name, _)| more.iter().all(|(other, _)| other != name)));
    all.extend_pairs(more.iter().filter(|(_, value)| !value.is_empty()));
    let text = all.finish();
    if text.is_empty() { text } else { format!("?{text}") }
}

/// The next page of the same list.
pub(super) fn next_page(uri: &Uri, after: &str) -> String {
    format!("{}{}", uri.path(), asked(uri, &[("after", after)]))
}

/// A word as one segment of a path or one value of a query.
pub(super) fn segment(word: &str) -> String {
    form_urlencoded::byte_serialize(word.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_what_its_address_says_and_nothing_that_is_empty() {
        let uri: Uri = "/calls?phone=1%203&result=&from=2026-03-02".parse().unwrap();
        assert_eq!(asked(&uri, &[]), "?phone=1+3&from=2026-03-02");
        assert_eq!(asked(&uri, &[("from", ""), ("limit", "50")]), "?phone=1+3&limit=50");
        assert_eq!(asked(&"/calls".parse().unwrap(), &[]), "");
        assert_eq!(next_page(&uri, "7.7"), "/calls?phone=1+3&from=2026-03-02&after=7.7");
        assert_eq!(segment("a b/c?"), "a%20b%2Fc%3F");
    }
}
