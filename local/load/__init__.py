"""A load: the packed asset under AWS's runtime client, at a set rate; the strict Mezmo at the other end."""
