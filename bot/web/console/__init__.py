"""The staff console, one file a noun: accounts and sessions, the audit, the gate, the table of pages, and the pages themselves."""
