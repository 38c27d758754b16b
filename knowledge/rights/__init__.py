"""What protects a graduate: signs of a fraud, and what is to be done. No database and no conversation here."""
