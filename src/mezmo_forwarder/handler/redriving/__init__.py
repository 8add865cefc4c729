"""What the store keeps is sent again."""
