"""Policy knowledge: entries, their revisions, search and the confidence of an answer."""
