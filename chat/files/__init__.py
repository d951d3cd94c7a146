"""What is in a file, its pictures, its place in the storage, and whether a virus is in it. No models, no rooms."""
