// A month of duties, without the page.

/** The duties that the rows of a table say: each row is a person in a role with the nights that are theirs. */
export function duties(rows) {
  return rows.flatMap(({ role, person, phone, extension, dates }) =>
    dates.map((date) => ({ date, role, person, phone, extension })),
  );
}
