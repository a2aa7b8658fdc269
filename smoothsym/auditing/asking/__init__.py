"""What an audit is asked: arguments that are checked, how a target is called, and what is known of its operator."""
