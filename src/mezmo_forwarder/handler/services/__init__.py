"""Who wrote a line, from names and message alone: a table of services, and a reader for what each writes."""
