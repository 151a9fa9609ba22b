"""Is it right? Golden models, benches, and the verdict that compares them."""
