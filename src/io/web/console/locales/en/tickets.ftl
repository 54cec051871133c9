# Tickets: by deadline, one with its whole history, departments, roster.
