"""What is taken out of lines before anything else sees them."""
