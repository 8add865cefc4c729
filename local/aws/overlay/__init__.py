"""What MiniStack does otherwise than AWS, mended inside MiniStack's own process; see local/README.md."""
