# Lists and policies: what is called, by which rules.
