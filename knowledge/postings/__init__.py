"""Postings: what an employer offers, read from any text, screened and folded. No database and no conversation here."""
