# Settings: accounts, roles, tokens, trunks, prompts, notices, the system.
