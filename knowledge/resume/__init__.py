"""The résumé lab: reading a résumé, remarks a good career teacher would make, and how it stands against a posting."""
