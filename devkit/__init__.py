"""What `./dev` is made of: one module a concern."""
