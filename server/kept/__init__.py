"""What people keep: segments for all, and each one's own searches."""
