"""Fields over tables and functions. Reading order: `fields`, `nested`."""
