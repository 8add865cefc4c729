"""The documents' pictures: each is drawn by a module, out of what the code says where it can."""
