"""What a model of the suite brings along by code_paths."""
