"""The school's ledger (台账): one file per person, services given, what is planned. No sending, no reading of chats."""
