"""One audit as shards that any executor takes, merged in one order, and kept on disk."""
